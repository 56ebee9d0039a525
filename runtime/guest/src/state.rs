//! The host's data for one instance: the data of its store.

use std::rc::{Rc, Weak};
use std::sync::Arc;

use send_wrapper::SendWrapper;
use squall_data::Openable;
use squall_http::{CookieJar, RequestOptions, Response};
use squall_metrics::{FlowId, NameId, Nanos};
use squall_plan::Limits;
use wasmtime::StoreContextMut;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use crate::calls::Calls;
use crate::data_handles::DataHandles;
use crate::handles::Handles;
use crate::host::wasi::context as wasi_context;
use crate::host::wasi_http::{Exchanges, WasiHttp};
use crate::identity::Identity;
use crate::log::Level;
use crate::memory::MemoryLimit;
use crate::sockets::Sockets;
use crate::streams::Streams;
use crate::websockets::WebSockets;
use crate::worker::WorkerContext;

/// The data of an instance's store.
///
/// Wasmtime requires it to be `Send`, but a store never leaves its worker thread. The thread's own data is wrapped, and
/// the wrapper would panic on another thread.
pub(crate) struct State {
    local: SendWrapper<Local>,
    pub(crate) memory: MemoryLimit,
    /// Most guests never call WASI, and its state is large: it is made when first asked for.
    wasi: Option<Box<Wasi>>,
}

struct Wasi {
    context: WasiCtx,
    table: ResourceTable,
    /// And of those that do, most never call `wasi:http`.
    http: Option<Box<WasiHttp>>,
}

/// Data of the host functions.
pub(crate) struct Local {
    pub(crate) worker: Rc<WorkerContext>,
    pub(crate) user: Rc<Identity>,
    pub(crate) iteration: u64,
    /// The number of the iteration in its scenario.
    pub(crate) number: u64,
    pub(crate) iteration_started: Nanos,
    pub(crate) responses: Handles<Box<Response>>,
    pub(crate) request_options: Handles<RequestOptions>,
    /// The settings of requests that bring none.
    pub(crate) default_options: RequestOptions,
    pub(crate) cookie_jars: Handles<Rc<CookieJar>>,
    /// The jars that the guest has made, to count those that something still holds.
    own_jars: Vec<Weak<CookieJar>>,
    pub(crate) transactions: Handles<Transaction>,
    /// Number of handles of custom metrics that the guest holds.
    metric_handles: usize,
    pub(crate) data: DataHandles,
    pub(crate) streams: Streams,
    pub(crate) sockets: Sockets,
    pub(crate) calls: Calls,
    pub(crate) websockets: WebSockets,
    /// The files that the component may open besides the run's data.
    pub(crate) files: Arc<Openable>,
    /// Whether this iteration asked for a row when none was left and the run stops for it.
    pub(crate) out_of_rows: bool,
    /// Maximum number of requests in one `send-all`.
    pub(crate) most_at_once: usize,
}

/// A business operation that is being measured.
pub(crate) struct Transaction {
    pub(crate) name: NameId,
    pub(crate) started: Nanos,
    pub(crate) failed: bool,
}

impl State {
    pub(crate) fn new(
        worker: Rc<WorkerContext>,
        user: Rc<Identity>,
        limits: &Limits,
        memory: MemoryLimit,
        files: Arc<Openable>,
    ) -> State {
        let account = user.client().account();
        let local = Local {
            iteration: 0,
            number: 0,
            iteration_started: Nanos::ZERO,
            responses: Handles::new("response", account),
            request_options: Handles::new("request-options", account),
            default_options: RequestOptions::default(),
            cookie_jars: Handles::new("cookie-jar", account),
            own_jars: Vec::new(),
            transactions: Handles::new("transaction", account),
            metric_handles: 0,
            data: DataHandles::new(account),
            streams: Streams::new(account),
            sockets: Sockets::new(account),
            calls: Calls::new(account),
            websockets: WebSockets::new(account),
            files,
            out_of_rows: false,
            most_at_once: limits.batch,
            worker,
            user,
        };
        State { local: SendWrapper::new(local), memory, wasi: None }
    }

    pub(crate) fn local(&self) -> &Local {
        &self.local
    }

    /// The exchanges of `wasi:http`, if it was ever used.
    #[inline]
    pub(crate) fn exchanges(&mut self) -> Option<&mut Exchanges> {
        Some(self.wasi.as_mut()?.http.as_mut()?.exchanges())
    }

    fn wasi(&mut self) -> (&Local, &mut Wasi) {
        let local = &*self.local;
        let wasi = self.wasi.get_or_insert_with(|| {
            let context = wasi_context(&local.worker, &local.user);
            let mut table = ResourceTable::new();
            table.set_max_capacity(Limits::WASI_HANDLES);
            Box::new(Wasi { context, table, http: None })
        });
        (local, wasi)
    }

    pub(crate) fn local_mut(&mut self) -> &mut Local {
        &mut self.local
    }
}

impl Local {
    /// The flow that samples are counted under.
    pub(crate) fn flow(&self) -> FlowId {
        self.user.flow()
    }

    /// A new cookie jar for the guest.
    pub(crate) fn new_jar(&mut self) -> wasmtime::Result<Rc<CookieJar>> {
        self.own_jars.retain(|jar| jar.strong_count() > 0);
        if self.own_jars.len() >= Limits::COOKIE_JARS {
            wasmtime::bail!("too many cookie jars: {} are open, and no more are allowed", Limits::COOKIE_JARS);
        }
        let jar = Rc::default();
        self.own_jars.push(Rc::downgrade(&jar));
        Ok(jar)
    }

    /// A handle of a custom metric refers only to the registry, but the library keeps it like any other.
    pub(crate) fn count_metric_handle(&mut self) -> wasmtime::Result<()> {
        if self.metric_handles >= Limits::HANDLES {
            wasmtime::bail!(
                "too many open handles: {} of custom metrics are open, and no more are allowed",
                Limits::HANDLES
            );
        }
        self.metric_handles += 1;
        Ok(())
    }

    pub(crate) fn drop_metric_handle(&mut self) {
        self.metric_handles = self.metric_handles.saturating_sub(1);
    }

    /// Writes to the run's log.
    pub(crate) fn say(&self, level: Level, text: &str) {
        self.worker.log.write(level, self.user.number(), self.flow(), text);
    }

    pub(crate) fn finish_transaction(&self, transaction: &Transaction) {
        let now = self.worker.clock.now();
        let duration = now.since(transaction.started);
        let mut recorder = self.worker.recorder.borrow_mut();
        recorder.advance_to(now);
        recorder.transaction(self.user.origin(), transaction.name, duration, transaction.failed);
    }

    /// Ends transactions that an iteration left open when it failed.
    pub(crate) fn fail_open_transactions(&mut self) {
        for mut transaction in self.transactions.take_all() {
            transaction.failed = true;
            self.finish_transaction(&transaction);
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let (_, wasi) = self.wasi();
        WasiCtxView { ctx: &mut wasi.context, table: &mut wasi.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let (local, wasi) = self.wasi();
        let http = wasi.http.get_or_insert_with(|| Box::new(WasiHttp::new(&local.worker, &local.user)));
        WasiHttpCtxView { ctx: &mut http.context, table: &mut wasi.table, hooks: &mut http.hooks }
    }
}

/// The identity of the virtual user and the rest, for a host function that has the store.
pub(crate) fn local<'a>(store: &'a StoreContextMut<'_, State>) -> &'a Local {
    store.data().local()
}
