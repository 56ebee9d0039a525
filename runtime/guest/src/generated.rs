//! Components that were made to cost as much as they can: parts in parts, aliases of aliases, types of types, start functions. Looking
//! at one takes little memory and little time, whatever it comes to; and never a panic.

use std::fmt::Write;
use std::time::{Duration, Instant};

use squall_fuzzing::most_held;
use squall_plan::Limits;
use squall_plan::random::next_bits;

use crate::artifact::Artifact;

const HOW_MANY: u64 = 10_000;
/// Limits for reading one of them. Each has a few kilobytes.
const MOST_MEMORY: usize = 64 << 20;
const MOST_TIME: Duration = Duration::from_secs(10);

/// Makes components; the same number makes the same one.
struct Maker {
    state: u64,
    text: String,
}

impl Maker {
    fn below(&mut self, end: u64) -> u64 {
        next_bits(&mut self.state) % end
    }

    /// Mostly little, sometimes much.
    fn amount(&mut self) -> u64 {
        let most = [3, 10, 40, 200][self.below(4) as usize];
        1 + self.below(most)
    }

    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        self.text.write_fmt(text).expect("a string takes everything");
    }

    fn component(number: u64) -> String {
        let mut maker = Maker { state: number, text: "(component ".to_owned() };
        for kind in 0..1 + maker.below(3) {
            match maker.below(5) {
                0 => maker.parts(kind),
                1 => maker.values(kind),
                2 => maker.instance_types(kind),
                3 => maker.resources(kind),
                _ => maker.modules(kind),
            }
        }
        maker.text.push(')');
        maker.text
    }

    /// A core module with memories, tables and a start function, instantiated often.
    fn modules(&mut self, kind: u64) {
        let (memories, tables, pages) = (self.below(3), self.below(3), self.below(70_000));
        self.add(format_args!("(core module $m{kind} (func $f (loop (br 0))) "));
        if self.below(2) == 0 {
            self.add(format_args!("(start $f)"));
        }
        let (memory, table) = (format!("(memory {})", pages.min(65_536)), format!("(table {pages} funcref)"));
        let (memories, tables) = (memory.repeat(memories as usize), table.repeat(tables as usize));
        self.add(format_args!("{memories}{tables})"));
        for _ in 0..self.amount() {
            self.add(format_args!("(core instance (instantiate $m{kind}))"));
        }
    }

    /// Components that instantiate the one before several times.
    fn parts(&mut self, kind: u64) {
        let (depth, times) = (self.amount(), 1 + self.below(4) as usize);
        self.add(format_args!("(component $p{kind}x0 "));
        self.modules(kind);
        self.add(format_args!(")"));
        for level in 1..=depth {
            let before = level - 1;
            let instances = "(instance (instantiate $b))".repeat(times);
            self.add(format_args!(
                "(component $p{kind}x{level} (alias outer 1 $p{kind}x{before} (component $b)) {instances})"
            ));
        }
        self.add(format_args!("(instance (instantiate $p{kind}x{depth}))"));
    }

    /// Types of values, each made of the one before several times; and a function that takes them.
    fn values(&mut self, kind: u64) {
        let (depth, times) = (self.amount(), 1 + self.below(4) as usize);
        self.add(format_args!("(type $v{kind}x0 (list string))"));
        for level in 1..=depth {
            let of = format!(" $v{kind}x{}", level - 1).repeat(times);
            self.add(format_args!("(type $v{kind}x{level} (tuple{of}))"));
        }
        for number in 0..self.amount() {
            self.add(format_args!("(import \"f{kind}-{number}\" (func (param \"x\" $v{kind}x{depth})))"));
        }
    }

    /// Types of instances that export instances of the one before.
    fn instance_types(&mut self, kind: u64) {
        let (depth, times) = (self.amount(), 1 + self.below(3));
        self.add(format_args!("(type $i{kind}x0 (instance (export \"r\" (type (sub resource)))))"));
        for level in 1..=depth {
            self.add(format_args!("(type $i{kind}x{level} (instance (alias outer 1 $i{kind}x{} (type $b))", level - 1));
            for number in 0..times {
                self.add(format_args!("(export \"e{number}\" (instance (type $b)))"));
            }
            self.add(format_args!("))"));
        }
        for number in 0..self.amount() {
            self.add(format_args!("(import \"i{kind}-{number}\" (instance (type $i{kind}x{depth})))"));
        }
    }

    /// An interface with resources and functions, imported often: each time its types are new ones.
    fn resources(&mut self, kind: u64) {
        let (resources, functions) = (self.amount(), self.amount());
        self.add(format_args!("(type $r{kind} (instance "));
        for number in 0..resources {
            self.add(format_args!("(export \"r{number}\" (type $r{number} (sub resource)))"));
        }
        for number in 0..functions {
            let resource = number % resources;
            self.add(format_args!(
                "(export \"f{number}\" (func (param \"x\" (borrow $r{resource})) (result (own $r{resource}))))"
            ));
        }
        self.add(format_args!("))"));
        for number in 0..self.amount() {
            self.add(format_args!("(import \"a:b/c{kind}-{number}\" (instance (type $r{kind})))"));
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long the machine takes is what is tested")]
fn looking_at_what_was_made_to_be_large_takes_little() {
    let (mut looked_at, mut refused) = (0, 0);
    for number in 0..HOW_MANY {
        let text = Maker::component(number);
        // Some make no sense to the assembler; they are few.
        let Ok(wasm) = wat::parse_str(&text) else { continue };
        let (began, mut artifact) = (Instant::now(), None);
        let took = most_held(|| artifact = Artifact::from_bytes(wasm).ok());
        let time = began.elapsed();
        assert!(took < MOST_MEMORY && time < MOST_TIME, "{number} took {took} bytes and {time:?}: {text}");
        looked_at += 1;
        refused += u64::from(artifact.is_some_and(|artifact| artifact.needs().check(&Limits::default()).is_err()));
    }
    assert!(
        looked_at > HOW_MANY / 2 && refused > HOW_MANY / 100,
        "{looked_at} looked at, {refused} refused for their needs"
    );
}
