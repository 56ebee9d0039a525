//! The Rust that `scenario!` stands for: one public static, `SCENARIO`, and the component's exports.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

use crate::grammar::{Flow, Scenario};

pub(crate) fn expand(scenario: &Scenario) -> TokenStream {
    let flows = scenario.flows.iter().map(expand_flow);
    let plan = scenario.plan.to_json();
    let setup = hook(scenario.setup.as_ref(), "setup");
    let start = hook(scenario.start.as_ref(), "start");
    let teardown = hook(scenario.teardown.as_ref(), "teardown");

    // Missing functions are not exported, and so never called. Data from `setup` reaches the flows by `start`.
    let export_setup = scenario.setup.as_ref().map(|_| quote!(setup));
    let has_start = scenario.setup.is_some() || scenario.start.is_some();
    let export_start = has_start.then(|| quote!(start));
    let export_teardown = scenario.teardown.as_ref().map(|_| quote!(teardown));

    quote! {
        /// The scenario that this crate is: its flows, its life cycle and the plan it suggests.
        pub static SCENARIO: ::squall::Scenario =
            ::squall::Scenario::new(&[#(#flows),*], #plan) #setup #start #teardown;

        ::squall::__export!(SCENARIO #export_setup #export_start #export_teardown);
    }
}

fn expand_flow(flow: &Flow) -> TokenStream {
    let Flow { function, name, weight } = flow;
    // The author's span, so that a wrong signature is reported at the flow and not at the macro.
    quote_spanned! { function.span() =>
        ::squall::Flow::new(#name, #weight, || ::squall::outcome::Completion::complete(#function()))
    }
}

/// `.with_setup(|| ..)` and its like, or nothing.
fn hook(function: Option<&Path>, name: &str) -> Option<TokenStream> {
    let function = function?;
    let span = function.span();
    let method = quote::format_ident!("with_{name}", span = span);
    Some(if name == "setup" {
        quote_spanned!(span => .#method(|| ::squall::shared::Share::share(#function())))
    } else {
        quote_spanned!(span => .#method(|| ::squall::outcome::Completion::complete(#function())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(source: &str) -> String {
        let scenario: Scenario = syn::parse_str(source).expect("valid");
        expand(&scenario).to_string().replace(' ', "")
    }

    #[test]
    fn only_what_is_there_is_exported() {
        assert!(expanded("flows: { a }").contains("__export!(SCENARIO);"));
        assert!(expanded("flows: { a }, start: b").contains("__export!(SCENARIOstart);"));
        assert!(expanded("flows: { a }, teardown: b").contains("__export!(SCENARIOteardown);"));
    }

    #[test]
    fn what_setup_prepares_arrives_by_start() {
        assert!(expanded("flows: { a }, setup: b").contains("__export!(SCENARIOsetupstart);"));
    }

    #[test]
    fn flows_are_called_by_path() {
        let code = expanded("flows: { pages::search: 25 }");
        assert!(code.contains(r#"Flow::new("search",25u32,"#), "{code}");
        assert!(code.contains("complete(pages::search())"), "{code}");
    }
}
