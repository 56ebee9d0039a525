//! Small components in WebAssembly text: guests that misbehave, without a toolchain.

/// A component with one flow, `main`, whose `run` and `describe` do what the given instructions say.
pub struct Wat {
    /// Component-level imports, and what of them the core module gets as `(with "host" ..)`.
    imports: String,
    core_imports: String,
    with: String,
    describe: String,
    run: String,
    extra: String,
}

/// `run` returns this: no error.
pub const OK: &str = "(i32.const 200)";
/// `run` returns this: the error "no luck".
pub const ERR: &str = "(i32.const 208)";

impl Wat {
    pub fn new(run: &str) -> Wat {
        Wat {
            imports: String::new(),
            core_imports: String::new(),
            with: String::new(),
            describe: "(i32.const 64)".to_owned(),
            run: run.to_owned(),
            extra: String::new(),
        }
    }

    pub fn describing(mut self, describe: &str) -> Wat {
        self.describe = describe.to_owned();
        self
    }

    /// More functions for the core module.
    pub fn with_functions(mut self, functions: &str) -> Wat {
        self.extra.push_str(functions);
        self
    }

    /// Imports a function without strings or lists: `importing("squall:scenario/timing@0.1.0", "now", "(result u64)",
    /// "(result i64)")`; the core module calls it by its name.
    pub fn importing(mut self, interface: &str, function: &str, kind: &str, core_kind: &str) -> Wat {
        self.imports.push_str(&format!(
            "(import \"{interface}\" (instance $i_{function} (export \"{function}\" (func {kind}))))
             (core func $lowered_{function} (canon lower (func $i_{function} \"{function}\")))\n"
        ));
        self.core_imports.push_str(&format!("(import \"host\" \"{function}\" (func ${function} {core_kind}))\n"));
        self.with.push_str(&format!("(export \"{function}\" (func $lowered_{function}))\n"));
        self
    }

    pub fn text(&self) -> String {
        let Wat { imports, core_imports, with, describe, run, extra } = self;
        format!(
            r#"(component
              (type $types' (instance
                (type $flow' (record (field "name" string) (field "weight" u32)))
                (export "flow" (type $flow (eq $flow')))
                (type $description' (record (field "flows" (list $flow)) (field "plan" string)))
                (export "description" (type (eq $description')))))
              (import "squall:scenario/types@0.1.0" (instance $types (type $types')))
              (alias export $types "description" (type $description))
              {imports}
              (core module $guest
                {core_imports}
                (memory (export "memory") 1)
                (data (i32.const 64) "\60\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00")
                (data (i32.const 96) "\80\00\00\00\04\00\00\00\01\00\00\00")
                (data (i32.const 128) "main")
                (data (i32.const 208) "\01\00\00\00\a0\00\00\00\07\00\00\00")
                (data (i32.const 160) "no luck")
                {extra}
                (func (export "describe") (result i32) {describe})
                (func (export "run") (param $flow i32) (result i32) {run}))
              (core instance $instance (instantiate $guest (with "host" (instance {with}))))
              (func (export "describe") (result $description)
                (canon lift (core func $instance "describe") (memory (core memory $instance "memory"))))
              (func (export "run") (param "flow" u32) (result (result (error string)))
                (canon lift (core func $instance "run") (memory (core memory $instance "memory")))))"#
        )
    }

    /// The binary, in a file that lives as long as the folder.
    pub fn write(&self, folder: &std::path::Path) -> String {
        let path = folder.join("guest.wasm");
        let binary = wat::parse_str(self.text()).unwrap_or_else(|error| panic!("{error}\n{}", self.text()));
        std::fs::write(&path, binary).expect("writable");
        path.display().to_string()
    }
}
