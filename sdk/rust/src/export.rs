//! The exports of a component, which `scenario!` writes into the author's crate.
//!
//! Natively there are no exports; tests use `SCENARIO` itself.

#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($scenario:ident $($lifecycle:ident)*) => {};
}

#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export {
    ($scenario:ident $($lifecycle:ident)*) => {
        const _: () = {
            struct Component;

            impl $crate::bindings::scenario::Guest for Component {
                fn describe() -> $crate::bindings::scenario::Description {
                    $crate::export::describe(&$scenario)
                }

                fn run(flow: u32) -> ::core::result::Result<(), ::std::string::String> {
                    $scenario.run(flow)
                }
            }

            $crate::bindings::scenario::export_scenario!(Component with_types_in $crate::bindings::scenario);
            $($crate::__export_lifecycle!($lifecycle, Component, $scenario);)*

            /// The maker of this component, for `squall inspect`.
            #[used]
            #[unsafe(link_section = "squall:sdk")]
            static SDK: [u8; $crate::export::SDK.len()] = *$crate::export::SDK;
        };
    };
}

#[cfg(target_family = "wasm")]
#[doc(hidden)]
#[macro_export]
macro_rules! __export_lifecycle {
    (setup, $component:ident, $scenario:ident) => {
        impl $crate::bindings::setup::exports::squall::scenario::setup::Guest for $component {
            fn setup() -> ::core::result::Result<::std::vec::Vec<u8>, ::std::string::String> {
                $scenario.setup()
            }
        }
        $crate::bindings::setup::export_setup!($component with_types_in $crate::bindings::setup);
    };
    (start, $component:ident, $scenario:ident) => {
        impl $crate::bindings::start::exports::squall::scenario::start::Guest for $component {
            fn start(shared: ::std::vec::Vec<u8>) -> ::core::result::Result<(), ::std::string::String> {
                $scenario.start(shared)
            }
        }
        $crate::bindings::start::export_start!($component with_types_in $crate::bindings::start);
    };
    (teardown, $component:ident, $scenario:ident) => {
        impl $crate::bindings::teardown::exports::squall::scenario::teardown::Guest for $component {
            fn teardown(shared: ::std::vec::Vec<u8>) {
                // The contract has no error here: a trap it is, and the run fails with the panic's message.
                if let ::core::result::Result::Err(error) = $scenario.teardown(shared) {
                    ::core::panic!("{error}");
                }
            }
        }
        $crate::bindings::teardown::export_teardown!($component with_types_in $crate::bindings::teardown);
    };
}

#[cfg(target_family = "wasm")]
pub use component::{SDK, describe};

#[cfg(target_family = "wasm")]
mod component {
    use crate::Scenario;
    use crate::bindings::scenario::Description;
    use crate::bindings::scenario::squall::scenario::types::Flow;

    /// The content of the custom section `squall:sdk`: language and version.
    pub const SDK: &[u8; concat!("rust ", env!("CARGO_PKG_VERSION")).len()] =
        match concat!("rust ", env!("CARGO_PKG_VERSION")).as_bytes().first_chunk() {
            Some(text) => text,
            None => unreachable!(),
        };

    /// The scenario in the contract's words.
    #[must_use]
    pub fn describe(scenario: &Scenario) -> Description {
        let flows = scenario.flows().iter().map(|flow| Flow { name: flow.name().to_owned(), weight: flow.weight() });
        Description { flows: flows.collect(), plan: scenario.plan().to_owned() }
    }
}
