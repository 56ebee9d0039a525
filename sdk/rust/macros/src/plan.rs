//! The keys of `scenario!` that suggest a plan, turned into the JSON object that `description.plan` carries.
//!
//! Shapes are checked here, because a typo found by the compiler is cheaper than one found by the run. What the values
//! mean (which executors there are, how a threshold reads) is the host's to judge.

use std::fmt::Write as _;

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, LitInt, LitStr, Result, Token, braced, bracketed, token};

/// The plan's keys in the order in which they were written, each with its value as JSON.
#[derive(Default)]
pub(crate) struct Plan {
    entries: Vec<(String, String)>,
}

impl Plan {
    /// Reads the value of a plan key; `false` if there is no such key.
    pub(crate) fn parse_key(&mut self, key: &str, input: ParseStream<'_>) -> Result<bool> {
        let value = match key {
            "vus" | "iterations" | "pre_allocated_vus" | "max_vus" => parse_count(input)?,
            "rate" => parse_level(input)?,
            "duration" => quote_json(&parse_duration(input)?),
            "executor" => quote_json(&input.parse::<LitStr>()?.value()),
            "stages" => parse_stages(input)?,
            "data" => parse_data(input)?,
            "thresholds" => parse_thresholds(input)?,
            _ => return Ok(false),
        };
        self.entries.push((key.to_owned(), value));
        Ok(true)
    }

    /// The plan as a JSON object; empty if nothing is suggested.
    pub(crate) fn to_json(&self) -> String {
        if self.entries.is_empty() {
            return String::new();
        }
        object(&self.entries)
    }
}

fn parse_count(input: ParseStream<'_>) -> Result<String> {
    let span = input.span();
    let count = input.parse::<LitInt>().and_then(|literal| literal.base10_parse::<u64>());
    match count {
        Ok(count) => Ok(count.to_string()),
        Err(_) => Err(Error::new(span, "expected a whole number, 0 or more")),
    }
}

/// A whole number, or a rate with its unit: `"1000/s"`.
fn parse_level(input: ParseStream<'_>) -> Result<String> {
    if input.peek(LitStr) { Ok(quote_json(&input.parse::<LitStr>()?.value())) } else { parse_count(input) }
}

fn parse_duration(input: ParseStream<'_>) -> Result<String> {
    let literal: LitStr = input.parse()?;
    let text = literal.value();
    if !is_duration(&text) {
        let message = format!("`{text}` is not a duration: write \"30s\", \"1m30s\" or \"500ms\"");
        return Err(Error::new(literal.span(), message));
    }
    Ok(text)
}

/// One or more numbers, each with its unit.
fn is_duration(text: &str) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if rest[..rest.len() - digits.len()].parse::<f64>().is_err() {
            return false;
        }
        let units = ["ms", "us", "ns", "s", "m", "h", "d"];
        match units.iter().find_map(|unit| digits.strip_prefix(unit)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    !text.is_empty()
}

/// `[{ duration: "30s", target: 100 }, ..]`
fn parse_stages(input: ParseStream<'_>) -> Result<String> {
    let content;
    bracketed!(content in input);
    let stages = content.parse_terminated(parse_stage, Token![,])?;
    Ok(array(stages))
}

fn parse_stage(input: ParseStream<'_>) -> Result<String> {
    let start = input.span();
    let content;
    braced!(content in input);
    let (mut duration, mut target) = (None, None);
    while !content.is_empty() {
        let key: Ident = content.parse()?;
        content.parse::<Token![:]>()?;
        match key.to_string().as_str() {
            "duration" => duration = Some(quote_json(&parse_duration(&content)?)),
            "target" => target = Some(parse_level(&content)?),
            _ => {
                return Err(Error::new(key.span(), "a stage has `duration` and `target`"));
            }
        }
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    match (duration, target) {
        (Some(duration), Some(target)) => Ok(object(&[("duration".into(), duration), ("target".into(), target)])),
        _ => Err(Error::new(start, "a stage has `duration` and `target`")),
    }
}

/// `{ users, orders: { policy: "once-each", at_end: "stop" } }`
fn parse_data(input: ParseStream<'_>) -> Result<String> {
    let content;
    braced!(content in input);
    let mut entries: Vec<(String, String)> = Vec::new();
    while !content.is_empty() {
        let span = content.span();
        let name = if content.peek(LitStr) {
            content.parse::<LitStr>()?.value()
        } else {
            content.call(Ident::parse_any)?.to_string()
        };
        if entries.iter().any(|(earlier, _)| *earlier == name) {
            return Err(Error::new(span, format!("`{name}` is given twice")));
        }
        let wishes =
            if content.parse::<Option<Token![:]>>()?.is_some() { parse_wishes(&content)? } else { "{}".into() };
        entries.push((name, wishes));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(object(&entries))
}

/// `{ policy: "once-each", at_end: "stop" }`
fn parse_wishes(input: ParseStream<'_>) -> Result<String> {
    let content;
    braced!(content in input);
    let mut wishes = Vec::new();
    while !content.is_empty() {
        let key: Ident = content.parse()?;
        if key != "policy" && key != "at_end" {
            let message = "data has `policy` and `at_end`; the file is named by who runs the scenario, with --data";
            return Err(Error::new(key.span(), message));
        }
        content.parse::<Token![:]>()?;
        wishes.push((key.to_string(), quote_json(&content.parse::<LitStr>()?.value())));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(object(&wishes))
}

/// `{ http_req_failed: "rate<0.01", "http_req_duration{name:home}": ["p(95)<500", "max<2000"] }`
fn parse_thresholds(input: ParseStream<'_>) -> Result<String> {
    let content;
    braced!(content in input);
    let mut entries: Vec<(String, String)> = Vec::new();
    while !content.is_empty() {
        let span = content.span();
        let metric = if content.peek(LitStr) {
            content.parse::<LitStr>()?.value()
        } else {
            content.call(Ident::parse_any)?.to_string()
        };
        if entries.iter().any(|(earlier, _)| *earlier == metric) {
            let message = format!("`{metric}` is given twice: list its expressions in `[..]`");
            return Err(Error::new(span, message));
        }
        content.parse::<Token![:]>()?;
        entries.push((metric, parse_expressions(&content)?));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(object(&entries))
}

fn parse_expressions(input: ParseStream<'_>) -> Result<String> {
    if input.peek(token::Bracket) {
        let content;
        bracketed!(content in input);
        Ok(array(content.parse_terminated(parse_expression, Token![,])?))
    } else {
        Ok(array([parse_expression(input)?]))
    }
}

fn parse_expression(input: ParseStream<'_>) -> Result<String> {
    let literal: LitStr = input.parse()?;
    let text = literal.value();
    if !text.contains(['<', '>', '=']) {
        let message = format!("`{text}` compares nothing: write \"p(95)<500\" or \"rate<0.01\"");
        return Err(Error::new(literal.span(), message));
    }
    Ok(quote_json(&text))
}

fn array(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    format!("[{}]", items.join(","))
}

fn object(entries: &[(String, String)]) -> String {
    let members: Vec<String> = entries.iter().map(|(key, value)| format!("{}:{value}", quote_json(key))).collect();
    format!("{{{}}}", members.join(","))
}

fn quote_json(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            control if control < ' ' => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use crate::grammar::Scenario;

    fn plan(source: &str) -> Result<String, String> {
        syn::parse_str::<Scenario>(&format!("flows: {{ a }}, {source}"))
            .map(|scenario| scenario.plan.to_json())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn plan_keys_become_json() {
        assert_eq!(plan("").as_deref(), Ok(""));
        assert_eq!(
            plan(r#"vus: 10, duration: "1m30s", executor: "constant-vus""#).as_deref(),
            Ok(r#"{"vus":10,"duration":"1m30s","executor":"constant-vus"}"#)
        );
        assert_eq!(
            plan(r#"stages: [{ duration: "30s", target: 100 }, { target: 0, duration: "500ms" },]"#).as_deref(),
            Ok(r#"{"stages":[{"duration":"30s","target":100},{"duration":"500ms","target":0}]}"#)
        );
        assert_eq!(
            plan(r#"rate: "90/m", max_vus: 20, stages: [{ duration: "30s", target: "100/s" }]"#).as_deref(),
            Ok(r#"{"rate":"90/m","max_vus":20,"stages":[{"duration":"30s","target":"100/s"}]}"#)
        );
    }

    #[test]
    fn thresholds_take_one_expression_or_several() {
        assert_eq!(
            plan(r#"thresholds: { checks: "rate>0.99", "http_req_duration{name:\"x\"}": ["p(95)<500", "max<2000"] }"#)
                .as_deref(),
            Ok(r#"{"thresholds":{"checks":["rate>0.99"],"http_req_duration{name:\"x\"}":["p(95)<500","max<2000"]}}"#)
        );
    }

    #[test]
    fn data_is_named_and_its_file_is_not() {
        assert_eq!(
            plan(r#"data: { users, "my-orders": { policy: "once-each", at_end: "stop" } }"#).as_deref(),
            Ok(r#"{"data":{"users":{},"my-orders":{"policy":"once-each","at_end":"stop"}}}"#)
        );
    }

    #[test]
    fn mistakes_are_named() {
        for (source, part) in [
            (r#"duration: "30 seconds""#, "is not a duration"),
            (r#"duration: """#, "is not a duration"),
            (r#"duration: 30"#, "expected string literal"),
            (r#"vus: "ten""#, "expected a whole number"),
            (r#"vus: -1"#, "expected a whole number"),
            (r#"stages: [{ duration: "30s" }]"#, "a stage has"),
            (r#"stages: [{ vus: 3 }]"#, "a stage has"),
            (r#"thresholds: { checks: "rate" }"#, "compares nothing"),
            (r#"thresholds: { a: "rate<1", a: "rate<2" }"#, "given twice"),
            (r#"data: { a, a }"#, "given twice"),
            (r#"data: { a: { file: "x.csv" } }"#, "the file is named by who runs the scenario"),
        ] {
            let error = plan(source).expect_err(source);
            assert!(error.contains(part), "{source}: {error}");
        }
    }
}
