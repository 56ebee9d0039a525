//! Data that the run is given: `--data users=users.csv` for `login` and `profile`, `--data upload=file:big.bin` for `upload`.
//!
//! `-e COLUMN=email` has `login` send another column.

use squall::data::{AtEnd, Policy};
use squall::prelude::*;

squall::scenario! {
    flows: { login, profile: 0, draw: 0, upload: 0 },
    data: { users },
}

static USERS: Feed = Feed::new("users");
/// The same rows, in an order of their own.
static DRAWN: Feed = Feed::new("users").policy(Policy::OnceEach).at_end(AtEnd::Error);
static UPLOAD: Blob = Blob::new("upload");

/// Takes one field of a row: the rest of it stays with the host.
fn login() -> Outcome {
    let user = USERS.next()?;
    let column = env("COLUMN").unwrap_or_else(|| "name".into());
    let request = http::post("/login").body(user.get(&column)?).header("x-vu", vu().to_string());
    check!(request.discard_body().send()?.status() == 200, "logged in");
    Ok(())
}

/// Sends a whole row as JSON.
fn profile() -> Outcome {
    let user = USERS.next()?;
    http::post("/profile").body(user.text()).discard_body().send()?;
    Ok(())
}

/// Sends a field that never enters the scenario, and each row once.
fn draw() -> Outcome {
    let name = DRAWN.next()?.blob("name")?;
    http::post("/draw").body_from(&name).discard_body().send()?;
    Ok(())
}

/// Sends a file that never enters the scenario, however large it is.
fn upload() -> Outcome {
    let response = http::post("/upload").body_from(&UPLOAD).send()?;
    check!(response.status() == 200, "the file has arrived");
    Ok(())
}

#[cfg(test)]
mod tests {
    use squall::testing::Host;

    use super::*;

    fn host() -> Host {
        let users: &[&[&str]] = &[&["ada", "ada@example.test"], &["bob", "bob@example.test"]];
        Host::new().respond("POST", "*", 200, "").feed("users", &["name", "email"], users).blob("upload", "all of it")
    }

    #[test]
    fn each_iteration_takes_a_row() {
        let report = host().rehearse(&SCENARIO, 3).expect_ok();
        let names: Vec<_> = report.requests.iter().map(|request| request.text()).collect();
        assert_eq!(names, ["ada", "bob", "ada"]);
    }

    #[test]
    fn a_row_is_json_and_a_column_that_is_not_there_an_error() {
        let report = host().run(profile).expect_ok();
        assert_eq!(report.requests[0].text(), r#"{"name":"ada","email":"ada@example.test"}"#);
        let outcome = host().option("COLUMN", "nmae").run(login).outcome;
        assert_eq!(outcome, Err("data \"users\": there is no column \"nmae\": the columns are name, email".to_owned()));
    }

    #[test]
    fn once_each_comes_to_an_end() {
        let mut host = host();
        let sent = |host: &mut Host| host.run(draw).expect_ok().requests[0].text();
        assert_eq!([sent(&mut host), sent(&mut host)], ["ada", "bob"]);
        assert_eq!(host.run(draw).outcome, Err("data \"users\" is exhausted".to_owned()));
    }

    #[test]
    fn a_file_is_sent_as_it_is() {
        assert_eq!(host().run(upload).expect_ok().requests[0].text(), "all of it");
    }
}
