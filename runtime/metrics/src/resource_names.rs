//! The names of resources that several sources report; limits are judged by them.

/// The share of its processors that the target uses.
pub const CPU: &str = "cpu";
/// The target's use of processors, in cores.
pub const CPU_CORES: &str = "cpu_cores";
/// The target's memory.
pub const MEMORY: &str = "memory";
/// The target's connections.
pub const CONNECTIONS: &str = "connections";
/// The target's open files and sockets.
pub const DESCRIPTORS: &str = "descriptors";
/// The share of all processor time in which anything worked, the load's own generator included.
pub const MACHINE_BUSY: &str = "machine_busy";
/// The share of all processor time in which a disk was waited for.
pub const CPU_WAITING: &str = "cpu_waiting";
/// The share of all processor time that a hypervisor gave to others.
pub const CPU_STOLEN: &str = "cpu_stolen";
/// The share of the time in which the busiest disk worked.
pub const DISK_BUSY: &str = "disk_busy";
/// How long an operation of that disk took on average, in milliseconds.
pub const DISK_LATENCY: &str = "disk_latency_ms";
/// What was swapped in and out, in bytes a second.
pub const SWAPPED: &str = "swapped";
/// Processes that the kernel killed for want of memory, since the last reading.
pub const OUT_OF_MEMORY_KILLS: &str = "out_of_memory_kills";
/// The share of TCP segments that were sent again.
pub const RETRANSMITTED: &str = "retransmitted";
/// The share of the time in which a runtime stood still for its garbage collector.
pub const GC_PAUSES: &str = "gc_pauses";
