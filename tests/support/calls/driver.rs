//! The guest around its values: the calls and their order, the kept handles, and the exports of its world.

use std::fmt::Write as _;

use wit_parser::Type;
use wit_parser::abi::AbiVariant;

use super::Data;
use super::contract::{Callee, Contract};
use super::values::{Values, core};

/// The number of kept handles of a kind: more than a guest may hold.
const POOL: usize = 12_000;
/// The buffer that large texts and lists point to.
const LARGE: usize = 1 << 20;
/// The place of results, and their largest size.
const RESULT: (usize, usize) = (256, 2048);

pub(super) fn module(contract: &Contract, texts: &[String]) -> String {
    let callees = contract.callees();
    let (mut data, mut values) = (Data::new(), Values::new(contract));
    let imports: String = callees.iter().enumerate().map(|(number, callee)| import(contract, number, callee)).collect();
    let calls: String =
        callees.iter().enumerate().map(|(number, callee)| call(&mut values, contract, number, callee)).collect();
    let pools = pools(contract, &values, &mut data);
    let takers = takers(&callees, &values, &mut data);
    let request = request(&callees, &values, &mut data, &texts[0]);
    let values = values.functions;
    let driver = driver(&callees, &mut data, pools.1, takers);
    let arbitrary = arbitrary(texts, &mut data);
    let exports = exports(&mut data);
    let large = data.reserve(LARGE);
    let heap = data.end;
    let pages = heap.div_ceil(1 << 16) + 4;
    let [drops, pools] = pools.0;
    let Data { segments, .. } = data;
    format!(
        "(module
          {imports} {drops}
          (memory (export \"memory\") {pages})
          (global $large i32 (i32.const {large}))
          (global $first_room i32 (i32.const {heap}))
          {segments} {ARBITRARY} {arbitrary} {values} {pools} {calls} {request} {driver} {exports})"
    )
}

fn import(contract: &Contract, number: usize, callee: &Callee<'_>) -> String {
    let signature = contract.resolve.wasm_signature(AbiVariant::GuestImport, callee.function);
    let words = |types: &[wit_parser::abi::WasmType]| types.iter().map(|ty| core(*ty)).collect::<Vec<_>>().join(" ");
    format!(
        "(import \"{}\" \"{}\" (func $import_{number} (param {}) (result {})))\n",
        callee.interface,
        callee.function.name,
        words(&signature.params),
        words(&signature.results)
    )
}

/// A function that calls this one once, if there are handles of its kinds.
fn call(values: &mut Values<'_>, contract: &Contract, number: usize, callee: &Callee<'_>) -> String {
    let function = callee.function;
    let signature = contract.resolve.wasm_signature(AbiVariant::GuestImport, function);
    let types: Vec<&Type> = function.params.iter().map(|parameter| &parameter.ty).collect();
    let mut body = String::new();
    for missing in types.iter().map(|ty| values.is_missing(ty)).filter(|missing| !missing.is_empty()) {
        let _ = writeln!(body, "(if (i32.and {missing} (i32.eqz (global.get $wild))) (then (return)))");
    }
    let (fields, size) = values.fields(types);
    let _ = writeln!(body, "(local.set $at (call $room (i32.const {size})))");
    for (offset, ty) in &fields {
        body.push_str(&values.put(ty, *offset));
    }
    let mut arguments = if signature.indirect_params {
        "(local.get $at)".to_owned()
    } else {
        fields.iter().flat_map(|(offset, ty)| values.flat(ty, *offset)).map(|(_, value)| value).collect()
    };
    let (place, room) = RESULT;
    if signature.retptr {
        let size = function.result.as_ref().map_or(0, |ty| values.size(ty));
        assert!(size <= room, "{} returns {size} bytes", callee.name());
        let _ = write!(arguments, "(i32.const {place})");
    }
    let _ = writeln!(body, "(call $mark (i32.const {number}))");
    let called = format!("(call $import_{number} {arguments})");
    body.push_str(&match signature.results.first() {
        None => called,
        Some(ty) => format!("({}.store (i32.const {place}) {called})", core(*ty)),
    });
    if let Some(result) = &function.result {
        let take = values.take(result, 0);
        let _ = writeln!(body, "(local.set $at (i32.const {place})) {take}");
    }
    format!("(func $call_{number} (local $at i32)\n{body})\n")
}

/// The imports that drop handles, and the functions of each kind; and the number of kinds.
fn pools(contract: &Contract, values: &Values<'_>, data: &mut Data) -> ([String; 2], usize) {
    let (mut imports, mut functions) = (String::new(), String::new());
    for (kind, resource) in values.resources().iter().enumerate() {
        let (interface, name) = contract.place(*resource);
        let _ = writeln!(
            imports,
            "(import \"{interface}\" \"[resource-drop]{name}\" (func $import_drop_{kind} (param i32)))"
        );
        let pool = data.reserve(4 + 4 * POOL);
        let _ = writeln!(
            functions,
            "(func $none_{kind} (result i32) (i32.eqz (i32.load (i32.const {pool}))))
             (func $lend_{kind} (result i32) (call $lend (i32.const {pool})))
             (func $give_{kind} (result i32) (call $give (i32.const {pool})))
             (func $keep_{kind} (param $handle i32)
               (if (i32.ge_u (i32.load (i32.const {pool})) (i32.const {POOL}))
                 (then (call $import_drop_{kind} (local.get $handle)))
                 (else (global.set $latest (i32.const {kind})) (call $keep (i32.const {pool}) (local.get $handle)))))
             (func $drop_{kind}
               (if (i32.or (global.get $wild) (i32.load (i32.const {pool})))
                 (then (call $import_drop_{kind} (call $give (i32.const {pool}))))))
             (func $drop_all_{kind}
               (loop $more
                 (if (i32.load (i32.const {pool}))
                   (then (call $import_drop_{kind} (call $give (i32.const {pool}))) (br $more)))))"
        );
    }
    ([imports, functions], values.resources().len())
}

/// For each kind of handle an offset and a count: the functions that take one.
fn takers(callees: &[Callee<'_>], values: &Values<'_>, data: &mut Data) -> usize {
    let takes = |callee: &Callee<'_>, kind| {
        callee.function.params.iter().any(|parameter| values.handle(&parameter.ty) == Some(kind))
    };
    let lists = (0..values.resources().len()).flat_map(|kind| {
        let takers: Vec<usize> =
            callees.iter().enumerate().filter(|(_, callee)| takes(callee, kind)).map(|(number, _)| number).collect();
        // Not read beyond the list, even if it is empty.
        [data.numbers(if takers.is_empty() { &[0] } else { &takers }), takers.len()]
    });
    let lists: Vec<usize> = lists.collect();
    data.numbers(&lists)
}

/// A function that sends a request of `wasi:http` to this authority: few random calls would have all its arguments.
fn request(callees: &[Callee<'_>], values: &Values<'_>, data: &mut Data, authority: &str) -> String {
    let find = |name: &str| {
        let number = callees.iter().position(|callee| !callee.is_ours() && callee.function.name == name);
        number.unwrap_or_else(|| panic!("no {name}"))
    };
    let (fields, request) = (find("[constructor]fields"), find("[constructor]outgoing-request"));
    let (scheme, to) = (find("[method]outgoing-request.set-scheme"), find("[method]outgoing-request.set-authority"));
    let (path, handle) = (find("[method]outgoing-request.set-path-with-query"), find("handle"));
    let get = find("[method]future-incoming-response.get");
    let answer = values.handle(&callees[get].function.params[0].ty).expect("it is one");
    let (at, length) = (data.put(authority.as_bytes()), authority.len());
    format!(
        "(func $request (local $request i32)
           (local.set $request (call $import_{request} (call $import_{fields})))
           (drop (call $import_{scheme} (local.get $request) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
           (drop (call $import_{to} (local.get $request) (i32.const 1) (i32.const {at}) (i32.const {length})))
           (call $listed)
           (drop (call $import_{path} (local.get $request) (i32.const 1) (global.get $place) (global.get $length)))
           (call $import_{handle} (local.get $request) (i32.const 0) (i32.const 0) (i32.const 256))
           (if (i32.eqz (i32.load8_u (i32.const 256))) (then (call $keep_{answer} (i32.load offset=8 (i32.const 256))))))\n"
    )
}

/// The possible steps, in the order of the table: every call, and for each kind to drop one handle or all. The end of
/// the run is not among them: it comes last, and has its own flow.
fn driver(callees: &[Callee<'_>], data: &mut Data, kinds: usize, takers: usize) -> String {
    let end = callees.iter().position(|callee| callee.function.name == "abort").expect("the contract has it");
    let find = |name: &str| callees.iter().position(|callee| callee.name() == format!("squall:scenario/{name}"));
    let find = |name: &str| find(name).unwrap_or_else(|| panic!("no {name}"));
    let (option, check) = (find("context@0.1.0#option"), find("metrics@0.1.0#check"));
    let (get, root) = (find("http@0.1.0#get"), data.put(b"/"));
    let iteration = find("progress@0.1.0#iteration-in-scenario");
    let (mut groups, mut table, mut interface) = (Vec::<(usize, usize)>::new(), Vec::new(), "");
    let mut requests = 0;
    let mut of_contract = [0, 0];
    for (number, callee) in callees.iter().enumerate() {
        if callee.interface != interface {
            interface = &callee.interface;
            if interface.starts_with("wasi:http/types@") {
                requests = groups.len();
            }
            groups.push((table.len(), 0));
        }
        if let Some(group) = groups.last_mut() {
            group.1 += 1;
        }
        table.push(if number == end { "$idle".to_owned() } else { format!("$call_{number}") });
        if callee.is_ours() {
            of_contract = [groups.len(), table.len()];
        }
    }
    table.extend((0..kinds).flat_map(|kind| [format!("$drop_{kind}"), format!("$drop_all_{kind}")]));
    // As often as all steps that are neither.
    table.extend(vec!["$request".to_owned(); 2 * kinds]);
    let (choices, table) = (table.len(), table.join(" "));
    // Most code is reached from here, and a request needs many steps.
    groups.extend(vec![groups[requests]; groups.len()]);
    let group_count = groups.len();
    let groups: Vec<usize> = groups.into_iter().flat_map(|(first, count)| [first, count]).collect();
    let groups = data.numbers(&groups);
    let names: Vec<String> = callees.iter().map(Callee::name).collect();
    let (names, marks, favourites) = (data.texts(&names), data.reserve(callees.len()), data.reserve(16));
    let (seed, tame) = (data.put(b"SEED"), data.put(b"TAME"));
    let [our_groups, ours] = of_contract;
    let all_dropped: String = (0..kinds).map(|kind| format!("(call $drop_all_{kind})\n")).collect();
    format!(
        "(func $idle)
         (table funcref (elem {table}))
         (type $nothing (func))
         (func $mark (param $number i32) (local $name i32)
           (if (i32.eqz (global.get $tame)) (then (return)))
           (if (i32.load8_u offset={marks} (local.get $number)) (then (return)))
           (i32.store8 offset={marks} (local.get $number) (i32.const 1))
           (local.set $name (i32.add (i32.const {names}) (i32.shl (local.get $number) (i32.const 3))))
           (call $import_{check} (i32.load (local.get $name)) (i32.load offset=4 (local.get $name)) (i32.const 1)))
         ;; The number that the user gave; 0 for none.
         (func $number (param $name i32) (result i64) (local $at i32) (local $end i32) (local $number i64)
           (call $import_{option} (local.get $name) (i32.const 4) (i32.const 256))
           (if (i32.eqz (i32.load8_u (i32.const 256))) (then (return (i64.const 0))))
           (local.set $at (i32.load (i32.const 260)))
           (local.set $end (i32.add (local.get $at) (i32.load (i32.const 264))))
           (block $done (loop $more
             (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
             (local.set $number (i64.add (i64.mul (local.get $number) (i64.const 10))
               (i64.sub (i64.load8_u (local.get $at)) (i64.const 48))))
             (local.set $at (i32.add (local.get $at) (i32.const 1)))
             (br $more)))
           (local.get $number))
         (func $prepare
           (global.set $room (global.get $first_room))
           (if (i32.eqz (i32.load8_u (global.get $large)))
             ;; A run in which no request could be made would end.
             (then (memory.fill (global.get $large) (i32.const 97) (i32.const {LARGE}))
               (call $import_{get} (i32.const {root}) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 256))))
           (global.set $tame (i32.wrap_i64 (call $number (i32.const {tame}))))
           (global.set $state (i64.add (i64.mul (call $number (i32.const {seed})) (i64.const 1000003)) (call $import_{iteration})))
           (drop (call $next)))
         (func $in_group (param $group i32) (result i32)
           (local.set $group (i32.add (i32.const {groups}) (i32.shl (local.get $group) (i32.const 3))))
           (i32.add (i32.load (local.get $group)) (call $below (i32.load offset=4 (local.get $group)))))
         ;; Something that takes a handle like the one that came last, if there is any: so sequences get on.
         (func $next_with_latest (result i32) (local $list i32)
           (local.set $list (i32.add (i32.const {takers}) (i32.shl (global.get $latest) (i32.const 3))))
           (i32.load (i32.add (i32.load (local.get $list))
             (i32.shl (call $below (i32.load offset=4 (local.get $list))) (i32.const 2)))))
         (func $choose (param $group i32) (result i32) (local $way i32)
           (if (call $below (i32.const 2)) (then (return (call $next_with_latest))))
           (local.set $way (call $below (i32.const 8)))
           (if (i32.lt_u (local.get $way) (i32.const 4))
             (then (return (i32.load offset={favourites} (i32.shl (call $below (i32.const 4)) (i32.const 2))))))
           (if (i32.lt_u (local.get $way) (i32.const 6)) (then (return (call $in_group (local.get $group)))))
           (if (i32.eq (local.get $way) (i32.const 6)) (then (return (call $below (i32.const {ours})))))
           (call $below (i32.const {choices})))
         ;; Few functions of one interface above all, so that some come often.
         (func $sequence (local $group i32) (local $steps i32) (local $what i32) (local $times i32)
           (local.set $group (call $below (select (i32.const {our_groups}) (i32.const {group_count}) (call $below (i32.const 2)))))
           (loop $more
             (i32.store offset={favourites} (i32.shl (local.get $times) (i32.const 2)) (call $in_group (local.get $group)))
             (local.set $times (i32.add (local.get $times) (i32.const 1)))
             (br_if $more (i32.lt_u (local.get $times) (i32.const 4))))
           (local.set $steps (i32.shl (i32.const 1) (call $below (i32.const 8))))
           (if (i32.eqz (call $below (i32.const 64))) (then (local.set $steps (i32.const 2048))))
           (loop $step
             (local.set $what (call $choose (local.get $group)))
             (local.set $times (i32.const 1))
             (if (i32.eqz (call $below (i32.const 8))) (then (local.set $times (call $below (i32.const 64)))))
             (if (i32.eqz (call $below (i32.const 512))) (then (local.set $times (i32.const 11000))))
             (loop $again
               (global.set $room (global.get $first_room))
               (global.set $fat (i32.eqz (call $below (i32.const 32))))
               (global.set $wild (i32.and (i32.eqz (global.get $tame)) (i32.eqz (call $below (i32.const 500)))))
               (call_indirect (type $nothing) (local.get $what))
               (local.set $times (i32.sub (local.get $times) (i32.const 1)))
               (br_if $again (i32.gt_s (local.get $times) (i32.const 0))))
             (local.set $steps (i32.sub (local.get $steps) (i32.const 1)))
             (br_if $step (local.get $steps)))
           ;; What is left is there for the next sequence of this instance, or not.
           (if (call $below (i32.const 2)) (then {all_dropped})))
         (func (export \"run\") (param $flow i32) (result i32)
           (call $prepare)
           (if (local.get $flow) (then (call $call_{end})) (else (call $sequence)))
           (i32.store8 (i32.const 256) (i32.const 0))
           (i32.const 256))"
    )
}

/// The exports of the world besides `run`.
fn exports(data: &mut Data) -> String {
    let names = ["calls", "abort"];
    let mut flows = Vec::new();
    for (weight, name) in names.iter().enumerate() {
        flows.extend([data.put(name.as_bytes()), name.len(), 1 - weight]);
    }
    let flows = data.numbers(&flows);
    let description = data.numbers(&[flows, names.len(), 0, 0]);
    format!(
        "(func (export \"describe\") (result i32) (i32.const {description}))
         (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (call $room (local.get 3)))"
    )
}

/// The content of texts and lists of bytes.
fn arbitrary(texts: &[String], data: &mut Data) -> String {
    let first = data.end;
    let list = data.texts(texts);
    let count = texts.len();
    format!(
        "(func $listed (local $text i32)
           (local.set $text (i32.add (i32.const {list}) (i32.shl (call $below (i32.const {count})) (i32.const 3))))
           (global.set $place (i32.load (local.get $text)))
           (global.set $length (i32.load offset=4 (local.get $text))))
         ;; A part of the large buffer; most are small.
         (func $part_of_large
           (global.set $place (global.get $large))
           (global.set $length (call $below (i32.shl (i32.const 1) (call $below (i32.const 21))))))
         ;; A few bytes from anywhere in the texts: letters may be cut in two.
         (func $cut
           (global.set $place (i32.add (i32.const {first}) (call $below (i32.const {length}))))
           (global.set $length (call $below (i32.const 64))))
         (func $text (local $way i32)
           (local.set $way (call $below (i32.const 256)))
           (if (global.get $tame) (then (local.set $way (i32.const 255))))
           (if (i32.and (global.get $fat) (i32.eqz (global.get $tame)))
             (then (global.set $place (global.get $large)) (global.set $length (i32.const {LARGE})) (return)))
           (if (i32.eqz (local.get $way)) (then (call $cut) (return)))
           (if (i32.lt_u (local.get $way) (i32.const 24)) (then (call $part_of_large) (return)))
           (if (i32.lt_u (local.get $way) (i32.const 32)) (then (global.set $length (i32.const 0)) (return)))
           (if (global.get $wild) (then (global.set $place (i32.const -2)) (global.set $length (i32.const -1)) (return)))
           (call $listed))
         (func $bytes
           (call $part_of_large)
           (if (call $below (i32.const 2)) (then (call $listed)))
           (if (i32.eqz (call $below (i32.const 8))) (then (call $cut)))
           (if (global.get $fat) (then (global.set $place (global.get $large)) (global.set $length (i32.const {LARGE})))))",
        length = list - first
    )
}

/// Numbers, room and handles.
const ARBITRARY: &str = "
  (global $state (mut i64) (i64.const 0))
  (global $room (mut i32) (i32.const 0))
  (global $place (mut i32) (i32.const 0))
  (global $length (mut i32) (i32.const 0))
  ;; Whether texts and lists of bytes are as large as they can be.
  (global $fat (mut i32) (i32.const 0))
  ;; Whether the rules of the canonical ABI are broken, too.
  (global $wild (mut i32) (i32.const 0))
  (global $tame (mut i32) (i32.const 0))
  ;; The kind of the handle that came last.
  (global $latest (mut i32) (i32.const 0))
  ;; SplitMix64.
  (func $next (result i64) (local $z i64)
    (global.set $state (i64.add (global.get $state) (i64.const 0x9e3779b97f4a7c15)))
    (local.set $z (global.get $state))
    (local.set $z (i64.mul (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 30))) (i64.const 0xbf58476d1ce4e5b9)))
    (local.set $z (i64.mul (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 27))) (i64.const 0x94d049bb133111eb)))
    (i64.xor (local.get $z) (i64.shr_u (local.get $z) (i64.const 31))))
  (func $below (param $end i32) (result i32)
    (if (i32.eqz (local.get $end)) (then (return (i32.const 0))))
    (i32.wrap_i64 (i64.rem_u (call $next) (i64.extend_i32_u (local.get $end)))))
  (func $power (result i64) (i64.shl (i64.const 1) (i64.extend_i32_u (call $below (i32.const 64)))))
  (func $int (result i64) (local $way i32)
    (local.set $way (call $below (i32.const 8)))
    (if (i32.eq (local.get $way) (i32.const 0)) (then (return (i64.const 0))))
    (if (i32.eq (local.get $way) (i32.const 1)) (then (return (i64.const -1))))
    (if (i32.eq (local.get $way) (i32.const 2)) (then (return (call $power))))
    (if (i32.eq (local.get $way) (i32.const 3)) (then (return (i64.sub (call $power) (i64.const 1)))))
    (if (i32.eq (local.get $way) (i32.const 4)) (then (return (call $next))))
    (i64.extend_i32_u (call $below (select (i32.const 10) (i32.const 1000) (i32.and (local.get $way) (i32.const 1))))))
  (func $float (result f64) (local $way i32)
    (local.set $way (call $below (i32.const 8)))
    (if (i32.eq (local.get $way) (i32.const 0)) (then (return (f64.const nan))))
    (if (i32.eq (local.get $way) (i32.const 1)) (then (return (f64.const inf))))
    (if (i32.eq (local.get $way) (i32.const 2)) (then (return (f64.const -0))))
    (if (i32.eq (local.get $way) (i32.const 3)) (then (return (f64.const 1.7976931348623157e308))))
    (if (i32.eq (local.get $way) (i32.const 4)) (then (return (f64.reinterpret_i64 (call $next)))))
    (f64.convert_i64_s (call $int)))
  (func $count (result i32) (local $way i32)
    (local.set $way (call $below (i32.const 16)))
    (if (i32.eqz (local.get $way)) (then (return (call $below (i32.const 2000)))))
    (if (i32.lt_u (local.get $way) (i32.const 4)) (then (return (call $below (i32.const 100)))))
    (call $below (i32.const 4)))
  (func $room (param $bytes i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $room) (i32.const 7)) (i32.const -8)))
    (global.set $room (i32.add (local.get $at) (local.get $bytes)))
    (loop $more
      (if (i32.gt_u (global.get $room) (i32.mul (memory.size) (i32.const 65536)))
        (then
          (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (unreachable)))
          (br $more))))
    (local.get $at))
  (func $any (param $pool i32) (result i32)
    (i32.add (local.get $pool) (i32.shl (i32.add (i32.const 1) (call $below (i32.load (local.get $pool)))) (i32.const 2))))
  (func $lend (param $pool i32) (result i32)
    (if (global.get $wild) (then (return (call $below (i32.const 64)))))
    (if (i32.eqz (i32.load (local.get $pool))) (then (return (i32.const 0))))
    (i32.load (call $any (local.get $pool))))
  (func $give (param $pool i32) (result i32) (local $at i32) (local $handle i32)
    (if (global.get $wild) (then (return (call $below (i32.const 64)))))
    (if (i32.eqz (i32.load (local.get $pool))) (then (return (i32.const 0))))
    (local.set $at (call $any (local.get $pool)))
    (local.set $handle (i32.load (local.get $at)))
    (i32.store (local.get $at) (i32.load (i32.add (local.get $pool) (i32.shl (i32.load (local.get $pool)) (i32.const 2)))))
    (i32.store (local.get $pool) (i32.sub (i32.load (local.get $pool)) (i32.const 1)))
    (local.get $handle))
  (func $keep (param $pool i32) (param $handle i32)
    (i32.store (local.get $pool) (i32.add (i32.load (local.get $pool)) (i32.const 1)))
    (i32.store (i32.add (local.get $pool) (i32.shl (i32.load (local.get $pool)) (i32.const 2))) (local.get $handle)))
";
