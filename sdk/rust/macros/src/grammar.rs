//! The grammar inside `scenario! { .. }`. Every error points at the wrong token.

use std::collections::HashSet;

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, LitInt, Path, Result, Token, braced};

use crate::plan::{Plan, advise_on_key};

/// The keys besides the plan's.
const KEYS: &[&str] = &["flows", "setup", "start", "teardown"];

/// A whole `scenario! { .. }`.
pub(crate) struct Scenario {
    pub(crate) flows: Vec<Flow>,
    pub(crate) setup: Option<Path>,
    pub(crate) start: Option<Path>,
    pub(crate) teardown: Option<Path>,
    pub(crate) plan: Plan,
}

/// One entry of `flows`: `browse: 60`, or `browse` for a weight of 1.
pub(crate) struct Flow {
    pub(crate) function: Path,
    pub(crate) name: String,
    pub(crate) weight: u32,
}

impl Parse for Scenario {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut flows = None;
        let mut scenario =
            Scenario { flows: Vec::new(), setup: None, start: None, teardown: None, plan: Plan::default() };
        let mut seen = HashSet::new();
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            let name = key.to_string();
            if !seen.insert(name.clone()) {
                return Err(Error::new(key.span(), format!("`{name}` is given twice")));
            }
            input.parse::<Token![:]>()?;
            match name.as_str() {
                "flows" => flows = Some(parse_flows(input, key.span())?),
                "setup" => scenario.setup = Some(parse_path(input)?),
                "start" => scenario.start = Some(parse_path(input)?),
                "teardown" => scenario.teardown = Some(parse_path(input)?),
                _ if scenario.plan.parse_key(&key, input)? => {}
                _ => {
                    let message = format!("unknown key `{name}`: {}", advise_on_key(&name, KEYS));
                    return Err(Error::new(key.span(), message));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        scenario.flows = flows.ok_or_else(|| {
            let message = "a scenario needs at least one flow: `flows: { my_function: 1 }`";
            Error::new(Span::call_site(), message)
        })?;
        Ok(scenario)
    }
}

fn parse_path(input: ParseStream<'_>) -> Result<Path> {
    input.call(Path::parse_mod_style)
}

fn parse_flows(input: ParseStream<'_>, key: Span) -> Result<Vec<Flow>> {
    let content;
    braced!(content in input);
    let mut flows: Vec<Flow> = Vec::new();
    while !content.is_empty() {
        let flow = parse_flow(&content)?;
        if flows.iter().any(|earlier| earlier.name == flow.name) {
            let message = format!("two flows are named `{}`", flow.name);
            return Err(Error::new_spanned(&flow.function, message));
        }
        flows.push(flow);
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    if flows.is_empty() {
        let message = "a scenario needs at least one flow: `flows: { my_function: 1 }`";
        return Err(Error::new(key, message));
    }
    if flows.iter().all(|flow| flow.weight == 0) {
        let message = "at least one flow needs a weight above 0, or nothing would run";
        return Err(Error::new(key, message));
    }
    Ok(flows)
}

fn parse_flow(input: ParseStream<'_>) -> Result<Flow> {
    let function = parse_path(input)?;
    let Some(last) = function.segments.last() else {
        return Err(Error::new_spanned(&function, "expected a function's name"));
    };
    let name = last.ident.unraw().to_string();
    if !name.is_ascii() {
        let message = "a flow's name may hold ASCII letters, digits and `_` only";
        return Err(Error::new_spanned(&function, message));
    }
    let weight = if input.parse::<Option<Token![:]>>()?.is_some() { parse_weight(input)? } else { 1 };
    Ok(Flow { function, name, weight })
}

fn parse_weight(input: ParseStream<'_>) -> Result<u32> {
    const MESSAGE: &str = "a weight is a whole number from 0 to 4294967295, relative to the other flows' weights";
    let span = input.span();
    let literal = input.parse::<LitInt>().map_err(|_| Error::new(span, MESSAGE))?;
    literal.base10_parse().map_err(|_| Error::new(literal.span(), MESSAGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(source: &str) -> String {
        match syn::parse_str::<Scenario>(source) {
            Ok(_) => "no error".into(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn flows_have_names_and_weights() {
        let scenario: Scenario =
            syn::parse_str("flows: { browse: 60, pages::search: 25, r#move, late: 0 }, start: users::login")
                .expect("valid");
        let flows: Vec<_> = scenario.flows.iter().map(|flow| (flow.name.as_str(), flow.weight)).collect();
        assert_eq!(flows, [("browse", 60), ("search", 25), ("move", 1), ("late", 0)]);
        assert!(scenario.start.is_some() && scenario.setup.is_none());
    }

    #[test]
    fn a_scenario_without_flows_is_refused() {
        assert!(error("").contains("at least one flow"));
        assert!(error("vus: 1").contains("at least one flow"));
        assert!(error("flows: {}").contains("at least one flow"));
        assert!(error("flows: { a: 0, b: 0 }").contains("above 0"));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(error("flows: { a: 1, other::a: 2 }"), "two flows are named `a`");
        for weight in ["-1", "1.5", "\"many\"", "4294967296", "x"] {
            let text = error(&format!("flows: {{ a: {weight} }}"));
            assert!(text.contains("a weight is a whole number"), "{weight}: {text}");
        }
        assert!(error("flows: { a }, vu: 3").contains("unknown key `vu`: did you mean `vus`?"));
        assert_eq!(error("flows: { a }, flows: { b }"), "`flows` is given twice");
        assert!(error("flows: { größe }").contains("ASCII"));
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let error = syn::parse_str::<Scenario>("flows: { a: 1,\n  a: 2 }").err().expect("two flows of one name");
        assert_eq!(error.span().start().line, 2);
    }
}
