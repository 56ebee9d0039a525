//! The client of the control API.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::background::runtime;
use crate::change::Change;
use crate::command::Command;
use crate::error::ControlError;
use crate::status::RunStatus;
use crate::token::{Token, VARIABLE};
use crate::{only_loopback, within};

/// Limit for an answer.
const PATIENCE: Duration = Duration::from_secs(15);
/// The largest answer; a status has a thousandth of it.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// A run in another process on this machine.
pub struct RemoteRun {
    address: SocketAddr,
    token: Token,
}

impl RemoteRun {
    /// Addresses the run that listens at `address`. The token comes from the file, or else from the environment.
    ///
    /// # Errors
    /// If the address is not of this machine, or there is no token.
    pub fn at(address: SocketAddr, token_file: Option<&Path>) -> Result<RemoteRun, ControlError> {
        let address = only_loopback("--at", address)?;
        let token = Token::given("--token-file", token_file)?.ok_or_else(|| {
            ControlError::Setting(format!(
                "the run's token is missing: it is printed when the run begins; give it as {VARIABLE}, or its file \
                 with --token-file"
            ))
        })?;
        Ok(RemoteRun { address, token })
    }

    /// The run's status, as JSON.
    ///
    /// # Errors
    /// If no run answers.
    pub fn status_json(&self) -> Result<String, ControlError> {
        self.ask(Method::GET, Bytes::new())
    }

    /// The run's status.
    ///
    /// # Errors
    /// If no run answers.
    pub fn status(&self) -> Result<RunStatus, ControlError> {
        self.read(&self.status_json()?)
    }

    /// Changes the run.
    ///
    /// # Errors
    /// If no run answers, or it cannot be changed like this.
    pub fn change(&self, command: Command) -> Result<(), ControlError> {
        // A struct of numbers always is JSON.
        let body = serde_json::to_vec(&Change::from(command)).unwrap_or_default();
        self.ask(Method::PATCH, body.into()).map(drop)
    }

    /// The body of a successful answer.
    fn ask(&self, method: Method, body: Bytes) -> Result<String, ControlError> {
        let exchange = async { within(PATIENCE, self.exchange(method, body)).await };
        let answer = runtime().map(|runtime| runtime.block_on(exchange)).map_err(|error| self.failed(&error))?;
        let no_answer = io::Error::new(io::ErrorKind::TimedOut, format!("no answer in {}s", PATIENCE.as_secs()));
        let (status, text) = answer.unwrap_or(Err(no_answer)).map_err(|error| self.failed(&error))?;
        if status == StatusCode::OK {
            return Ok(text);
        }
        let answer: Value = self.read(&text)?;
        let sentence = answer["error"].as_str().map_or_else(|| format!("it answered {status}"), str::to_owned);
        Err(ControlError::Answer(format!("{}: {sentence}", self.address)))
    }

    async fn exchange(&self, method: Method, body: Bytes) -> io::Result<(StatusCode, String)> {
        let connection = TcpStream::connect(self.address).await?;
        let (mut requests, http) = http1::handshake(TokioIo::new(connection)).await.map_err(io::Error::other)?;
        // Ends with the exchange; its error is the exchange's error.
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

    fn read<Answer: serde::de::DeserializeOwned>(&self, text: &str) -> Result<Answer, ControlError> {
        let strange = |_| {
            ControlError::Answer(format!("{}: the server there is not a run of this version of Squall", self.address))
        };
        serde_json::from_str(text).map_err(strange)
    }

    fn failed(&self, error: &io::Error) -> ControlError {
        let address = self.address;
        ControlError::Answer(match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                format!("nothing listens at {address}: start the run with --control {address}, or give --at ADDRESS")
            }
            _ => format!("{address} does not answer as a run would: {error}"),
        })
    }
}
