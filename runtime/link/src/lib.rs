//! Links components that were built from shared libraries into one core module, once, before they are compiled.
//!
//! Toolchains for languages with an interpreter (componentize-py, componentize-qjs) join its libraries as a dynamic
//! linker does: each is a module of its own, which receives its place in memory and in the table when an instance is
//! made. Then no call from one library into another can be direct, the compiler knows no address, and each instance
//! fills its tables by itself. Here everything is known that a static linker knows, so linking is done once: calls
//! become direct, places become constants, and wasmtime lays out tables and memory in the image that all instances
//! share.
//!
//! It reads and writes bytes and knows nothing of scenarios or of wasmtime. Components that it does not understand stay
//! unchanged.

mod exports;
mod group;
mod kind;
mod layout;
mod linked;
mod live;
mod member;
mod merge;
mod order;
mod rewrite;
mod shape;
#[cfg(test)]
mod tests;
mod unlinked;
mod uses;

pub use unlinked::Unlinked;

/// Version of the output of [`link`]: it changes whenever the same component is linked differently.
pub const VERSION: u32 = 1;

/// Links a component.
///
/// # Errors
/// The reason to leave the component unchanged. That is not a failure: the unlinked component behaves the same.
pub fn link(component: &[u8]) -> Result<Vec<u8>, Unlinked> {
    rewrite::rewrite(component)
}
