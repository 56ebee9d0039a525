//! The names of resources that sources share; limits are judged by them.

/// The share of its processors that the target is busy with.
pub const CPU: &str = "cpu";
/// The processors that it is busy with, in cores.
pub const CPU_CORES: &str = "cpu_cores";
/// The memory that it holds.
pub const MEMORY: &str = "memory";
/// Its connections.
pub const CONNECTIONS: &str = "connections";
/// Its open files and sockets.
pub const DESCRIPTORS: &str = "descriptors";
