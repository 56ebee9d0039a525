//! The contract in Rust, generated from the WIT files. All other modules see it through `host` and `export`.
//!
//! The optional exports have a small world each, so that a component exports only the functions that its author wrote.
#![allow(missing_docs, missing_debug_implementations)]

pub mod scenario {
    wit_bindgen::generate!({
        path: "wit",
        world: "squall:scenario/scenario",
        ownership: Borrowing { duplicate_if_necessary: false },
        pub_export_macro: true,
        export_macro_name: "export_scenario",
        default_bindings_module: "squall::bindings::scenario",
    });
}

/// An interface that only scenarios with streams import.
pub mod streaming {
    wit_bindgen::generate!({
        inline: "package squall:sdk; world with-streaming { import squall:scenario/streaming@0.1.0; }",
        path: "wit",
        ownership: Borrowing { duplicate_if_necessary: false },
        with: {
            "squall:scenario/http@0.1.0": crate::bindings::scenario::squall::scenario::http,
            "squall:scenario/data@0.1.0": crate::bindings::scenario::squall::scenario::data,
            "squall:scenario/streaming@0.1.0": generate,
        },
    });
}

/// An interface that only scenarios with WebSockets import.
pub mod websocket {
    wit_bindgen::generate!({
        inline: "package squall:sdk; world with-websocket { import squall:scenario/websocket@0.1.0; }",
        path: "wit",
        ownership: Borrowing { duplicate_if_necessary: false },
        with: {
            "squall:scenario/http@0.1.0": crate::bindings::scenario::squall::scenario::http,
            "squall:scenario/data@0.1.0": crate::bindings::scenario::squall::scenario::data,
            "squall:scenario/websocket@0.1.0": generate,
        },
    });
}

/// An interface that only scenarios with sockets import.
pub mod sockets {
    wit_bindgen::generate!({
        inline: "package squall:sdk; world with-sockets { import squall:scenario/sockets@0.1.0; }",
        path: "wit",
        with: {
            "squall:scenario/http@0.1.0": crate::bindings::scenario::squall::scenario::http,
            "squall:scenario/data@0.1.0": crate::bindings::scenario::squall::scenario::data,
            "squall:scenario/sockets@0.1.0": generate,
        },
    });
}

/// An interface that only scenarios with gRPC import.
pub mod grpc {
    wit_bindgen::generate!({
        inline: "package squall:sdk; world with-grpc { import squall:scenario/grpc@0.1.0; }",
        path: "wit",
        ownership: Borrowing { duplicate_if_necessary: false },
        with: {
            "squall:scenario/http@0.1.0": crate::bindings::scenario::squall::scenario::http,
            "squall:scenario/data@0.1.0": crate::bindings::scenario::squall::scenario::data,
            "squall:scenario/grpc@0.1.0": generate,
        },
    });
}

/// An interface that only scenarios that wait for several streams import.
pub mod waiting {
    wit_bindgen::generate!({
        inline: "package squall:sdk; world with-waiting { import squall:scenario/waiting@0.1.0; }",
        path: "wit",
        with: { "squall:scenario/waiting@0.1.0": generate },
    });
}

pub mod setup {
    wit_bindgen::generate!({
        inline: "package squall:sdk; world with-setup { export squall:scenario/setup@0.1.0; }",
        path: "wit",
        pub_export_macro: true,
        export_macro_name: "export_setup",
        default_bindings_module: "squall::bindings::setup",
    });
}

pub mod start {
    wit_bindgen::generate!({
        inline: "package squall:sdk; world with-start { export squall:scenario/start@0.1.0; }",
        path: "wit",
        pub_export_macro: true,
        export_macro_name: "export_start",
        default_bindings_module: "squall::bindings::start",
    });
}

pub mod teardown {
    wit_bindgen::generate!({
        inline: "package squall:sdk; world with-teardown { export squall:scenario/teardown@0.1.0; }",
        path: "wit",
        pub_export_macro: true,
        export_macro_name: "export_teardown",
        default_bindings_module: "squall::bindings::teardown",
    });
}
