//! Memories, tables and core instances that a component needs. They are read from the file, so that an excess is
//! refused with the limit's name and not in the compiler's words.

use squall_plan::{Limits, MemorySize};

use crate::tally::Tally;

/// The resources that one instance of a component needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Its linear memories, in bytes; of very many, the first.
    pub memories: Vec<Extent>,
    memory_count: u64,
    initial_memory: u64,
    /// Its tables, in entries; of very many, the first.
    pub tables: Vec<Extent>,
    table_count: u64,
    /// Number of its core instances.
    pub core_instances: u64,
}

/// Initial and maximum size of a memory or table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// In the beginning.
    pub initial: u64,
    /// At most, if the component itself sets a limit.
    pub maximum: Option<u64>,
}

impl From<Tally> for Requirements {
    fn from(Tally { memories, tables, core_instances, .. }: Tally) -> Requirements {
        Requirements {
            memory_count: memories.count,
            initial_memory: memories.initial,
            memories: memories.first,
            table_count: tables.count,
            tables: tables.first,
            core_instances,
        }
    }
}

impl Requirements {
    /// All memories of one instance in the beginning, in bytes.
    pub fn initial_memory(&self) -> u64 {
        self.initial_memory
    }

    /// Maximum number of entries of a table: twice the largest initial size, for there is little reason to grow.
    pub(crate) fn table_entries(&self) -> usize {
        let largest = self.tables.iter().map(|table| table.initial).max().unwrap_or(0);
        (largest.clamp(1_000, Limits::TABLE_ENTRIES as u64) * 2) as usize
    }

    /// Whether one instance stays within the limits.
    ///
    /// # Errors
    /// The first need that goes beyond them, with the limit's name.
    pub(crate) fn check(&self, limits: &Limits) -> Result<(), String> {
        let memory = self.memories.iter().map(|memory| memory.initial).max().unwrap_or(0);
        if memory > limits.memory {
            let (needed, allowed) = (MemorySize(memory), MemorySize(limits.memory));
            return Err(format!("its memory has {needed} from the beginning, and --memory allows {allowed}: raise it"));
        }
        let entries = self.tables.iter().map(|table| table.initial).max().unwrap_or(0);
        let counted = [
            ("memories", self.memory_count, Limits::MEMORIES as u64),
            ("tables", self.table_count, Limits::TABLES as u64),
            ("entries in a table", entries, Limits::TABLE_ENTRIES as u64),
            ("core instances", self.core_instances, Limits::CORE_INSTANCES as u64),
        ];
        match counted.into_iter().find(|(_, needed, most)| needed > most) {
            Some((what, needed, most)) => Err(format!("it has {needed} {what}: at most {most} are allowed")),
            None => Ok(()),
        }
    }

    /// Whether `vus` instances fit into the limit for all together.
    ///
    /// # Errors
    /// If not: with the remedy.
    pub(crate) fn check_total(&self, vus: u64, limits: &Limits) -> Result<(), String> {
        let Some(total) = limits.memory_total else { return Ok(()) };
        let needed = self.initial_memory().saturating_mul(vus);
        if needed <= total {
            return Ok(());
        }
        let each = MemorySize(self.initial_memory());
        Err(format!(
            "each has {each} from the beginning, {} in all, and --memory-total allows {}: raise it, or ask for fewer",
            MemorySize(needed),
            MemorySize(total)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::PAGE;

    fn needing(memory: u64, tables: usize) -> Requirements {
        let extent = |initial| Extent { initial, maximum: None };
        Requirements {
            memories: vec![extent(memory)],
            memory_count: 1,
            initial_memory: memory,
            tables: vec![extent(10); tables],
            table_count: tables as u64,
            core_instances: 1,
        }
    }

    #[test]
    fn definitions_are_read() {
        // (module (memory 2 5) (table 7 funcref))
        let module = b"\0asm\x01\0\0\0\x04\x04\x01\x70\x00\x07\x05\x04\x01\x01\x02\x05";
        let needs = Requirements::from(Tally::of(module));
        assert_eq!(needs.memories, [Extent { initial: 2 * PAGE, maximum: Some(5 * PAGE) }]);
        assert_eq!(needs.tables, [Extent { initial: 7, maximum: None }]);
    }

    #[test]
    fn an_excess_is_named_with_its_limit() {
        let limits = Limits { memory: 1 << 20, memory_total: Some(10 << 20), ..Limits::default() };
        assert_eq!(needing(1 << 20, 1).check(&limits), Ok(()));
        let error = needing(2 << 20, 1).check(&limits).expect_err("too much");
        assert_eq!(error, "its memory has 2 MiB from the beginning, and --memory allows 1 MiB: raise it");
        assert_eq!(needing(1 << 20, 1).check_total(10, &limits), Ok(()));
        let error = needing(1 << 20, 1).check_total(11, &limits).expect_err("too many");
        assert!(error.contains("11 MiB in all, and --memory-total allows 10 MiB"), "{error}");
    }

    #[test]
    fn every_count_may_reach_its_limit() {
        type Set = fn(&mut Requirements, u64);
        let counted: [(&str, u64, Set); 4] = [
            ("memories", 8, |needs, count| needs.memory_count = count),
            ("tables", 64, |needs, count| needs.table_count = count),
            ("entries in a table", 100_000, |needs, count| needs.tables[0].initial = count),
            ("core instances", 64, |needs, count| needs.core_instances = count),
        ];
        for (what, most, set) in counted {
            let check = |count| {
                let mut needs = needing(1 << 16, 1);
                set(&mut needs, count);
                needs.check(&Limits::default())
            };
            assert_eq!(check(most), Ok(()), "{what}");
            let error = format!("it has {} {what}: at most {most} are allowed", most + 1);
            assert_eq!(check(most + 1), Err(error));
        }
    }

    #[test]
    fn a_table_may_become_twice_as_large_as_the_largest() {
        let with = |entries| {
            let mut needs = needing(1 << 16, 2);
            needs.tables[1].initial = entries;
            needs.table_entries()
        };
        assert_eq!([0, 1_000, 1_001, 100_000].map(with), [2_000, 2_000, 2_002, 200_000]);
    }
}
