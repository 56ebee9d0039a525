//! The wasmtime engine: which settings, how much room, and the tick that keeps a busy guest from holding its core.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use squall_plan::Limits;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::GuestError;

/// Past this many virtual users the address space that wasmtime reserves by default (4 GiB each, so that the guest's
/// code needs no bounds checks) would run out at about four times the number. So larger runs get the memory limit, and
/// bounds checks.
const ROOMY_UP_TO: u64 = 8_000;
/// Memory mappings that one pooled virtual user takes: two for its stack, four for its memory.
const MAPPINGS_PER_USER: u64 = 6;
/// Mappings that the rest of the process takes, generously.
const MAPPINGS_BESIDE: u64 = 2_000;
/// Interval at which a guest that does not wait yields to the other virtual users of its thread.
const TICK: Duration = Duration::from_millis(5);
/// The second tick from now is at least one whole tick away.
pub(crate) const TICKS_BEFORE_YIELD: u64 = 2;
/// The rest of the stack is for host functions: TLS handshakes are the deepest.
const FIBER_STACK: usize = 768 << 10;

/// Number of virtual users that a process must have room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Virtual users that exist at the same time.
    pub vus: u64,
}

impl Capacity {
    pub(crate) fn layout(self) -> Layout {
        if self.vus <= ROOMY_UP_TO { Layout::Roomy } else { Layout::Dense }
    }

    /// Whether the operating system allows one process that many memory mappings.
    ///
    /// # Errors
    /// If not: with the setting to raise, and the value.
    pub fn check(self) -> Result<(), GuestError> {
        let Some(limit) = max_map_count() else {
            return Ok(());
        };
        let needed = self.vus * MAPPINGS_PER_USER + MAPPINGS_BESIDE;
        if needed <= limit {
            return Ok(());
        }
        let most = limit.saturating_sub(MAPPINGS_BESIDE) / MAPPINGS_PER_USER;
        let reason = format!(
            "they need about {needed} memory mappings and this system allows {limit}, enough for {most}: raise it with \
             `sysctl -w vm.max_map_count={needed}` (as root, on the host)"
        );
        Err(GuestError::Capacity { vus: self.vus, reason })
    }
}

#[cfg(target_os = "linux")]
fn max_map_count() -> Option<u64> {
    std::fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()
}

#[cfg(not(target_os = "linux"))]
fn max_map_count() -> Option<u64> {
    None
}

/// Address space of each virtual user's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Wasmtime's default of 4 GiB: no bounds checks.
    Roomy,
    /// The memory limit.
    Dense,
}

/// An engine for looking at a component: instances are made one at a time.
pub(crate) fn describe_engine(limits: &Limits, layout: Layout) -> Result<Engine, GuestError> {
    Engine::new(&settings(limits, layout)).map_err(|error| GuestError::Compile(format!("{error:#}")))
}

/// An engine for a run: a pool with room for all virtual users, and for those that replace one that trapped.
pub(crate) fn pooled_engine(
    limits: &Limits,
    capacity: Capacity,
    layout: Layout,
    component: &Component,
    table_entries: usize,
) -> Result<Engine, GuestError> {
    let mut config = settings(limits, layout);
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits, capacity, component, table_entries)));
    let engine = Engine::new(&config);
    engine.map_err(|error| GuestError::Capacity { vus: capacity.vus, reason: format!("{error:#}") })
}

/// Everything that shapes the compiled code is here, so that the two engines of a run can share it.
fn settings(limits: &Limits, layout: Layout) -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    // Measured: 218 ns a call without, 1,223 ns with (docs/decisions/0003-sync-contract.md).
    config.concurrency_support(false);
    config.epoch_interruption(true);
    config.max_wasm_stack(Limits::STACK);
    config.async_stack_size(FIBER_STACK);
    config.memory_init_cow(true);
    if layout == Layout::Dense {
        config.memory_reservation(limits.memory);
        config.memory_guard_size(64 << 10);
    }
    config
}

fn pool(limits: &Limits, capacity: Capacity, component: &Component, table_entries: usize) -> PoolingAllocationConfig {
    // Room for setup and for a user that starts while the one before it is still being taken apart.
    let users = u32::try_from(capacity.vus).unwrap_or(u32::MAX - 8) + 8;
    let needs = component.resources_required();
    let memories = needs.as_ref().map_or(1, |needs| needs.num_memories.max(1));
    let tables = needs.map_or(4, |needs| needs.num_tables.max(1));
    let core_instances = Limits::CORE_INSTANCES as u32;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(users);
    pool.total_core_instances(users.saturating_mul(core_instances));
    pool.total_memories(users.saturating_mul(memories));
    pool.total_tables(users.saturating_mul(tables));
    pool.total_stacks(users);
    pool.max_core_instances_per_component(core_instances);
    pool.max_memories_per_component(memories);
    pool.max_tables_per_component(tables);
    // Linking joins the memories and tables of several modules.
    pool.max_memories_per_module(memories);
    pool.max_tables_per_module(tables);
    pool.table_elements(table_entries);
    pool.max_memory_size(limits.memory as usize);
    pool.max_component_instance_size(4 << 20);
    pool.max_core_instance_size(4 << 20);
    pool
}

/// Advances the epoch of an engine until dropped.
#[derive(Debug)]
pub(crate) struct Ticker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> Ticker {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let engine = engine.weak();
        let tick = move || {
            while !stopped.load(Ordering::Relaxed) {
                // A thread of its own that keeps no schedule: the one place where sleeping is right.
                #[allow(clippy::disallowed_methods)]
                std::thread::park_timeout(TICK);
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => return,
                }
            }
        };
        let thread = std::thread::Builder::new().name("epoch".to_owned()).spawn(tick).ok();
        Ticker { stop, thread }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It only ticks; if it panicked there is nothing to save.
            let _ = thread.join();
        }
    }
}
