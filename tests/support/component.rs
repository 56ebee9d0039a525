//! Small components in WebAssembly text: guests that misbehave, without a toolchain.

/// A component with one flow, `main`, whose `run` and `describe` consist of the given instructions.
///
/// Its memory is in a separate core module, `$memory`, so that imports can be lowered with it before the guest exists.
/// Up to 1024 it contains the description and the error; from 64 KiB on, the host's allocations.
pub struct Wat {
    /// Component-level imports, and the core module's part of them as `(with "host" ..)`.
    imports: String,
    core_imports: String,
    with: String,
    describe: String,
    run: String,
    extra: String,
    exports: String,
}

/// Result of `run`: no error.
pub const OK: &str = "(i32.const 200)";
/// Result of `run`: the error "no luck".
pub const ERR: &str = "(i32.const 208)";
/// An endless loop.
pub const LOOP: &str = "(loop $forever (br $forever)) (unreachable)";

/// Repeats instructions `times` times; the number is in `$n`, which [`COUNTING`] declares.
pub fn repeat(times: u32, what: &str) -> String {
    format!(
        "(loop $again {what} (global.set $n (i32.add (global.get $n) (i32.const 1))) (br_if $again (i32.lt_u (global.get $n) (i32.const {times})))) (i32.const 200)"
    )
}

pub const COUNTING: &str = "(global $n (mut i32) (i32.const 0))";

/// Options for lowering and lifting functions with strings and lists.
const WITH_MEMORY: &str = "(memory $mem) (realloc (core func $realloc))";

impl Wat {
    pub fn new(run: &str) -> Wat {
        Wat {
            imports: String::new(),
            core_imports: String::new(),
            with: String::new(),
            describe: "(i32.const 64)".to_owned(),
            run: run.to_owned(),
            extra: String::new(),
            exports: String::new(),
        }
    }

    pub fn describing(mut self, describe: &str) -> Wat {
        self.describe = describe.to_owned();
        self
    }

    /// Suggests a plan: JSON of less than 60 KiB.
    pub fn suggesting(self, plan: &str) -> Wat {
        let escaped: String = plan.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let describe = format!(
            "(i32.store (i32.const 72) (i32.const 4096)) (i32.store (i32.const 76) (i32.const {})) (i32.const 64)",
            plan.len()
        );
        self.describing(&describe).with_functions(&format!("(data (i32.const 4096) \"{escaped}\")"))
    }

    /// More functions (and data, tables, globals) for the core module.
    pub fn with_functions(mut self, functions: &str) -> Wat {
        self.extra.push_str(functions);
        self
    }

    /// Imports a function without strings or lists: `importing("squall:scenario/timing@0.1.0", "now", "(result u64)",
    /// "(result i64)")`; the core module calls it by its name.
    pub fn importing(self, interface: &str, function: &str, kind: &str, core_kind: &str) -> Wat {
        let declaration = format!("(export \"{function}\" (func {kind}))");
        self.importing_all(interface, &declaration, &[(function, function, core_kind)])
    }

    /// Declares types between the imports: aliases of those before, for those after.
    pub fn declaring(mut self, types: &str) -> Wat {
        self.imports.push_str(types);
        self
    }

    /// Imports an interface that declares these types and functions; for each used function: its name, that in the core
    /// module, and its type there.
    pub fn importing_all(mut self, interface: &str, declarations: &str, functions: &[(&str, &str, &str)]) -> Wat {
        let instance = format!("$i_{}", functions[0].1);
        self.imports.push_str(&format!("(import \"{interface}\" (instance {instance} {declarations}))\n"));
        for (function, name, core_kind) in functions {
            self.imports.push_str(&format!(
                "(core func $lowered_{name} (canon lower (func {instance} \"{function}\") {WITH_MEMORY}))\n"
            ));
            self.core_imports.push_str(&format!("(import \"host\" \"{name}\" (func ${name} {core_kind}))\n"));
            self.with.push_str(&format!("(export \"{name}\" (func $lowered_{name}))\n"));
        }
        self
    }

    /// Also exports `start`, `setup` or `teardown`.
    pub fn exporting(mut self, name: &str, body: &str) -> Wat {
        let (kind, core_kind) = match name {
            "setup" => ("(result (result (list u8) (error string)))", "(result i32)"),
            "start" => {
                ("(param \"shared\" (list u8)) (result (result (error string)))", "(param i32 i32) (result i32)")
            }
            _ => ("(param \"shared\" (list u8))", "(param i32 i32)"),
        };
        self.extra.push_str(&format!("(func (export \"{name}\") {core_kind} {body})\n"));
        self.exports.push_str(&format!(
            "(func ${name} {kind} (canon lift (core func $instance \"{name}\") {WITH_MEMORY}))
             (instance $e_{name} (export \"{name}\" (func ${name})))
             (export \"squall:scenario/{name}@0.1.0\" (instance $e_{name}))\n"
        ));
        self
    }

    pub fn text(&self) -> String {
        let Wat { imports, core_imports, with, describe, run, extra, exports } = self;
        format!(
            r#"(component
              (type $types' (instance
                (type $flow' (record (field "name" string) (field "weight" u32)))
                (export "flow" (type $flow (eq $flow')))
                (type $description' (record (field "flows" (list $flow)) (field "plan" string)))
                (export "description" (type (eq $description')))))
              (import "squall:scenario/types@0.1.0" (instance $types (type $types')))
              (alias export $types "description" (type $description))
              (core module $memory
                (memory (export "memory") 2)
                (global $next (mut i32) (i32.const 65536))
                (func (export "realloc") (param i32 i32 i32 i32) (result i32)
                  (local $at i32)
                  (local.set $at (i32.and (i32.add (global.get $next) (i32.const 7)) (i32.const -8)))
                  (global.set $next (i32.add (local.get $at) (local.get 3)))
                  (loop $more
                    (if (i32.gt_u (global.get $next) (i32.mul (memory.size) (i32.const 65536)))
                      (then
                        (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
                        (br $more))))
                  (local.get $at)))
              (core instance $libc (instantiate $memory))
              (alias core export $libc "memory" (core memory $mem))
              (alias core export $libc "realloc" (core func $realloc))
              {imports}
              (core module $guest
                (import "libc" "memory" (memory 1))
                {core_imports}
                (data (i32.const 64) "\60\00\00\00\01\00\00\00\00\00\00\00\00\00\00\00")
                (data (i32.const 96) "\80\00\00\00\04\00\00\00\01\00\00\00")
                (data (i32.const 128) "main")
                (data (i32.const 208) "\01\00\00\00\a0\00\00\00\07\00\00\00")
                (data (i32.const 160) "no luck")
                {extra}
                (func (export "describe") (result i32) {describe})
                (func (export "run") (param $flow i32) (result i32) {run}))
              (core instance $instance
                (instantiate $guest (with "libc" (instance $libc)) (with "host" (instance {with}))))
              (func (export "describe") (result $description)
                (canon lift (core func $instance "describe") {WITH_MEMORY}))
              (func (export "run") (param "flow" u32) (result (result (error string)))
                (canon lift (core func $instance "run") {WITH_MEMORY}))
              {exports})"#
        )
    }

    /// The binary, in a file in the folder.
    pub fn write(&self, folder: &std::path::Path) -> String {
        let path = folder.join("guest.wasm");
        let binary = wat::parse_str(self.text()).unwrap_or_else(|error| panic!("{error}\n{}", self.text()));
        std::fs::write(&path, binary).expect("writable");
        path.display().to_string()
    }
}
