use super::*;

fn tally(text: &str) -> Tally {
    Tally::of(&wat::parse_str(text).expect("it is well-formed"))
}

/// `depth` nested components, each of which instantiates the one before twice.
fn doubling(depth: usize) -> String {
    let inner = "(component $c0 (core module $m (memory 1) (table 5 funcref)) (core instance (instantiate $m)))";
    let more = (1..=depth).map(|level| {
        let before = level - 1;
        format!(
            "(component $c{level} (alias outer 1 $c{before} (component $b)) (instance (instantiate $b)) (instance (instantiate $b)))"
        )
    });
    format!("(component {inner} {} (instance (instantiate $c{depth})))", more.collect::<String>())
}

#[test]
fn a_part_counts_as_often_as_it_is_instantiated() {
    let three = tally(&doubling(3));
    assert_eq!((three.memories.count, three.memories.initial), (8, 8 * PAGE));
    assert_eq!((three.tables.count, three.core_instances, three.component_instances), (8, 8, 15));
    assert_eq!(three.check(), Ok(()));
    let defined_only = tally("(component (component (core module $m (memory 1)) (core instance (instantiate $m))))");
    assert_eq!((defined_only.memories.count, defined_only.parts), (0, 2));
}

#[test]
fn repeated_doubling_is_refused_immediately() {
    for depth in [40, 100, 4_000] {
        let error = tally(&doubling(depth)).check().expect_err("far too many");
        assert!(error.contains("instances of its parts: at most 1000 are allowed"), "{error}");
    }
}

#[test]
fn an_export_has_an_index_of_its_own() {
    let text = "(component
        (component $a (core module $m (memory 7)) (core instance (instantiate $m)))
        (export $b \"b\" (component $a))
        (component $c)
        (instance (instantiate $b)) (instance (instantiate 2)))";
    let tally = tally(text);
    assert_eq!((tally.memories.initial, tally.component_instances), (7 * PAGE, 2));
}

#[test]
fn a_part_from_elsewhere_is_refused() {
    for text in [
        "(component (component $a (import \"m\" (core module $m)) (core instance (instantiate $m)))
            (core module $n) (instance (instantiate $a (with \"m\" (core module $n)))))",
        "(component (component $a (core module $m) (export \"m\" (core module $m))) (instance $i (instantiate $a))
            (alias export $i \"m\" (core module $m)) (core instance (instantiate $m)))",
    ] {
        let error = tally(text).check().expect_err("its contents are unknown");
        assert!(error.starts_with("it hands components or core modules to its parts"), "{error}");
    }
}

/// Types of instances of which each exports two of the one before.
fn instance_types(depth: usize) -> String {
    let more = (1..=depth).map(|level| {
        let before = level - 1;
        format!(
            "(type $t{level} (instance (alias outer 1 $t{before} (type $b)) (export \"a\" (instance (type $b))) (export \"b\" (instance (type $b)))))"
        )
    });
    let more: String = more.collect();
    format!(
        "(component (type $t0 (instance (export \"r\" (type (sub resource))))) {more} (import \"i\" (instance (type $t{depth}))))"
    )
}

#[test]
fn types_count_as_often_as_they_are_exported() {
    // The innermost has two, and each around it twice the number of the one inside, plus two.
    assert_eq!(tally(&instance_types(0)).types, 2);
    assert_eq!(tally(&instance_types(2)).types, 2 + 2 * (2 + 2 * 2));
    let error = tally(&instance_types(19)).check().expect_err("far too many");
    assert!(error.contains("types in the types of its instances: at most 10000 are allowed"), "{error}");
    let deep = instance_types(150).replace("(export \"b\" (instance (type $b)))", "");
    let error = tally(&deep).check().expect_err("far too deep");
    assert_eq!(error, "it expands to 151 instances in each other: at most 10 are allowed");
    let bags = (1..30).map(|level| {
        format!("(instance (export \"a\" (instance {before})) (export \"b\" (instance {before})))", before = level - 1)
    });
    let bags = format!("(component (instance) {})", bags.collect::<String>());
    assert!(tally(&bags).check().is_err());
}

#[test]
fn a_million_parts_are_not_remembered() {
    let mut wasm = b"\0asm\x0d\0\x01\0".to_vec();
    wasm.extend(b"\x01\x08\0asm\x01\0\0\0".repeat(1_000_000));
    let error = Tally::of(&wasm).check().expect_err("too many");
    assert_eq!(error, "it expands to 10001 parts: at most 10000 are allowed");
}

#[test]
fn each_count_goes_up_to_its_limit() {
    type Set = fn(&mut Tally, u64);
    let counted: [(&str, u64, Set); 6] = [
        ("parts", 10_000, |tally, count| tally.parts = count),
        ("instances of its parts", 1_000, |tally, count| tally.component_instances = count),
        ("definitions, those of its parts counted as often as they are instantiated", 500_000, |tally, count| {
            tally.definitions = count
        }),
        ("types in the types of its instances", 10_000, |tally, count| tally.types = count),
        ("instances in each other", 10, |tally, count| tally.depth = count),
        ("functions that are lifted or lowered", 20_000, |tally, count| tally.adapted = count),
    ];
    for (what, most, set) in counted {
        let check = |count| {
            let mut tally = Tally::default();
            set(&mut tally, count);
            tally.check()
        };
        assert_eq!(check(most), Ok(()), "{what}");
        let error = format!("it expands to {} {what}: at most {most} are allowed", most + 1);
        assert_eq!(check(most + 1), Err(error));
    }
}

#[test]
fn definitions_and_functions_count_as_often_as_their_part_is_instantiated() {
    let part = "(component $a (core module $m (func (export \"f\")) (func) (func)) (core instance $i (instantiate $m))
        (func (export \"f\") (canon lift (core func $i \"f\"))))";
    let of = |times: usize| tally(&format!("(component {part} {})", "(instance (instantiate $a))".repeat(times)));
    let (one, three) = (of(1), of(3));
    assert_eq!((one.adapted, three.adapted), (1, 3));
    assert!(three.definitions >= one.definitions + 2 * 3, "{} and {}", one.definitions, three.definitions);
}
