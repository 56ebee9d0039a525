//! How much memory and how large tables an instance may have; and all instances together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use squall_plan::MemorySize;
use wasmtime::ResourceLimiter;

/// What the linear memories of all virtual users may have together, and have.
#[derive(Debug)]
pub(crate) struct TotalMemory {
    limit: u64,
    taken: AtomicU64,
}

impl TotalMemory {
    pub(crate) fn new(limit: u64) -> TotalMemory {
        TotalMemory { limit, taken: AtomicU64::new(0) }
    }

    fn take(&self, bytes: u64) -> bool {
        let grown = |taken: u64| taken.checked_add(bytes).filter(|taken| *taken <= self.limit);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, grown).is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.taken.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// Refuses an instance what is past a limit, and remembers it, so that the trap that follows can be explained.
pub(crate) struct MemoryLimit {
    each: u64,
    total: Option<Arc<TotalMemory>>,
    table_entries: usize,
    /// What this instance has of `total`.
    taken: u64,
    refused: Option<Refused>,
}

#[derive(Clone, Copy)]
enum Refused {
    Memory,
    Total,
    Table,
}

impl MemoryLimit {
    pub(crate) fn new(each: u64, total: Option<Arc<TotalMemory>>, table_entries: usize) -> MemoryLimit {
        MemoryLimit { each, total, table_entries, taken: 0, refused: None }
    }

    /// Forgets what was refused: a guest that could go on without it has not failed for it.
    #[inline]
    pub(crate) fn forgive(&mut self) {
        self.refused = None;
    }

    /// What was refused, in words, with the limit.
    pub(crate) fn refusal(&self) -> Option<String> {
        Some(match self.refused? {
            Refused::Memory => format!("out of memory (limit {}, raise with --memory)", MemorySize(self.each)),
            Refused::Total => format!(
                "out of memory (limit of all virtual users together {}, raise with --memory-total)",
                MemorySize(self.total.as_ref().map_or(0, |total| total.limit))
            ),
            Refused::Table => {
                format!("a table is full (limit {} entries, twice what the component begins with)", self.table_entries)
            }
        })
    }

    fn refuse(&mut self, what: Refused) -> bool {
        self.refused = Some(what);
        false
    }
}

impl ResourceLimiter for MemoryLimit {
    /// Also asked when a memory is made: then it has nothing yet.
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired as u64 > self.each {
            return Ok(self.refuse(Refused::Memory));
        }
        let more = desired.saturating_sub(current) as u64;
        if self.total.as_ref().is_some_and(|total| !total.take(more)) {
            return Ok(self.refuse(Refused::Total));
        }
        self.taken += more;
        Ok(true)
    }

    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= self.table_entries || self.refuse(Refused::Table))
    }
}

impl Drop for MemoryLimit {
    fn drop(&mut self) {
        if let Some(total) = &self.total {
            total.give_back(self.taken);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_together_have_a_limit_and_who_goes_gives_back() {
        let total = Arc::new(TotalMemory::new(100));
        let mut one = MemoryLimit::new(80, Some(Arc::clone(&total)), 2_000);
        let mut other = MemoryLimit::new(80, Some(Arc::clone(&total)), 2_000);
        assert!(one.memory_growing(0, 60, None).expect("an answer"));
        assert!(one.memory_growing(60, 70, None).expect("an answer"));
        assert!(!other.memory_growing(0, 40, None).expect("an answer"));
        assert!(other.refusal().expect("refused").contains("raise with --memory-total"));
        drop(one);
        assert!(other.memory_growing(0, 80, None).expect("an answer"));
        assert!(!other.memory_growing(80, 90, None).expect("an answer"));
        assert!(other.refusal().expect("refused").contains("raise with --memory)"));
        other.forgive();
        assert!(other.refusal().is_none());
        assert!(!other.table_growing(0, 2_001, None).expect("an answer"));
    }
}
