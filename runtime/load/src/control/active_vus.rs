//! The number of active virtual users, put together from what workers report one after another.

/// The count of each worker, and the most of all together.
pub(super) struct ActiveVus {
    of_workers: Vec<u64>,
    most: u64,
}

impl ActiveVus {
    pub(super) fn of(workers: usize) -> ActiveVus {
        ActiveVus { of_workers: vec![0; workers], most: 0 }
    }

    /// What a worker has now.
    pub(super) fn report(&mut self, worker: usize, vus: u64) {
        if let Some(known) = self.of_workers.get_mut(worker) {
            *known = vus;
        }
        self.most = self.most.max(self.now());
    }

    /// By the latest report of each worker.
    pub(super) fn now(&self) -> u64 {
        self.of_workers.iter().sum()
    }

    /// The most since this was last asked: in between, some workers have reported and others have not.
    pub(super) fn take_most(&mut self) -> u64 {
        let now = self.now();
        std::mem::replace(&mut self.most, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_has_the_virtual_users_of_all_workers() {
        let mut vus = ActiveVus::of(2);
        vus.report(0, 25);
        vus.report(1, 25);
        assert_eq!(vus.take_most(), 50, "not the 25 of the first to report");
        vus.report(0, 5);
        assert_eq!((vus.now(), vus.take_most()), (30, 50), "they were there when the second began");
        vus.report(1, 0);
        vus.report(0, 0);
        assert_eq!((vus.take_most(), vus.take_most()), (30, 0));
    }
}
