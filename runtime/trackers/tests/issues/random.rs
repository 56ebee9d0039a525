//! Random failures, and clients that are killed between any two steps. Pushes are repeated until all is quiet. Then
//! there is one item for each finding, with one comment for each further run, and what was verified is as it was
//! written.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use squall_fake_trackers::{Fault, IssueFake, Random, any_fault};
use squall_trackers::{Action, Pushed, Verification};
use squall_work_items::WorkItem;

use crate::benches::*;
use crate::items::item;

/// Failures to inject for each tracker.
const FAILURES: u64 = 1_000;
/// Of a request, in percent.
const CHANCE: u64 = 35;

on_each! { failures_make_no_duplicate_and_lose_nothing }

/// Polls a future at most so many times, then drops it: a killed client.
struct Killed<F>(Pin<Box<F>>, u64);

impl<F: Future> Future for Killed<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<F::Output>> {
        if self.1 == 0 {
            return Poll::Ready(None);
        }
        self.1 -= 1;
        self.0.as_mut().poll(context).map(Some)
    }
}

/// What the whole test has seen.
#[derive(Debug, Default)]
struct Tally {
    failures: Rc<Cell<u64>>,
    kills: u64,
    pushes: u64,
    verified: u64,
    unclear: u64,
    not_created: u64,
}

mod each {
    use super::*;

    pub async fn failures_make_no_duplicate_and_lose_nothing<B: Bench>() {
        let mut tally = Tally::default();
        let mut seed = 0;
        while tally.failures.get() < FAILURES {
            seed += 1;
            story::<B>(seed, &mut tally).await;
        }
        // Otherwise the test would test less than it says.
        assert!(tally.kills > 10 && tally.unclear > 5 && tally.not_created > 5, "{} {tally:?}", B::NAME);
    }
}

/// Two runs with the same findings at one project.
async fn story<B: Bench>(seed: u64, tally: &mut Tally) {
    let random = Rc::new(RefCell::new(Random::new(seed)));
    let server = start::<B>().await;
    let endpoints = ["GET /a", "GET /b", "POST /c"];
    for (number, run) in ["run-1", "run-2"].into_iter().enumerate() {
        let items: Vec<WorkItem> = endpoints.iter().map(|endpoint| item(endpoint, run, 850.0)).collect();
        inject::<B>(&server, &random, &tally.failures);
        push_until_quiet::<B>(&server, &items, &random, tally).await;
        for item in &items {
            let told = format!("{}, seed {seed}, {run}, {}", B::NAME, item.task.title);
            let found = numbers::<B>(&server, item);
            assert_eq!(found.len(), 1, "duplicates: {told}");
            let comments = server.with(|fake| fake.store().issues[&found[0]].comments.len());
            assert_eq!(comments, number, "comments: {told}");
        }
        assert_no_breaches::<B>(&server);
    }
}

fn inject<B: Bench>(server: &Server<B>, random: &Rc<RefCell<Random>>, failures: &Rc<Cell<u64>>) {
    let (random, failures) = (Rc::clone(random), Rc::clone(failures));
    server.set_faults(move |_| {
        let fault = any_fault(&mut random.borrow_mut(), CHANCE);
        failures.set(failures.get() + u64::from(fault != Fault::None));
        fault
    });
}

/// Pushes, perhaps killed, until all items are verified. The last pushes meet no failures.
async fn push_until_quiet<B: Bench>(
    server: &Server<B>,
    items: &[WorkItem],
    random: &Rc<RefCell<Random>>,
    tally: &mut Tally,
) {
    for turn in 0.. {
        if turn == 4 {
            server.heal();
        }
        assert!(turn < 8, "it does not become quiet");
        let polls = random.borrow_mut().below(400);
        let polls = if turn < 3 && polls < 200 { polls } else { u64::MAX };
        tally.pushes += 1;
        let results = Killed(Box::pin(push_to::<B>(server, items)), polls).await;
        // A killed client is started again by a person or a schedule: by then its last request has been carried out,
        // and the index is up to date.
        server.settle().await;
        match results {
            Some(results) => {
                judge::<B>(server, items, &results, tally);
                if results.iter().all(Pushed::is_verified) {
                    return;
                }
            }
            None => tally.kills += 1,
        }
        server.with(|fake| fake.store().requests += 40);
    }
}

/// Each item has a result, and no result says more than is true.
fn judge<B: Bench>(server: &Server<B>, items: &[WorkItem], results: &[Pushed], tally: &mut Tally) {
    assert_eq!(results.len(), items.len());
    for (item, pushed) in items.iter().zip(results) {
        assert_eq!(pushed.fingerprint, item.fingerprint);
        let found = numbers::<B>(server, item);
        match &pushed.verification {
            Verification::Verified => {
                let id = &pushed.item.as_ref().unwrap().id;
                let number: u64 = id.rsplit('-').next().unwrap().parse().unwrap();
                assert_eq!(found, [number], "{pushed:?}");
                let stored = server.with(|fake| fake.store().issues[&number].clone());
                assert_eq!(stored.title, item.task.title);
                let record = format!("Squall record: {}, run {},", item.fingerprint, item.record.run);
                assert!(stored.body.to_string().contains(&record), "{stored:?}");
                tally.verified += 1;
            }
            Verification::VerifiedWithDifferences(differences) => assert!(differences.is_empty(), "{differences:?}"),
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
