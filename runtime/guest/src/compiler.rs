//! Compiles, and makes components of core modules, in a process of its own with limits on memory and time. The
//! compiler's work on a stranger's component cannot be foreseen, and running out of memory kills the process that it
//! runs in.
//!
//! The process is this program once more, called with [`CALLED`]: it reads its work from its standard input, and writes
//! the result, or the reason for its absence, to its standard output. `main` registers the program by calling
//! [`compile_if_called`]; without that, as in tests, compilation happens in this process.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use squall_plan::{HumanDuration, Limits, MemorySize};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::artifact;
use crate::engine::{Layout, describe_engine};
use crate::error::GuestError;
use crate::linked;

/// The only argument of the program where it is to compile.
const CALLED: &str = "compile-for-the-program-that-called";
/// The argument after it where it is to make a component of a core module.
const ENCODE: &str = "encode";
/// The usual size of a main thread's stack.
const STACK: usize = 8 << 20;

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// Settings that compiled code depends on, and limits for making it.
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

/// The work of the process.
enum Job {
    Compile(Order),
    Encode,
}

impl Job {
    fn parse(arguments: &[String]) -> Option<Job> {
        if arguments == [ENCODE] { Some(Job::Encode) } else { Order::parse(arguments).map(Job::Compile) }
    }

    fn memory(&self) -> u64 {
        match self {
            Job::Compile(order) => order.memory,
            Job::Encode => Limits::ENCODE_MEMORY,
        }
    }

    fn result(&self, input: &[u8]) -> Result<Vec<u8>, String> {
        match self {
            Job::Compile(order) => {
                let limits = Limits { memory: order.guest_memory, ..Limits::default() };
                code_of(&limits, order.layout, input)
            }
            Job::Encode => artifact::encode(input),
        }
    }
}

/// To be called first in `main`. If the program was called to compile, it does, and this returns its exit code.
/// Otherwise it registers this program as the one to call.
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
    let answered = Job::parse(&arguments).ok_or(io::ErrorKind::InvalidInput.into()).and_then(|job| answer(&job));
    Some(if answered.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Does the job with its standard input.
fn answer(job: &Job) -> io::Result<()> {
    bound_this_process(job.memory());
    let mut input = Vec::new();
    io::stdin().lock().read_to_end(&mut input)?;
    let (kind, bytes) = match job.result(&input) {
        Ok(result) => (b'c', result),
        Err(text) => (b'e', text.into_bytes()),
    };
    let mut out = io::stdout().lock();
    out.write_all(&[kind])?;
    out.write_all(&bytes)?;
    out.flush()
}

fn code_of(limits: &Limits, layout: Layout, component: &[u8]) -> Result<Vec<u8>, String> {
    let engine = describe_engine(limits, layout).map_err(|error| error.to_string())?;
    let compiled = linked::compile(&engine, component).and_then(|component| component.serialize());
    compiled.map_err(|error| format!("{error:#}"))
}

/// Limits written memory, not address space, and ties the process's life to its parent's.
#[cfg(target_os = "linux")]
fn bound_this_process(memory: u64) {
    let limit = libc::rlimit { rlim_cur: memory, rlim_max: memory };
    // SAFETY: `limit` is valid; the others take numbers only. A failure means that there is no limit, as on other
    // systems.
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
    let Some(mut child) = call(&order.arguments()) else { return compile_here(engine, component, order.time) };
    match answer_of(&mut child, component.to_vec(), order.time)? {
        // SAFETY: these bytes were made by this program from a component, in another process of it. Wasmtime checks that an
        // engine with the same settings made them.
        CompilerAnswer::Result(code) => {
            unsafe { Component::deserialize(engine, &code) }.map_err(|error| GuestError::Compile(format!("{error:#}")))
        }
        CompilerAnswer::Refusal(text) => Err(GuestError::Compile(text)),
        CompilerAnswer::TooLate => Err(GuestError::CompileTimeout(order.time)),
        CompilerAnswer::Death => Err(GuestError::CompileMemory(order.memory)),
    }
}

/// Makes a component of a core module.
pub(crate) fn encode(module: Vec<u8>) -> Result<Vec<u8>, GuestError> {
    let Some(mut child) = call(&[ENCODE.to_owned()]) else {
        return artifact::encode(&module).map_err(|text| GuestError::Encode(artifact::one_line(&text)));
    };
    match answer_of(&mut child, module, Limits::ENCODE)? {
        CompilerAnswer::Result(component) => Ok(component),
        CompilerAnswer::Refusal(text) => Err(GuestError::Encode(artifact::one_line(&text))),
        CompilerAnswer::TooLate => {
            Err(GuestError::Encode(format!("that takes longer than {} (limit)", HumanDuration(Limits::ENCODE))))
        }
        CompilerAnswer::Death => Err(GuestError::Encode(format!(
            "that takes more than {} of memory (limit), or fails badly",
            MemorySize(Limits::ENCODE_MEMORY)
        ))),
    }
}

/// The process, if there can be one.
fn call(arguments: &[String]) -> Option<Child> {
    let mut command = Command::new(PROGRAM.get()?);
    command.arg(CALLED).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    // Reserved but unused memory should not count, or there is little to work with.
    command.env("MIMALLOC_ARENA_EAGER_COMMIT", "0");
    // The program's file may have been replaced since it was started.
    command.spawn().ok()
}

/// The outcome of a job.
enum CompilerAnswer {
    Result(Vec<u8>),
    Refusal(String),
    TooLate,
    /// The process died of it.
    Death,
}

impl CompilerAnswer {
    fn parse(mut bytes: Vec<u8>) -> CompilerAnswer {
        match bytes.first() {
            Some(b'c') => CompilerAnswer::Result(bytes.split_off(1)),
            Some(b'e') => CompilerAnswer::Refusal(String::from_utf8_lossy(&bytes[1..]).into_owned()),
            _ => CompilerAnswer::Death,
        }
    }
}

/// Gives the process its work, and ends it when it has answered or its time is over.
fn answer_of(child: &mut Child, input: Vec<u8>, time: Duration) -> Result<CompilerAnswer, GuestError> {
    let answer = exchange(child, input, time);
    // If it has ended, there is nothing to end.
    let _ = child.kill();
    let _ = child.wait();
    answer
}

fn exchange(child: &mut Child, input: Vec<u8>, time: Duration) -> Result<CompilerAnswer, GuestError> {
    let (Some(mut stdin), Some(mut stdout)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(GuestError::Compile("the compiler cannot be reached".to_owned()));
    };
    let (answered, answer) = sync_channel(1);
    thread::Builder::new().name("compile".to_owned()).spawn(move || {
        // If it died before it has read everything, it has no answer either.
        let _ = stdin.write_all(&input);
        drop(stdin);
        let mut bytes = Vec::new();
        // An error means that the result is no longer waited for.
        let _ = answered.send(stdout.read_to_end(&mut bytes).map(|_| bytes));
    })?;
    match answer.recv_timeout(time) {
        Ok(answer) => Ok(CompilerAnswer::parse(answer?)),
        Err(_) => Ok(CompilerAnswer::TooLate),
    }
}

/// Compiles within a time limit. This process cannot stop the compiler: past the limit it goes on in the background
/// until the program ends, which is soon.
fn compile_here(engine: &Engine, component: &[u8], time: Duration) -> Result<Component, GuestError> {
    let (compiled, result) = sync_channel(1);
    let (engine, component) = (engine.clone(), component.to_vec());
    // An error means that the result is no longer waited for.
    let work = move || drop(compiled.send(linked::compile(&engine, &component)));
    thread::Builder::new().name("compile".to_owned()).stack_size(STACK).spawn(work)?;
    match result.recv_timeout(time) {
        Ok(component) => component.map_err(|error| GuestError::Compile(format!("{error:#}"))),
        Err(RecvTimeoutError::Timeout) => Err(GuestError::CompileTimeout(time)),
        Err(RecvTimeoutError::Disconnected) => Err(GuestError::Compile("the compiler failed at it".to_owned())),
    }
}
