//! `squall control`: asks a run that goes on, and tells what it answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::args::{Action, ClientArgs};
use super::change::Change;
use super::report::describe;
use super::status::Status;
use super::token::{Token, VARIABLE};
use super::{only_loopback, within};
use crate::background::runtime;
use crate::command::Command;
use crate::error::CliError;
use crate::exit;
use crate::stdout::print;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The largest answer; a status has a thousandth of it.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// Does what the arguments say.
pub fn control(arguments: &ClientArgs) -> Result<u8, CliError> {
    let address = only_loopback("--at", arguments.at)?;
    let token = Token::given("--token-file", arguments.token_file.as_deref())?.ok_or_else(|| {
        let sentence = format!(
            "the run's token is missing: it is printed when the run begins; give it as {VARIABLE}, or its file with \
             --token-file"
        );
        CliError::Options(vec![sentence])
    })?;
    let run = DistantRun { address, token };
    let command = match &arguments.action {
        Action::Status { json } => {
            let answer = run.ask(Method::GET, Bytes::new())?;
            let text = if *json { answer } else { describe(&run.read::<Status>(&answer)?) };
            print(&text)?;
            return Ok(exit::PASSED);
        }
        Action::Pause => Command::Pause,
        Action::Resume => Command::Resume,
        Action::Stop => Command::Stop,
        Action::Vus { number } => Command::Vus(*number),
        Action::Rate { rate } => Command::Rate(*rate),
    };
    // A struct of numbers always is JSON.
    let body = serde_json::to_vec(&Change::from(command)).unwrap_or_default();
    run.ask(Method::PATCH, body.into())?;
    print(&format!("{command}\n"))?;
    Ok(exit::PASSED)
}

/// A run in another program on this machine.
struct DistantRun {
    address: SocketAddr,
    token: Token,
}

impl DistantRun {
    /// What it answers, if that is what was wanted.
    fn ask(&self, method: Method, body: Bytes) -> Result<String, CliError> {
        let exchange = async { within(PATIENCE, self.exchange(method, body)).await };
        let answer = runtime().map(|runtime| runtime.block_on(exchange)).map_err(|error| self.failed(&error))?;
        let no_answer = io::Error::new(io::ErrorKind::TimedOut, format!("no answer in {}s", PATIENCE.as_secs()));
        let (status, text) = answer.unwrap_or(Err(no_answer)).map_err(|error| self.failed(&error))?;
        if status == StatusCode::OK {
            return Ok(text);
        }
        let answer: Value = self.read(&text)?;
        let sentence = answer["error"].as_str().map_or_else(|| format!("it answered {status}"), str::to_owned);
        Err(CliError::Control(format!("{}: {sentence}", self.address)))
    }

    async fn exchange(&self, method: Method, body: Bytes) -> io::Result<(StatusCode, String)> {
        let connection = TcpStream::connect(self.address).await?;
        let (mut requests, http) = http1::handshake(TokioIo::new(connection)).await.map_err(io::Error::other)?;
        // Ends with the exchange; what is wrong with it is what is wrong with the exchange.
        tokio::spawn(async { drop(http.await) });
        let request = Request::builder()
            .method(method)
            .uri("/v1/status")
            .header(HOST, self.address.to_string())
            .header(AUTHORIZATION, format!("Bearer {}", self.token.secret()))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(body))
            .map_err(io::Error::other)?;
        let answer = requests.send_request(request).await.map_err(io::Error::other)?;
        let status = answer.status();
        let whole = Limited::new(answer.into_body(), ANSWER_LIMIT).collect().await.map_err(io::Error::other)?;
        Ok((status, String::from_utf8_lossy(&whole.to_bytes()).into_owned()))
    }

    fn read<Answer: serde::de::DeserializeOwned>(&self, text: &str) -> Result<Answer, CliError> {
        let strange = |_| CliError::Control(format!("{}: what answers there is no run of this Squall", self.address));
        serde_json::from_str(text).map_err(strange)
    }

    fn failed(&self, error: &io::Error) -> CliError {
        let address = self.address;
        CliError::Control(match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                format!("nobody listens at {address}: start the run with --control {address}, or say --at ADDRESS")
            }
            _ => format!("{address} does not answer as a run would: {error}"),
        })
    }
}
