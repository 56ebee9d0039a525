//! Batches of requests, sent concurrently as by a browser, with a limit per origin.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use squall_metrics::Nanos;

use crate::client::Client;
use crate::error::Error;
use crate::request::Prepared;
use crate::response::Response;
use crate::url::Origin;

type ResponseResult = Result<Box<Response>, Error>;

/// A request under way, and its place in the batch.
struct UnderWay<'a> {
    place: usize,
    origin: Rc<Origin>,
    answer: Pin<Box<dyn Future<Output = (ResponseResult, Nanos)> + 'a>>,
}

/// A batch of requests.
struct Batch<'a> {
    client: &'a Client,
    start: Nanos,
    late_by: Nanos,
    queue: VecDeque<(usize, Box<Prepared>)>,
    under_way: Vec<UnderWay<'a>>,
    answers: Vec<Option<ResponseResult>>,
}

impl Client {
    /// Sends requests together and waits for all. Answers are in the order of the requests; what could not be prepared
    /// comes back as it is. The time allowed for a request begins when its turn comes, its `response_time` at once.
    pub async fn send_all(&self, requests: Vec<Result<Box<Prepared>, Error>>) -> Vec<Result<Box<Response>, Error>> {
        let start = self.network.clock.now();
        let _waiter = self.start_waiting(start);
        let mut batch = Batch::new(self, start, requests);
        poll_fn(|context| batch.poll(context)).await;
        // All are there: the batch ends only after the last answer.
        batch.answers.into_iter().flatten().collect()
    }
}

impl<'a> Batch<'a> {
    fn new(client: &'a Client, start: Nanos, requests: Vec<Result<Box<Prepared>, Error>>) -> Batch<'a> {
        let mut batch = Batch {
            client,
            start,
            late_by: client.late_by.take(),
            queue: VecDeque::new(),
            under_way: Vec::new(),
            answers: Vec::new(),
        };
        for (place, request) in requests.into_iter().enumerate() {
            match request {
                Ok(request) => {
                    batch.queue.push_back((place, request));
                    batch.answers.push(None);
                }
                Err(error) => batch.answers.push(Some(Err(error))),
            }
        }
        batch
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            self.start_those_whose_turn_it_is();
            let before = self.under_way.len();
            let answers = &mut self.answers;
            self.under_way.retain_mut(|request| match request.answer.as_mut().poll(context) {
                Poll::Ready((answer, _)) => {
                    answers[request.place] = Some(answer);
                    false
                }
                Poll::Pending => true,
            });
            if self.under_way.is_empty() && self.queue.is_empty() {
                return Poll::Ready(());
            }
            if self.under_way.len() == before {
                return Poll::Pending;
            }
        }
    }

    fn start_those_whose_turn_it_is(&mut self) {
        let most = self.client.network.config.batch_per_origin.max(1);
        let mut full: Vec<Rc<Origin>> = Vec::new();
        for _ in 0..self.queue.len() {
            let Some((place, request)) = self.queue.pop_front() else { return };
            let origin = Rc::clone(&request.origin);
            let is_full = full.iter().any(|full| full.same(&origin));
            if is_full || self.under_way.iter().filter(|other| other.origin.same(&origin)).count() >= most {
                if !is_full {
                    full.push(origin);
                }
                // Once around the queue, and the order is as it was.
                self.queue.push_back((place, request));
                continue;
            }
            let now = self.client.network.clock.now();
            let answer = Box::pin(self.client.send_since(self.start, self.late_by, now, request));
            self.under_way.push(UnderWay { place, origin, answer });
        }
    }
}
