//! Random failures, and clients that are killed between any two steps. Pushes are repeated until all is quiet. Then there
//! is one item for each finding, with one comment for each further run, and what was verified is as it was written.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use squall_fake_trackers::{AzureItem, Fault, Process, Random, any_fault, run_local};
use squall_trackers::{Action, Pushed, Verification};
use squall_work_items::WorkItem;

use crate::support::*;

/// Failures to inject, in all.
const FAILURES: u64 = 1_200;
/// The chance that a request kills its client, in percent: before it is carried out, or after.
const KILLS: u64 = 2;

/// Polls a future at most so many times, then drops it: a killed client.
struct Killed<F>(Pin<Box<F>>, Rc<Cell<u64>>);

impl<F: Future> Future for Killed<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if self.1.get() == 0 {
            return Poll::Ready(None);
        }
        self.1.set(self.1.get() - 1);
        self.0.as_mut().poll(context).map(Some)
    }
}

/// What the whole test has seen.
#[derive(Default)]
struct Tally {
    failures: Rc<Cell<u64>>,
    kills: u64,
    pushes: u64,
    unclear: u64,
    not_created: u64,
    differing: u64,
}

#[test]
fn a_thousand_failures_make_no_duplicate_and_lose_nothing() {
    run_local(async {
        let mut tally = Tally::default();
        let mut seed = 0;
        while tally.failures.get() < FAILURES {
            seed += 1;
            story(seed, &mut tally).await;
        }
        // Otherwise the test would test less than it says.
        let Tally { kills, unclear, not_created, differing, .. } = &tally;
        assert!(*kills > 40 && *unclear > 2 && *not_created > 10 && *differing > 10, "{tally:?}");
    });
}

/// Two runs with the same findings at one project.
async fn story(seed: u64, tally: &mut Tally) {
    let random = Rc::new(RefCell::new(Random::new(seed)));
    let process = Process::ALL[random.borrow_mut().below(4) as usize];
    let server = start(process).await;
    server.with(|fake| {
        fake.tamper = Some(|item| {
            if is_tampered(item) {
                item.fields.insert("System.Title".to_owned(), "Another title".into());
            }
        });
    });
    let endpoints = ["GET /a", "GET /b", "POST /c"];
    for (number, run) in ["run-1", "run-2"].into_iter().enumerate() {
        let items: Vec<WorkItem> = endpoints.iter().map(|endpoint| item(endpoint, run, 850.0)).collect();
        push_until_quiet(&server, &items, &random, tally).await;
        server.with(|fake| {
            for item in &items {
                let found = fake.tagged(item.fingerprint.as_str());
                assert_eq!(found.len(), 1, "seed {seed}: duplicates of {}", item.task.title);
                assert_eq!(found[0].comments.len(), number, "seed {seed}: comments of {}", item.task.title);
            }
            assert_eq!(fake.breaches, Vec::<String>::new(), "seed {seed}");
        });
    }
}

/// The server stores some items otherwise than they were written.
fn is_tampered(item: &AzureItem) -> bool {
    item.id % 8 == 3
}

/// Decides about each request: it fails, or it kills its client, or all is well.
fn inject(server: &Server, random: &Rc<RefCell<Random>>, failures: &Rc<Cell<u64>>, polls: &Rc<Cell<u64>>) {
    let (random, failures, polls) = (Rc::clone(random), Rc::clone(failures), Rc::clone(polls));
    let chance = 10 + random.borrow_mut().below(50);
    server.set_faults(move |_| {
        let random = &mut random.borrow_mut();
        if random.chance(KILLS) {
            polls.set(0);
            return if random.chance(50) { Fault::DropBefore } else { Fault::DropAfter };
        }
        let fault = any_fault(random, chance);
        failures.set(failures.get() + u64::from(fault != Fault::None));
        fault
    });
}

/// Pushes, perhaps killed, until nothing is left to do. The last pushes meet no failures.
async fn push_until_quiet(server: &Server, items: &[WorkItem], random: &Rc<RefCell<Random>>, tally: &mut Tally) {
    for turn in 0.. {
        assert!(turn < 10, "it does not become quiet");
        let drawn = random.borrow_mut().below(600);
        let polls = Rc::new(Cell::new(if turn < 5 && drawn < 200 { drawn } else { u64::MAX }));
        if turn < 5 {
            inject(server, random, &tally.failures, &polls);
        } else {
            server.heal();
        }
        tally.pushes += 1;
        let results = Killed(Box::pin(push_to(server, items)), polls).await;
        // A killed client is started again by a person or a schedule: by then its last request has been carried out, and
        // the index is up to date.
        server.settle().await;
        server.with(|fake| fake.requests += 40);
        let Some(results) = results else {
            tally.kills += 1;
            continue;
        };
        judge(server, items, &results, tally);
        let is_read_back = |pushed: &Pushed| matches!(pushed.status(), "verified" | "verified with differences");
        if results.iter().all(is_read_back) {
            return;
        }
    }
}

/// Each item has a result, and no result says more than is true.
fn judge(server: &Server, items: &[WorkItem], results: &[Pushed], tally: &mut Tally) {
    assert_eq!(results.len(), items.len());
    for (item, pushed) in items.iter().zip(results) {
        assert_eq!(pushed.fingerprint, item.fingerprint);
        let found = server.with(|fake| fake.tagged(item.fingerprint.as_str()).into_iter().cloned().collect::<Vec<_>>());
        match &pushed.verification {
            Verification::Verified => {
                let stored = found.iter().find(|one| one.id.to_string() == pushed.item.as_ref().unwrap().id).unwrap();
                if pushed.action == Action::Created {
                    assert_eq!(stored.text("System.Title"), item.task.title);
                }
                let text = squall_trackers::html_to_text(stored.text("System.Description"));
                let record = squall_work_items::Record::find(&text).unwrap();
                assert_eq!(record.run, item.record.run);
            }
            Verification::VerifiedWithDifferences(differences) => {
                let title = format!("System.Title is \"Another title\", not {:?}", item.task.title);
                assert_eq!(*differences, [title]);
                assert!(is_tampered(&found[0]));
                tally.differing += 1;
            }
            Verification::CreatedNotVerified(reason) => {
                assert!(!reason.is_empty());
                tally.unclear += u64::from(pushed.action == Action::MayExist);
                assert!(pushed.action == Action::MayExist || found.len() == 1, "{pushed:?}");
            }
            // Surely nothing was done in this push: what is there was there before, or will be named by the next push.
            Verification::NotCreated(reason) => {
                assert!(!reason.is_empty());
                tally.not_created += 1;
            }
        }
    }
}

impl std::fmt::Debug for Tally {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Tally { failures, kills, pushes, unclear, not_created, differing } = self;
        let failures = failures.get();
        write!(formatter, "{differing} differ, ")?;
        write!(
            formatter,
            "{failures} failures, {kills} kills, {pushes} pushes, {unclear} may exist, {not_created} not created"
        )
    }
}
