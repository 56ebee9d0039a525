//! The least scenario: one GET of the target, whose body is thrown away.

use squall::prelude::*;

squall::scenario! {
    flows: { home },
}

fn home() -> Outcome {
    let page = http::get("/").discard_body().send()?;
    check!(page.status() == 200, "status is 200");
    Ok(())
}

#[test]
fn home_is_asked_for() {
    let mut host = squall::testing::Host::new().respond("GET", "/", 200, "<html>");
    assert_eq!(host.run(home).expect_ok().requests.len(), 1);
}
