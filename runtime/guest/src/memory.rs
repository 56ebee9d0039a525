//! Limits of memory and tables, for an instance and for all instances together.

use std::sync::Arc;

use squall_http::SharedAccount;
use squall_plan::{Limits, MemorySize};
use wasmtime::ResourceLimiter;

/// Size of a table's entry in bytes.
const TABLE_ENTRY: usize = size_of::<usize>();

/// Refuses growth past a limit, and remembers it, so that the trap that follows can be explained.
pub(crate) struct MemoryLimit {
    each: u64,
    total: Option<Arc<SharedAccount>>,
    table_entries: usize,
    /// This instance's share of `total`, in bytes.
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
    pub(crate) fn new(each: u64, total: Option<Arc<SharedAccount>>, table_entries: usize) -> MemoryLimit {
        MemoryLimit { each, total, table_entries, taken: 0, refused: None }
    }

    /// Forgets the refusal: a guest that could go on without the memory has not failed because of it.
    #[inline]
    pub(crate) fn forgive(&mut self) {
        self.refused = None;
    }

    /// The refusal in words, with the limit.
    pub(crate) fn refusal(&self) -> Option<String> {
        Some(match self.refused? {
            Refused::Memory => format!("out of memory (limit {}, raise with --memory)", MemorySize(self.each)),
            Refused::Total => format!(
                "out of memory (limit of all virtual users together {}, raise with --memory-total)",
                MemorySize(self.total.as_ref().map_or(0, |total| total.limit()))
            ),
            Refused::Table => {
                format!("a table is full (limit {} entries, twice what the component begins with)", self.table_entries)
            }
        })
    }

    /// Takes bytes from the limit for all together.
    fn take(&mut self, bytes: usize) -> bool {
        if self.total.as_ref().is_some_and(|total| total.take(bytes as u64).is_err()) {
            return self.refuse(Refused::Total);
        }
        self.taken += bytes as u64;
        true
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
        Ok(self.take(desired.saturating_sub(current)))
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.table_entries {
            return Ok(self.refuse(Refused::Table));
        }
        Ok(self.take(desired.saturating_sub(current) * TABLE_ENTRY))
    }

    // A component's instances are counted before it is compiled. If the count were wrong, these limits would hold.
    fn instances(&self) -> usize {
        Limits::CORE_INSTANCES
    }

    fn tables(&self) -> usize {
        Limits::TABLES
    }

    fn memories(&self) -> usize {
        Limits::MEMORIES
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
        let total = Arc::new(SharedAccount::new(100));
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
