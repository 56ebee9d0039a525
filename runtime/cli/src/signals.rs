//! Ctrl-C and SIGTERM: the first one stops gracefully; the next one, or one while the run is stopping anyway, at once.

use std::sync::atomic::{AtomicBool, Ordering};

use squall_load::{Steering, StoppedBy};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit;

/// Whether a signal has come, in this or an earlier run of this process.
static CAME: AtomicBool = AtomicBool::new(false);

/// Whether Ctrl-C or SIGTERM has come since the first run of this process began.
pub fn came() -> bool {
    CAME.load(Ordering::Relaxed)
}

/// Listens on a thread of its own, so that a busy run cannot miss it.
pub fn stop_on_signals(stop: Steering) {
    let listen = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else {
            return; // Then the signals do what they do to any program.
        };
        runtime.block_on(async {
            let signals = signal(SignalKind::interrupt()).and_then(|one| Ok((one, signal(SignalKind::terminate())?)));
            let Ok((mut interrupt, mut terminate)) = signals else {
                return;
            };
            let mut next = async || tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} };
            next().await;
            CAME.store(true, Ordering::Relaxed);
            if !stop.is_stopping() {
                stop.stop_gracefully(StoppedBy::Signal);
                next().await;
            }
            std::process::exit(i32::from(exit::INTERRUPTED));
        });
    };
    // Without the thread, likewise.
    let _ = std::thread::Builder::new().name("signals".to_owned()).spawn(listen);
}
