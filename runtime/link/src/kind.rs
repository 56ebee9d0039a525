//! The five kinds of things that core modules hand to one another.

use wasmparser::ExternalKind;

/// Kinds of imports and exports; each kind has its own index space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Function,
    Table,
    Memory,
    Global,
    Tag,
}

/// Something for each kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct PerKind<T>([T; 5]);

impl Kind {
    pub(crate) const ALL: [Kind; 5] = [Kind::Function, Kind::Table, Kind::Memory, Kind::Global, Kind::Tag];
}

impl From<ExternalKind> for Kind {
    fn from(kind: ExternalKind) -> Kind {
        match kind {
            ExternalKind::Func | ExternalKind::FuncExact => Kind::Function,
            ExternalKind::Table => Kind::Table,
            ExternalKind::Memory => Kind::Memory,
            ExternalKind::Global => Kind::Global,
            ExternalKind::Tag => Kind::Tag,
        }
    }
}

impl From<Kind> for wasm_encoder::ExportKind {
    fn from(kind: Kind) -> wasm_encoder::ExportKind {
        match kind {
            Kind::Function => wasm_encoder::ExportKind::Func,
            Kind::Table => wasm_encoder::ExportKind::Table,
            Kind::Memory => wasm_encoder::ExportKind::Memory,
            Kind::Global => wasm_encoder::ExportKind::Global,
            Kind::Tag => wasm_encoder::ExportKind::Tag,
        }
    }
}

impl<T> std::ops::Index<Kind> for PerKind<T> {
    type Output = T;

    fn index(&self, kind: Kind) -> &T {
        &self.0[kind as usize]
    }
}

impl<T> std::ops::IndexMut<Kind> for PerKind<T> {
    fn index_mut(&mut self, kind: Kind) -> &mut T {
        &mut self.0[kind as usize]
    }
}
