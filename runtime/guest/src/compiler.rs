//! Compiling in a process of its own, with a limit on the memory that it takes and an end to the time: what a component makes the
//! compiler do nobody can foresee, and where it runs out of memory the process dies that it runs in.
//!
//! The process is this program once more, called with [`CALLED`]: it reads what to compile from its standard input, and writes the
//! code, or why there is none, to its standard output. Which program that is, its `main` says; where none has, as in tests, it is
//! compiled here.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use squall_plan::Limits;
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine::{Layout, survey_engine};
use crate::error::GuestError;
use crate::linked;

/// The only argument of the program where it is to compile.
const CALLED: &str = "compile-for-the-program-that-called";
/// As much as a main thread usually has.
const STACK: usize = 8 << 20;

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// What compiled code depends on, and what making it may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) layout: Layout,
    /// The limit of a linear memory, which shapes the code of the dense layout.
    pub(crate) guest_memory: u64,
    pub(crate) time: Duration,
    pub(crate) memory: u64,
}

impl Order {
    pub(crate) fn new(limits: &Limits, layout: Layout) -> Order {
        Order { layout, guest_memory: limits.memory, time: limits.compile, memory: limits.compile_memory }
    }

    /// In words, for the other process.
    fn arguments(&self) -> [String; 3] {
        let layout = if self.layout == Layout::Dense { "dense" } else { "roomy" };
        [layout.to_owned(), self.guest_memory.to_string(), self.memory.to_string()]
    }

    fn parse(arguments: &[String]) -> Option<Order> {
        let [layout, guest_memory, memory] = arguments else { return None };
        let layout = if layout == "dense" { Layout::Dense } else { Layout::Roomy };
        let (guest_memory, memory) = (guest_memory.parse().ok()?, memory.parse().ok()?);
        Some(Order { layout, guest_memory, time: Duration::MAX, memory })
    }
}

/// To be called first in `main`: if the program was called to compile, it does, and this is its exit code. Otherwise it is what
/// will be called.
pub fn compile_if_called() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(CALLED)) {
        if let Ok(program) = std::env::current_exe() {
            // It is called once.
            let _ = PROGRAM.set(program);
        }
        return None;
    }
    let arguments: Vec<String> = arguments.filter_map(|argument| argument.into_string().ok()).collect();
    let answered = Order::parse(&arguments).ok_or(io::ErrorKind::InvalidInput.into()).and_then(answer);
    Some(if answered.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Compiles what comes in.
fn answer(order: Order) -> io::Result<()> {
    bound_this_process(order.memory);
    let mut component = Vec::new();
    io::stdin().lock().read_to_end(&mut component)?;
    let limits = Limits { memory: order.guest_memory, ..Limits::default() };
    let (kind, bytes) = match code_of(&limits, order.layout, &component) {
        Ok(code) => (b'c', code),
        Err(text) => (b'e', text.into_bytes()),
    };
    let mut out = io::stdout().lock();
    out.write_all(&[kind])?;
    out.write_all(&bytes)?;
    out.flush()
}

fn code_of(limits: &Limits, layout: Layout, component: &[u8]) -> Result<Vec<u8>, String> {
    let engine = survey_engine(limits, layout).map_err(|error| error.to_string())?;
    let compiled = linked::compile(&engine, component).and_then(|component| component.serialize());
    compiled.map_err(|error| format!("{error:#}"))
}

/// Only what is written to counts, not address space. It dies with the process that called it.
#[cfg(target_os = "linux")]
fn bound_this_process(memory: u64) {
    let limit = libc::rlimit { rlim_cur: memory, rlim_max: memory };
    // SAFETY: `limit` is valid; the others take numbers only. Where they fail there is no limit, as on other systems.
    unsafe {
        libc::setrlimit(libc::RLIMIT_DATA, &limit);
        libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 });
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
}

#[cfg(not(target_os = "linux"))]
fn bound_this_process(_memory: u64) {}

/// Compiles a component for an engine that was made with the same settings.
pub(crate) fn compile(engine: &Engine, component: &[u8], order: &Order) -> Result<Component, GuestError> {
    let Some(program) = PROGRAM.get() else { return compile_here(engine, component, order.time) };
    let mut command = Command::new(program);
    command.arg(CALLED).args(order.arguments()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // What it only reserves should not count, or there is little to compile with.
    command.env("MIMALLOC_ARENA_EAGER_COMMIT", "0");
    let mut child = match command.spawn() {
        Ok(child) => child,
        // The program may have been replaced since it was started.
        Err(_) => return compile_here(engine, component, order.time),
    };
    let answer = answer_of(&mut child, component, order.time);
    // If it has ended, there is nothing to end.
    let _ = child.kill();
    let _ = child.wait();
    let answer = answer?;
    match answer.split_first() {
        // SAFETY: these bytes were made by this program from a component, in another process of it. Wasmtime checks that an
        // engine with the same settings made them.
        Some((b'c', code)) => {
            unsafe { Component::deserialize(engine, code) }.map_err(|error| GuestError::Compile(format!("{error:#}")))
        }
        Some((b'e', text)) => Err(GuestError::Compile(String::from_utf8_lossy(text).into_owned())),
        _ => Err(GuestError::CompileMemory(order.memory)),
    }
}

/// What the process answers: nothing, if it died.
fn answer_of(child: &mut Child, component: &[u8], time: Duration) -> Result<Vec<u8>, GuestError> {
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(GuestError::Compile("the compiler cannot be reached".to_owned()));
    };
    let component = component.to_vec();
    let (answered, answer) = sync_channel(1);
    thread::Builder::new().name("compile".to_owned()).spawn(move || {
        // Where it died before it has read everything, it has no answer either.
        let _ = stdin.write_all(&component);
        drop(stdin);
        let mut bytes = Vec::new();
        // If nobody waits any more, nobody wants it.
        let _ = answered.send(stdout.read_to_end(&mut bytes).map(|_| bytes));
    })?;
    match answer.recv_timeout(time) {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(GuestError::CompileTimeout(time)),
    }
}

/// Compiles within a time. This process cannot stop it: where it takes longer, it goes on behind the caller's back until the
/// program ends, which is soon.
fn compile_here(engine: &Engine, component: &[u8], time: Duration) -> Result<Component, GuestError> {
    let (compiled, result) = sync_channel(1);
    let (engine, component) = (engine.clone(), component.to_vec());
    // If nobody waits any more, nobody wants it.
    let work = move || drop(compiled.send(linked::compile(&engine, &component)));
    thread::Builder::new().name("compile".to_owned()).stack_size(STACK).spawn(work)?;
    match result.recv_timeout(time) {
        Ok(component) => component.map_err(|error| GuestError::Compile(format!("{error:#}"))),
        Err(RecvTimeoutError::Timeout) => Err(GuestError::CompileTimeout(time)),
        Err(RecvTimeoutError::Disconnected) => Err(GuestError::Compile("the compiler failed at it".to_owned())),
    }
}
