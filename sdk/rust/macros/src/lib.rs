//! The `scenario!` macro of the Squall SDK. Authors use it as `squall::scenario!`; its documentation is there.
//!
//! `grammar` parses the input, `plan` turns the plan's keys into JSON, `expand` writes the Rust. None of them knows the
//! functions of the SDK's types.

#![deny(missing_docs)]

mod expand;
mod grammar;
mod plan;

use proc_macro::TokenStream;

// Documented where it is re-exported, next to the types that it speaks of.
#[allow(missing_docs)]
#[proc_macro]
pub fn scenario(input: TokenStream) -> TokenStream {
    match syn::parse::<grammar::Scenario>(input) {
        Ok(scenario) => expand::expand(&scenario).into(),
        Err(error) => error.into_compile_error().into(),
    }
}
