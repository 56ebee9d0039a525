//! The values of a plan's keys, read by their kind and returned as JSON. A shape that is wrong is an error at its token.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Error, LitBool, LitInt, LitStr, Result, Token, braced, bracketed, token};

use super::json::{array, object, quote};
use super::keys::{self, Key, Kind};
use super::words;

/// Members of a JSON object, by name.
pub(crate) type Entries = Vec<(String, String)>;

/// Reads the value of a key.
pub(crate) fn parse_value(key: &Key, input: ParseStream<'_>) -> Result<String> {
    match key.kind {
        Kind::Count => parse_count(input),
        Kind::Level => parse_level(input),
        Kind::Duration => parse_duration(input),
        Kind::Word(known) => parse_word(key.name, known, input),
        Kind::WordOrDuration(known) => parse_word_or_duration(key.name, known, input),
        Kind::Text => parse_text(input),
        Kind::Flag => Ok(input.parse::<LitBool>()?.value.to_string()),
        Kind::Counts => parse_members(input, parse_count),
        Kind::Texts => parse_members(input, parse_text),
        Kind::ThinkTimes => parse_members(input, parse_think_time),
        Kind::Stages => parse_stages(input),
        Kind::Thresholds => Ok(object(&parse_entries(input, ": list its expressions in `[..]`", |content| {
            content.parse::<Token![:]>()?;
            parse_expressions(content)
        })?)),
        Kind::Data => Ok(object(&parse_entries(input, "", parse_feed)?)),
        Kind::Scenarios => parse_members(input, parse_scenario),
    }
}

/// Finds a key by its name.
pub(crate) fn find_key(key: &Ident, mut known: impl Iterator<Item = &'static Key>) -> Option<&'static Key> {
    known.find(|known| *key == known.name)
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
    if input.peek(LitStr) { parse_text(input) } else { parse_count(input) }
}

fn parse_text(input: ParseStream<'_>) -> Result<String> {
    Ok(quote(&input.parse::<LitStr>()?.value()))
}

fn parse_word(key: &str, known: &[&str], input: ParseStream<'_>) -> Result<String> {
    let literal: LitStr = input.parse()?;
    let word = literal.value();
    if !known.contains(&word.as_str()) {
        let message = format!("unknown {key} `{word}`: {}", words::advise(&word, known));
        return Err(Error::new(literal.span(), message));
    }
    Ok(quote(&word))
}

fn parse_word_or_duration(key: &str, known: &[&str], input: ParseStream<'_>) -> Result<String> {
    let literal: LitStr = input.parse()?;
    let text = literal.value();
    if !known.contains(&text.as_str()) && !is_duration(&text) {
        let message = format!("unknown {key} `{text}`: write a duration, {}", words::list(known));
        return Err(Error::new(literal.span(), message));
    }
    Ok(quote(&text))
}

fn parse_duration(input: ParseStream<'_>) -> Result<String> {
    let literal: LitStr = input.parse()?;
    let text = literal.value();
    if !is_duration(&text) {
        let message = format!("`{text}` is not a duration: write \"30s\", \"1m30s\" or \"500ms\"");
        return Err(Error::new(literal.span(), message));
    }
    Ok(quote(&text))
}

/// A duration, or the shortest and the longest: `"1s..3s"`.
fn parse_think_time(input: ParseStream<'_>) -> Result<String> {
    let literal: LitStr = input.parse()?;
    let text = literal.value();
    let (least, most) = text.split_once("..").unwrap_or((&text, &text));
    if !is_duration(least) || !is_duration(most) {
        let message = format!("`{text}` is not a think time: write \"2s\" or \"1s..3s\"");
        return Err(Error::new(literal.span(), message));
    }
    Ok(quote(&text))
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

/// `{ name: value, "another-name": value }`
fn parse_members(input: ParseStream<'_>, value: impl Fn(ParseStream<'_>) -> Result<String>) -> Result<String> {
    let entries = parse_entries(input, "", |content| {
        content.parse::<Token![:]>()?;
        value(content)
    })?;
    Ok(object(&entries))
}

/// Names in braces, each once and with its value. `remedy` ends the message about a name that comes twice.
fn parse_entries(
    input: ParseStream<'_>,
    remedy: &str,
    rest: impl Fn(ParseStream<'_>) -> Result<String>,
) -> Result<Entries> {
    let content;
    braced!(content in input);
    let mut entries = Entries::new();
    while !content.is_empty() {
        let span = content.span();
        let name = if content.peek(LitStr) {
            content.parse::<LitStr>()?.value()
        } else {
            content.call(Ident::parse_any)?.to_string()
        };
        if entries.iter().any(|(earlier, _)| *earlier == name) {
            return Err(Error::new(span, format!("`{name}` is given twice{remedy}")));
        }
        entries.push((name, rest(&content)?));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(entries)
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
            "duration" => duration = Some(parse_duration(&content)?),
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

/// The settings of a feed: none, or `: { policy: "once-each", at_end: "stop" }`.
fn parse_feed(input: ParseStream<'_>) -> Result<String> {
    if input.parse::<Option<Token![:]>>()?.is_none() {
        return Ok("{}".into());
    }
    let content;
    braced!(content in input);
    let mut wishes = Entries::new();
    while !content.is_empty() {
        let key: Ident = content.parse()?;
        content.parse::<Token![:]>()?;
        let word = match key.to_string().as_str() {
            "policy" => parse_word("policy", words::POLICIES, &content)?,
            "at_end" => parse_word("at_end", words::ENDS, &content)?,
            _ => {
                let message = "data has `policy` and `at_end`; the file is named by the user, with --data";
                return Err(Error::new(key.span(), message));
            }
        };
        wishes.push((key.to_string(), word));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(object(&wishes))
}

/// `"rate<0.01"`, or several of these: `["p(95)<500", "max<2000"]`.
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
    Ok(quote(&text))
}

/// `{ executor: "constant-vus", vus: 10, duration: "30s", flow: "browse", start_time: "10s" }`
fn parse_scenario(input: ParseStream<'_>) -> Result<String> {
    let content;
    braced!(content in input);
    let mut entries = Entries::new();
    while !content.is_empty() {
        let name = content.call(Ident::parse_any)?;
        let Some(key) = find_key(&name, keys::of_scenario()) else {
            let known: Vec<&str> = keys::of_scenario().map(|key| key.name).collect();
            let message = format!("a scenario has no key `{name}`: {}", words::advise(&name.to_string(), &known));
            return Err(Error::new(name.span(), message));
        };
        if entries.iter().any(|(earlier, _)| earlier == key.name) {
            return Err(Error::new(name.span(), format!("`{name}` is given twice")));
        }
        content.parse::<Token![:]>()?;
        entries.push((key.name.to_owned(), parse_value(key, &content)?));
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    Ok(object(&entries))
}
