//! Follows a feed of server-sent events, and reconnects where it breaks off, as browsers do.
//!
//! Options: `FEED`, the feed's path, and `EVENTS`, the number of events of an iteration.

use std::time::Duration;

use squall::prelude::*;

squall::scenario! {
    flows: { follow },
}

/// The time before reconnecting to a feed that does not ask for another.
const RETRY: Duration = Duration::from_secs(3);

fn follow() -> Outcome {
    let wanted: usize = env("EVENTS").as_deref().unwrap_or("100").parse()?;
    let path = env("FEED").unwrap_or_else(|| "/events".to_owned());
    let request = http::get(path).name("feed").header("accept", "text/event-stream");
    let mut feed = request.stream()?;
    check!(feed.status() == 200, "the feed is there");
    let mut seen = 0;
    while seen < wanted && feed.status() == 200 {
        match feed.next_event() {
            Ok(Some(_)) => seen += 1,
            // It has ended, or broken off. What came is not sent again: the id of the last event goes along.
            Ok(None) | Err(http::Error::Reset(_)) => {
                sleep(feed.retry().unwrap_or(RETRY));
                feed = feed.reopen(&request)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    check!(seen == wanted, "all events came");
    Ok(())
}

#[cfg(test)]
mod tests {
    use squall::testing::{Host, Reply};

    use super::*;

    #[test]
    fn a_feed_goes_on_after_its_last_event() {
        let mut host = Host::new().option("EVENTS", "3").respond_with("GET", "/events", |sent| {
            Ok(match sent.header("last-event-id") {
                None => Reply::new(200).body("id: 1\nretry: 500\ndata: a\n\nid: 2\ndata: b\n\n"),
                Some("2") => Reply::new(200).body("id: 3\ndata: c\n\n"),
                Some(_) => Reply::new(204),
            })
        });
        let report = host.run(follow).expect_ok();
        assert_eq!((report.requests.len(), report.slept), (2, Duration::from_millis(500)));
        assert!(report.checks.iter().all(|(_, passed)| *passed), "{:?}", report.checks);
    }
}
