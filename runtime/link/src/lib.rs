//! Links components that were built from shared libraries into one core module, once, before they are compiled.
//!
//! Toolchains for languages with an interpreter (componentize-py, componentize-qjs) join its libraries the way a dynamic
//! linker does: each is a module of its own, which is told its place in memory and in the table when an instance is made.
//! Then no call from one library into another can be direct, no address is known to the compiler, and each instance fills
//! its tables by itself. Here everything is known that a static linker knows, so it is done once: calls become direct,
//! places become constants, and wasmtime lays out tables and memory in the image that all instances share.
//!
//! It reads and writes bytes and knows nothing of scenarios or of wasmtime. What it does not understand it leaves as it is.

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

/// The version of what [`link`] makes: it changes when the same component is linked otherwise than before.
pub const VERSION: u32 = 1;

/// Links a component.
///
/// # Errors
/// Why it is better left as it is. That is no failure: it means and does the same.
pub fn link(component: &[u8]) -> Result<Vec<u8>, Unlinked> {
    rewrite::rewrite(component)
}
