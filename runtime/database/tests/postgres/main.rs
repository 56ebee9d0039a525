//! What is read of a real PostgreSQL while its target works.
#![cfg(test)]

mod access;
mod indexes;
mod locks;
mod statements;
mod support;
