//! Findings over evidence made by hand: each cause where it is, and nothing where it is not.

mod application;
mod database;
mod outside;
mod resources;
mod world;
