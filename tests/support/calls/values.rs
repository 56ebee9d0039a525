//! Code of the guest that makes a random value of any type, and that keeps the handles of a result.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use wit_parser::abi::{FlatTypes, WasmType};
use wit_parser::{Handle, SizeAlign, Type, TypeDefKind, TypeId};

use super::contract::Contract;

/// Writes the functions for values.
pub(super) struct Values<'a> {
    contract: &'a Contract,
    sizes: SizeAlign,
    resources: Vec<TypeId>,
    written: BTreeSet<String>,
    pub(super) functions: String,
}

/// An argument of a core function: its type, and an expression for it.
type Flat = (WasmType, String);

impl<'a> Values<'a> {
    pub(super) fn new(contract: &'a Contract) -> Values<'a> {
        let mut sizes = SizeAlign::default();
        sizes.fill(&contract.resolve);
        let resources = contract.resources();
        Values { contract, sizes, resources, written: BTreeSet::new(), functions: String::new() }
    }

    pub(super) fn resources(&self) -> &[TypeId] {
        &self.resources
    }

    fn pool(&self, resource: TypeId) -> usize {
        let resource = self.contract.resource(resource);
        self.resources.iter().position(|id| *id == resource).expect("all are known")
    }

    fn kind(&self, id: TypeId) -> &'a TypeDefKind {
        &self.contract.resolve.types[id].kind
    }

    pub(super) fn size(&self, ty: &Type) -> usize {
        self.sizes.size(ty).size_wasm32()
    }

    /// The fields of these types one after the other, with their offsets, and their total size.
    pub(super) fn fields<'t>(
        &self,
        types: impl IntoIterator<Item = &'t Type> + Clone,
    ) -> (Vec<(usize, &'t Type)>, usize) {
        let offsets = self.sizes.field_offsets(types.clone());
        let fields = offsets.into_iter().map(|(offset, ty)| (offset.size_wasm32(), ty)).collect();
        (fields, self.sizes.record(types).size.size_wasm32())
    }

    /// The cases of a variant type, with their payloads.
    fn cases(&self, id: TypeId) -> Option<Vec<Option<&'a Type>>> {
        match self.kind(id) {
            TypeDefKind::Variant(variant) => Some(variant.cases.iter().map(|case| case.ty.as_ref()).collect()),
            TypeDefKind::Enum(cases) => Some(vec![None; cases.cases.len()]),
            TypeDefKind::Option(some) => Some(vec![None, Some(some)]),
            TypeDefKind::Result(result) => Some(vec![result.ok.as_ref(), result.err.as_ref()]),
            _ => None,
        }
    }

    /// The offset of the payload of the cases.
    fn payload(&self, cases: &[Option<&'a Type>]) -> usize {
        assert!(cases.len() <= 256, "the case is a byte");
        self.sizes.payload_offset(wit_parser::Int::U8, cases.iter().copied()).size_wasm32()
    }

    fn members(&self, id: TypeId) -> Option<Vec<&'a Type>> {
        match self.kind(id) {
            TypeDefKind::Record(record) => Some(record.fields.iter().map(|field| &field.ty).collect()),
            TypeDefKind::Tuple(tuple) => Some(tuple.types.iter().collect()),
            TypeDefKind::Type(ty) => Some(vec![ty]),
            _ => None,
        }
    }

    /// Stores a random value at `$at` plus an offset.
    pub(super) fn put(&mut self, ty: &Type, offset: usize) -> String {
        let store =
            |instruction: &str, value: &str| format!("({instruction} offset={offset} (local.get $at) {value})\n");
        let int = "(i32.wrap_i64 (call $int))";
        match ty {
            Type::Bool => store("i32.store8", "(call $below (i32.const 2))"),
            Type::U8 | Type::S8 => store("i32.store8", int),
            Type::U16 | Type::S16 => store("i32.store16", int),
            Type::U32 | Type::S32 => store("i32.store", int),
            Type::U64 | Type::S64 => store("i64.store", "(call $int)"),
            Type::F32 => store("f32.store", "(f32.demote_f64 (call $float))"),
            Type::F64 => store("f64.store", "(call $float)"),
            Type::Char => store("i32.store", "(call $below (i32.const 0xd800))"),
            Type::String => format!("(call $text)\n{}", store_place(offset)),
            Type::ErrorContext => panic!("nothing has one"),
            Type::Id(id) => self.put_defined(*id, offset),
        }
    }

    fn put_defined(&mut self, id: TypeId, offset: usize) -> String {
        if let Some(members) = self.members(id) {
            let (fields, _) = self.fields(members);
            return fields.into_iter().map(|(at, ty)| self.put(ty, offset + at)).collect();
        }
        match self.kind(id) {
            TypeDefKind::Handle(Handle::Own(resource)) => {
                format!("(i32.store offset={offset} (local.get $at) (call $give_{}))\n", self.pool(*resource))
            }
            TypeDefKind::Handle(Handle::Borrow(resource)) => {
                format!("(i32.store offset={offset} (local.get $at) (call $lend_{}))\n", self.pool(*resource))
            }
            TypeDefKind::Flags(flags) => {
                let width = if flags.flags.len() <= 8 { "8" } else { "16" };
                assert!(flags.flags.len() <= 16, "wider flags are not known here");
                format!("(i32.store{width} offset={offset} (local.get $at) (i32.wrap_i64 (call $next)))\n")
            }
            TypeDefKind::List(Type::U8) => format!("(call $bytes)\n{}", store_place(offset)),
            _ => {
                self.write_put(id);
                format!("(call $put_{} (i32.add (local.get $at) (i32.const {offset})))\n", id.index())
            }
        }
    }

    /// A function that stores a value of that type.
    fn write_put(&mut self, id: TypeId) {
        if !self.written.insert(format!("put {}", id.index())) {
            return;
        }
        let body = match (self.cases(id), self.kind(id)) {
            (Some(cases), _) => self.put_case(&cases),
            (None, TypeDefKind::List(element)) => self.put_list(element),
            (None, other) => panic!("there is no value of {other:?}"),
        };
        let _ = writeln!(
            self.functions,
            "(func $put_{} (param $at i32) (local $case i32) (local $count i32) (local $end i32)\n{body})",
            id.index()
        );
    }

    fn put_case(&mut self, cases: &[Option<&'a Type>]) -> String {
        let payload = self.payload(cases);
        let mut body =
            format!("(local.set $case (call $below (i32.add (i32.const {}) (global.get $wild))))\n", cases.len());
        for (case, ty) in cases.iter().enumerate() {
            if let Some(missing) = ty.map(|ty| self.is_missing(ty)).filter(|missing| !missing.is_empty()) {
                let _ = writeln!(
                    body,
                    "(if (i32.and (i32.eq (local.get $case) (i32.const {case})) {missing}) (then (local.set $case (i32.const 0))))"
                );
            }
        }
        body.push_str("(i32.store8 (local.get $at) (local.get $case))\n");
        for (case, ty) in cases.iter().enumerate() {
            let Some(ty) = ty else { continue };
            let put = self.put(ty, payload);
            let _ = writeln!(body, "(if (i32.eq (local.get $case) (i32.const {case})) (then {put}))");
        }
        body
    }

    /// The kind of handle of the type, if it is one or a list of them.
    pub(super) fn handle(&self, ty: &Type) -> Option<usize> {
        let Type::Id(id) = ty else { return None };
        match self.kind(*id) {
            TypeDefKind::Type(ty) | TypeDefKind::List(ty) => self.handle(ty),
            TypeDefKind::Handle(Handle::Own(resource) | Handle::Borrow(resource)) => Some(self.pool(*resource)),
            _ => None,
        }
    }

    /// Code that is true without a handle of the type; empty if it is not a handle.
    pub(super) fn is_missing(&self, ty: &Type) -> String {
        self.handle(ty).map_or_else(String::new, |kind| format!("(call $none_{kind})"))
    }

    fn put_list(&mut self, element: &Type) -> String {
        let (size, put) = (self.size(element), self.put(element, 0));
        format!(
            "(local.set $count (call $count))
             (local.set $end (call $room (i32.mul (local.get $count) (i32.const {size}))))
             (i32.store (local.get $at) (local.get $end))
             (i32.store offset=4 (local.get $at) (local.get $count))
             (local.set $at (local.get $end))
             (local.set $end (i32.add (local.get $at) (i32.mul (local.get $count) (i32.const {size}))))
             (block $done (loop $more
               (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
               {put}
               (local.set $at (i32.add (local.get $at) (i32.const {size})))
               (br $more)))"
        )
    }

    /// The value at `$at` plus an offset, as arguments of a core function.
    pub(super) fn flat(&self, ty: &Type, offset: usize) -> Vec<Flat> {
        let load =
            |ty: WasmType, instruction: &str| vec![(ty, format!("({instruction} offset={offset} (local.get $at))"))];
        let place = || {
            let word = |offset: usize| (WasmType::I32, format!("(i32.load offset={offset} (local.get $at))"));
            vec![word(offset), word(offset + 4)]
        };
        let id = match ty {
            Type::Bool | Type::U8 => return load(WasmType::I32, "i32.load8_u"),
            Type::S8 => return load(WasmType::I32, "i32.load8_s"),
            Type::U16 => return load(WasmType::I32, "i32.load16_u"),
            Type::S16 => return load(WasmType::I32, "i32.load16_s"),
            Type::U32 | Type::S32 | Type::Char | Type::ErrorContext => return load(WasmType::I32, "i32.load"),
            Type::U64 | Type::S64 => return load(WasmType::I64, "i64.load"),
            Type::F32 => return load(WasmType::F32, "f32.load"),
            Type::F64 => return load(WasmType::F64, "f64.load"),
            Type::String => return place(),
            Type::Id(id) => *id,
        };
        if let Some(members) = self.members(id) {
            return self.fields(members).0.into_iter().flat_map(|(at, ty)| self.flat(ty, offset + at)).collect();
        }
        if let Some(cases) = self.cases(id) {
            return self.flat_cases(ty, &cases, offset);
        }
        match self.kind(id) {
            TypeDefKind::Flags(flags) if flags.flags.len() <= 8 => load(WasmType::I32, "i32.load8_u"),
            TypeDefKind::Flags(_) => load(WasmType::I32, "i32.load16_u"),
            TypeDefKind::Handle(_) => load(WasmType::I32, "i32.load"),
            TypeDefKind::List(_) => place(),
            other => panic!("{other:?} is not passed"),
        }
    }

    /// The case, and then the joined payloads.
    fn flat_cases(&self, ty: &Type, cases: &[Option<&'a Type>], offset: usize) -> Vec<Flat> {
        let case = format!("(i32.load8_u offset={offset} (local.get $at))");
        let payload = offset + self.payload(cases);
        let payloads: Vec<Vec<Flat>> =
            cases.iter().map(|ty| ty.map_or_else(Vec::new, |ty| self.flat(ty, payload))).collect();
        let mut flat = vec![(WasmType::I32, case.clone())];
        for (place, joined) in self.flat_types(ty).into_iter().enumerate().skip(1) {
            let name = core(joined);
            let mut value = format!("({name}.const 0)");
            for (number, payload) in payloads.iter().enumerate() {
                let Some((own, own_value)) = payload.get(place - 1) else { continue };
                let own_value = widened(*own, joined, own_value);
                value = format!(
                    "(if (result {name}) (i32.eq {case} (i32.const {number})) (then {own_value}) (else {value}))"
                );
            }
            flat.push((joined, value));
        }
        flat
    }

    fn flat_types(&self, ty: &Type) -> Vec<WasmType> {
        let mut room = [WasmType::I32; 32];
        let mut types = FlatTypes::new(&mut room);
        assert!(self.contract.resolve.push_flat(ty, &mut types), "no variant is as large");
        types.to_vec()
    }

    /// Keeps the handles in the value at `$at` plus an offset.
    pub(super) fn take(&mut self, ty: &Type, offset: usize) -> String {
        let Type::Id(id) = ty else { return String::new() };
        if let Some(members) = self.members(*id) {
            let (fields, _) = self.fields(members);
            return fields.into_iter().map(|(at, ty)| self.take(ty, offset + at)).collect();
        }
        if let Some(cases) = self.cases(*id) {
            let payload = offset + self.payload(&cases);
            let takes = cases.iter().enumerate().filter_map(|(case, ty)| {
                let take = self.take((*ty)?, payload);
                let is_case = format!("(i32.eq (i32.load8_u offset={offset} (local.get $at)) (i32.const {case}))");
                (!take.is_empty()).then(|| format!("(if {is_case} (then {take}))\n"))
            });
            return takes.collect();
        }
        match self.kind(*id) {
            TypeDefKind::Handle(Handle::Own(resource)) => {
                format!("(call $keep_{} (i32.load offset={offset} (local.get $at)))\n", self.pool(*resource))
            }
            TypeDefKind::List(element) => self.take_list(*id, element, offset),
            _ => String::new(),
        }
    }

    fn take_list(&mut self, id: TypeId, element: &Type, offset: usize) -> String {
        let (size, take) = (self.size(element), self.take(element, 0));
        if take.is_empty() {
            return take;
        }
        if self.written.insert(format!("take {}", id.index())) {
            let _ = writeln!(
                self.functions,
                "(func $take_{} (param $at i32) (param $count i32)
                   (block $done (loop $more
                     (br_if $done (i32.eqz (local.get $count)))
                     {take}
                     (local.set $at (i32.add (local.get $at) (i32.const {size})))
                     (local.set $count (i32.sub (local.get $count) (i32.const 1)))
                     (br $more))))",
                id.index()
            );
        }
        let word = |offset: usize| format!("(i32.load offset={offset} (local.get $at))");
        format!("(call $take_{} {} {})\n", id.index(), word(offset), word(offset + 4))
    }
}

/// Stores an address and a length that were just made up.
fn store_place(offset: usize) -> String {
    format!(
        "(i32.store offset={offset} (local.get $at) (global.get $place))
         (i32.store offset={} (local.get $at) (global.get $length))\n",
        offset + 4
    )
}

pub(super) fn core(ty: WasmType) -> &'static str {
    match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "i32",
        WasmType::I64 | WasmType::PointerOrI64 => "i64",
        WasmType::F32 => "f32",
        WasmType::F64 => "f64",
    }
}

/// The value of one case in the type that all cases share.
fn widened(from: WasmType, to: WasmType, value: &str) -> String {
    match (core(from), core(to)) {
        (from, to) if from == to => value.to_owned(),
        ("i32", "i64") => format!("(i64.extend_i32_u {value})"),
        ("f32", "i32") => format!("(i32.reinterpret_f32 {value})"),
        ("f32", "i64") => format!("(i64.extend_i32_u (i32.reinterpret_f32 {value}))"),
        ("f64", "i64") => format!("(i64.reinterpret_f64 {value})"),
        (from, to) => panic!("{from} is never {to}"),
    }
}
