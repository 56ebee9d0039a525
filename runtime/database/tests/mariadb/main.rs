//! What is read of a real MariaDB while its target works.
#![cfg(test)]

mod reading;
mod support;
