//! Which components are linked and which stay unchanged. That a linked component behaves the same is tested where
//! components run (`runtime/guest/src/linked.rs`), with the same fixture.

use wasmparser::{ConstExpr, ElementKind, KnownCustom, Name, Operator, Parser, Payload, Validator, WasmFeatures};

use crate::{Unlinked, link};

const LIBRARIES: &str = include_str!("../fixtures/libraries.wat");

fn binary(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("the fixture is well-formed")
}

fn assert_valid(component: &[u8]) {
    Validator::new_with_features(WasmFeatures::default()).validate_all(component).expect("valid");
}

fn linked(text: &str) -> Vec<u8> {
    let linked = link(&binary(text)).expect("linked");
    assert_valid(&linked);
    linked
}

/// The results of `read` for all parts of a component.
fn all<'a, T>(component: &'a [u8], read: impl Fn(Payload<'a>) -> Vec<T>) -> Vec<T> {
    Parser::new(0).parse_all(component).flat_map(|payload| read(payload.expect("parsed"))).collect()
}

fn instances(component: &[u8]) -> usize {
    all(component, |payload| match payload {
        Payload::InstanceSection(instances) => instances
            .into_iter()
            .filter(|instance| matches!(instance, Ok(wasmparser::Instance::Instantiate { .. })))
            .map(drop)
            .collect(),
        _ => vec![],
    })
    .len()
}

fn is_constant(expression: &ConstExpr<'_>) -> bool {
    let mut operators = expression.get_operators_reader().into_iter();
    matches!(operators.next(), Some(Ok(Operator::I32Const { .. })))
        && matches!(operators.next(), Some(Ok(Operator::End)) | None)
}

#[test]
fn libraries_become_one_module() {
    assert_eq!(instances(&binary(LIBRARIES)), 6);
    // The one, and the one that installs the functions which need its memory.
    assert_eq!(instances(&linked(LIBRARIES)), 2);
}

#[test]
fn addresses_given_at_the_start_become_constants() {
    let linked = linked(LIBRARIES);
    let mutable = all(&linked, |payload| match payload {
        Payload::GlobalSection(globals) => globals.into_iter().map(|global| global.unwrap().ty.mutable).collect(),
        _ => vec![],
    });
    // Only the stack's pointer moves. A global that only an uncalled function sets counts as never set.
    assert_eq!(mutable.iter().filter(|mutable| **mutable).count(), 1, "{mutable:?}");
    let places = all(&linked, |payload| match payload {
        Payload::ElementSection(elements) => elements
            .into_iter()
            .filter_map(|element| match element.unwrap().kind {
                ElementKind::Active { offset_expr, .. } => Some(is_constant(&offset_expr)),
                _ => None,
            })
            .collect(),
        _ => vec![],
    });
    assert_eq!(places, [true; 3]);
}

#[test]
fn functions_keep_their_names_for_stacks() {
    let linked = linked(LIBRARIES);
    let names = all(&linked, |payload| match payload {
        Payload::CustomSection(section) => match section.as_known() {
            KnownCustom::Name(names) => names
                .into_iter()
                .flatten()
                .filter_map(|name| match name {
                    Name::Function(map) => Some(map.into_iter().flatten().map(|naming| naming.name.to_owned())),
                    _ => None,
                })
                .flatten()
                .collect(),
            _ => vec![],
        },
        _ => vec![],
    });
    for name in ["plus", "count"] {
        assert!(names.iter().any(|other| other == name), "{name} is not in {names:?}");
    }
}

#[test]
fn a_component_inside_another_is_linked() {
    let inner = LIBRARIES.replace("(component\n", "(component $inner\n");
    let outer = format!(
        r#"(component
            (import "double" (func $double (param "x" u32) (result u32)))
            (import "say" (func $say (param "text" string)))
            {inner}
            (instance $inner (instantiate $inner (with "double" (func $double)) (with "say" (func $say))))
            (export "run" (func $inner "run")))"#
    );
    assert_eq!(instances(&linked(&outer)), 2);
}

fn unlinked(text: &str) -> Unlinked {
    let component = binary(text);
    assert_valid(&component);
    link(&component).expect_err("left as it is")
}

#[test]
fn components_without_libraries_stay_unchanged() {
    let without = LIBRARIES.lines().filter(|line| !line.contains("@dylink.0")).collect::<Vec<_>>().join("\n");
    assert!(matches!(unlinked(&without), Unlinked::NoLibraries));
    assert!(matches!(unlinked("(component (component))"), Unlinked::NoLibraries));
}

#[test]
fn modules_with_a_start_function_stay_unchanged() {
    let starts = LIBRARIES.replace("(elem (i32.const 5) func $count)", "(func $begin) (start $begin)");
    assert!(matches!(unlinked(&starts), Unlinked::Starts));
}

#[test]
fn two_that_write_into_the_same_table_keep_their_order() {
    let both = LIBRARIES
        .replace("(import \"shim\" \"imports\" (table 1 1 funcref))", "(import \"shim\" \"table\" (table 8 funcref))")
        .replace("(with \"shim\" (instance $shim))", "(with \"shim\" (instance $main))");
    assert!(matches!(unlinked(&both), Unlinked::Circle));
}

#[test]
fn members_that_need_later_instances_stay_unchanged() {
    // A function that reads the memory of `main` goes straight into a library.
    let circle = LIBRARIES.replace(
        "(core func $double (canon lower (func $double)))",
        "(core func $double (canon lower (func $double) (memory (core memory $main \"memory\"))))",
    );
    // So both libraries come after the group, and nothing is left of it that is worth linking.
    assert!(matches!(unlinked(&circle), Unlinked::NoLibraries));
}

#[test]
fn nothing_that_is_damaged_makes_it_panic() {
    let component = binary(LIBRARIES);
    for length in 0..component.len() {
        drop(link(&component[..length]));
    }
    for place in 8..component.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff, component[place] ^ 1, component[place].wrapping_add(1)] {
            let mut damaged = component.clone();
            damaged[place] = value;
            drop(link(&damaged));
        }
    }
}

#[test]
fn depth_is_bounded() {
    let mut component = binary("(component)");
    for _ in 0..2_000 {
        let mut outer = wasm_encoder::Component::new();
        outer.section(&wasm_encoder::RawSection { id: 4, data: &component });
        component = outer.finish();
    }
    assert!(matches!(link(&component), Err(Unlinked::NoLibraries)));
}
