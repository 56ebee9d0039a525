//! Ctrl-C and SIGTERM: the first one stops a run gracefully; the next one, or one while the run is stopping anyway, or
//! where there is no run yet, ends the program at once.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use squall_load::{Steering, StoppedBy};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exit;

/// Whether a signal has come, in this or an earlier run of this process.
static CAME: AtomicBool = AtomicBool::new(false);

/// Whether Ctrl-C or SIGTERM has come since the first run of this process began.
pub fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}

/// Whether there is a run that a signal is to end gracefully.
static HAS_RUN: AtomicBool = AtomicBool::new(false);

/// Ends the program at once when a signal comes, until there is a run. Signals would do that without being asked, but
/// not to the first process of a container: what that does not listen for, it never gets.
pub fn end_without_a_run() {
    listen(async |mut signals| {
        signals.next().await;
        if !HAS_RUN.load(Ordering::Relaxed) {
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    });
}

/// The run that a signal stops, for the listener.
static RUN: OnceLock<watch::Sender<Steering>> = OnceLock::new();

/// From now on a signal stops this run gracefully, in place of an earlier one of this process.
pub fn stop_on_signals(run: Steering) {
    let mut is_first = false;
    let current = RUN.get_or_init(|| {
        is_first = true;
        watch::Sender::new(run.clone())
    });
    if is_first {
        stop_on_first_signal(current.subscribe());
    } else {
        current.send_replace(run);
    }
}

fn stop_on_first_signal(run: watch::Receiver<Steering>) {
    listen(async move |mut signals| {
        HAS_RUN.store(true, Ordering::Relaxed);
        signals.next().await;
        CAME.store(true, Ordering::Relaxed);
        let run = run.borrow().clone();
        if !run.is_stopping() {
            run.stop_gracefully(StoppedBy::Signal);
            signals.next().await;
        }
        squall_tui::leave();
        std::process::exit(i32::from(exit::INTERRUPTED));
    });
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> io::Result<Signals> {
        let (interrupt, terminate) = (SignalKind::interrupt(), SignalKind::terminate());
        Ok(Signals { interrupt: signal(interrupt)?, terminate: signal(terminate)? })
    }

    async fn next(&mut self) {
        tokio::select! { _ = self.interrupt.recv() => {}, _ = self.terminate.recv() => {} }
    }
}

/// Listens on a thread of its own, so that a busy run cannot miss it. If that cannot be had, signals do what they do to
/// any program.
fn listen(answer: impl AsyncFnOnce(Signals) + Send + 'static) {
    let listen = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else {
            return;
        };
        runtime.block_on(async {
            if let Ok(signals) = Signals::new() {
                answer(signals).await;
            }
        });
    };
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(listen);
}

/// From now on Ctrl-C does nothing here: it is meant for the process that started this one.
pub fn ignore_interrupts() {
    HAS_RUN.store(true, Ordering::Relaxed);
}
