//! Routes and answers of the control API.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use squall_load::StoppedBy;
use tracing::debug;

use crate::api_error::ApiError;
use crate::change::Change;
use crate::command::Controls;
use crate::guard::Guard;
use crate::run_state::RunStateReader;
use crate::status::RunStatus;

/// The largest body that is read; a change needs a hundredth of it.
const BODY_LIMIT: usize = 4 * 1024;
/// Figures come once a second.
const FIGURES_WITHIN: Duration = Duration::from_secs(2);

/// An answer, whole.
pub type ApiResponse = Response<Full<Bytes>>;

/// The control API of a run, for programs.
pub struct Api {
    /// Decides which requests may pass.
    pub guard: Guard,
    /// Answers those that do.
    pub routes: Routes,
}

impl Api {
    /// Answers a request.
    pub async fn answer(&self, request: Request<Incoming>) -> ApiResponse {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let result = match self.guard.check(&head.headers) {
            Ok(()) => self.routes.result_of(&head.method, path, body).await,
            Err(refusal) => Err(refusal),
        };
        let answer = respond(result);
        debug!(method = %head.method, path, status = answer.status().as_u16(), "the control API answered");
        answer
    }
}

/// What the API answers to clients that may ask.
pub struct Routes {
    /// Changes the run.
    pub controls: Controls,
    /// Reads the run's latest state.
    pub state: RunStateReader,
}

impl Routes {
    /// The answer to a request of that path.
    ///
    /// # Errors
    /// If there is no such path, or the run does not do it.
    pub async fn result_of(&self, method: &Method, path: &str, body: Incoming) -> Result<Value, ApiError> {
        match (path, method) {
            ("/v1/status", &Method::GET) => Ok(self.status()),
            ("/v1/status", &Method::PATCH) => self.change(&read(body).await?),
            ("/v1/metrics", &Method::GET) => Ok(self.state.figures("metrics", FIGURES_WITHIN).await),
            ("/v1/thresholds", &Method::GET) => Ok(self.state.figures("thresholds", FIGURES_WITHIN).await),
            ("/v1/status", _) => Err(wrong_method("/v1/status", "GET and PATCH")),
            (path @ ("/v1/metrics" | "/v1/thresholds"), _) => Err(wrong_method(path, "GET")),
            _ => Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "there is no such path: ask for /v1/status, /v1/metrics or /v1/thresholds",
            )),
        }
    }

    /// The run's status now.
    pub fn run_status(&self) -> RunStatus {
        RunStatus::of(&self.state.seen(), &self.controls)
    }

    fn status(&self) -> Value {
        // A struct of texts and numbers always is JSON.
        serde_json::to_value(self.run_status()).unwrap_or_default()
    }

    fn change(&self, body: &[u8]) -> Result<Value, ApiError> {
        let commands = Change::from_json(body).and_then(Change::commands);
        let commands = commands.map_err(|sentence| ApiError::new(StatusCode::BAD_REQUEST, sentence))?;
        let followed = self.controls.follow(&commands, StoppedBy::Api);
        followed.map_err(|sentence| ApiError::new(StatusCode::CONFLICT, sentence))?;
        Ok(self.status())
    }
}

/// A body, which must be short.
pub async fn read(body: Incoming) -> Result<Bytes, ApiError> {
    Limited::new(body, BODY_LIMIT).collect().await.map(|whole| whole.to_bytes()).map_err(|error| {
        if error.is::<LengthLimitError>() {
            let sentence = format!("the body is too large: a change has at most {BODY_LIMIT} bytes");
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, sentence)
        } else {
            ApiError::new(StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}"))
        }
    })
}

fn wrong_method(path: &str, methods: &str) -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, format!("{path} knows {methods} alone"))
}

/// The answer as JSON.
pub fn respond(result: Result<Value, ApiError>) -> ApiResponse {
    match result {
        Ok(body) => answer(StatusCode::OK, &body),
        Err(refusal) => answer(refusal.status(), &json!({ "error": refusal.sentence() })),
    }
}

fn answer(status: StatusCode, body: &Value) -> ApiResponse {
    let mut answer = Response::new(Full::from(format!("{body}\n")));
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            headers.insert(ALLOW, HeaderValue::from_static("GET, PATCH"));
        }
        _ => {}
    }
    answer
}
