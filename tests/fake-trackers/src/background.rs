//! A fake on a thread of its own, for tests that run programs against it.

use std::sync::mpsc;

use tokio::sync::mpsc::{Sender, channel};

use crate::server::{FakeServer, FakeService, run_local};

/// A look into the fake's state.
type Look<S> = Box<dyn FnOnce(&mut S) + Send>;

/// A running fake. It ends with this value.
pub struct Background<S> {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    looks: Sender<Look<S>>,
}

impl<S: FakeService + 'static> Background<S> {
    /// Starts the fake that `make` makes.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(make: impl FnOnce() -> S + Send + 'static) -> Background<S> {
        let (tell, told) = mpsc::sync_channel(1);
        let (looks, mut asked) = channel::<Look<S>>(1);
        std::thread::spawn(move || {
            run_local(async {
                let server = FakeServer::start(make()).await;
                let _ = tell.send(server.url.clone());
                while let Some(look) = asked.recv().await {
                    server.with(look);
                }
            });
        });
        let url = told.recv().unwrap_or_else(|_| panic!("the fake does not start"));
        Background { url, looks }
    }

    /// Looks into the fake, or changes it.
    ///
    /// # Panics
    /// If its thread is gone.
    pub fn with<T: Send + 'static>(&self, look: impl FnOnce(&mut S) -> T + Send + 'static) -> T {
        let (tell, told) = mpsc::sync_channel(1);
        let look: Look<S> = Box::new(move |service| {
            let _ = tell.send(look(service));
        });
        let sent = self.looks.blocking_send(look);
        sent.ok().and_then(|()| told.recv().ok()).unwrap_or_else(|| panic!("the fake is gone"))
    }
}
