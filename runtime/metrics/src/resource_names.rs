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
