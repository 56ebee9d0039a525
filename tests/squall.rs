//! End to end: the real `squall`, real components, real servers on loopback. One binary, so that it links once.

#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods, clippy::disallowed_types)]

mod support;

#[cfg(target_os = "linux")]
mod agents;
mod bad_input;
mod boundaries;
mod breakpoint;
mod cache;
mod calls;
mod connections;
mod container;
mod control;
mod control_client;
mod data;
mod demo;
mod diagnostics;
mod docs_paths;
mod executors;
mod fetch;
mod figures;
mod fuzz_targets;
mod guests;
mod history;
mod hostile;
mod hostile_files;
mod hostile_servers;
mod http2;
mod influxdb;
mod inspect;
mod interruption;
mod k6;
mod k6_http;
mod k6_oracle;
mod known_answers;
mod limits;
mod look_inside;
mod memory;
mod monitoring;
mod one_request;
mod open_load;
mod opentelemetry;
mod options;
mod output;
mod packages;
mod pages;
mod plan;
mod project;
mod prometheus;
mod promises;
mod real_server;
mod registry;
mod rehearse;
mod reports;
mod requests;
mod sandbox;
mod scenarios;
mod screen;
mod secrets;
mod selfcheck;
mod series;
mod server_timing;
mod shop;
mod statsd;
mod streaming;
mod streams;
mod stress;
mod suggestions;
mod tasks;
#[cfg(target_os = "linux")]
mod two_users;
mod ui;
mod verdicts;
