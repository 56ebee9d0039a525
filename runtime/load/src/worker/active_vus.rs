//! Who is at work: a count that is right however a virtual user ends.

use std::cell::Cell;
use std::rc::Rc;

use squall_guest::WorkerContext;
use tokio::sync::Notify;

/// How many virtual users of a worker are at work. Clones count together.
#[derive(Clone, Default)]
pub(super) struct Presence(Rc<Counts>);

#[derive(Default)]
struct Counts {
    /// Where these are counted, too.
    whole: Option<Presence>,
    /// Where guests see the count of the whole worker.
    shown: Option<Rc<WorkerContext>>,
    present: Cell<u64>,
    most: Cell<u64>,
    all_gone: Notify,
}

impl Presence {
    /// The count of a whole worker, which guests can see.
    pub(super) fn of_worker(context: &Rc<WorkerContext>) -> Presence {
        Presence(Rc::new(Counts { shown: Some(Rc::clone(context)), ..Counts::default() }))
    }

    /// One more, as long as what this returns is kept.
    pub(super) fn enter(&self) -> Present {
        self.one_more();
        Present(self.clone())
    }

    /// A count of some of those that are counted here.
    pub(super) fn part(&self) -> Presence {
        Presence(Rc::new(Counts { whole: Some(self.clone()), ..Counts::default() }))
    }

    fn one_more(&self) {
        let counts = &self.0;
        counts.present.set(counts.present.get() + 1);
        counts.most.set(counts.most.get().max(counts.present.get()));
        counts.show();
        counts.whole.iter().for_each(Presence::one_more);
    }

    fn one_less(&self) {
        let counts = &self.0;
        counts.present.set(counts.present.get() - 1);
        if counts.present.get() == 0 {
            counts.all_gone.notify_one();
        }
        counts.show();
        counts.whole.iter().for_each(Presence::one_less);
    }

    pub(super) fn now(&self) -> u64 {
        self.0.present.get()
    }

    /// The most that were at work together since this was last asked.
    pub(super) fn take_most(&self) -> u64 {
        self.0.most.replace(self.0.present.get())
    }

    /// Waits until the last one leaves.
    pub(super) async fn all_gone(&self) {
        self.0.all_gone.notified().await;
    }
}

impl Counts {
    fn show(&self) {
        if let Some(context) = &self.shown {
            context.run.progress.vus_active(context.number, self.present.get());
        }
    }
}

/// Counts a virtual user until it is dropped.
pub(crate) struct Present(Presence);

impl Drop for Present {
    fn drop(&mut self) {
        self.0.one_less();
    }
}
