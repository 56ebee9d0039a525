//! A chat with a language model behind an OpenAI-compatible server: completions are streamed, and their tokens counted.
//!
//! Options: `MODEL`, `PROMPT`, `MAX_TOKENS`, and `API_KEY`, which is best given by `--secret`.

use serde_json::json;
use squall::prelude::*;

squall::scenario! {
    flows: { chat },
    thresholds: { http_req_failed: "rate<0.01" },
}

fn chat() -> Outcome {
    let option = |name: &str, usual: &str| env(name).unwrap_or_else(|| usual.to_owned());
    let most: u32 = option("MAX_TOKENS", "128").parse()?;
    let mut request =
        http::post("/v1/chat/completions").name("chat").header("accept", "text/event-stream").json(&json!({
            "model": option("MODEL", "default"),
            "messages": [{ "role": "user", "content": option("PROMPT", "Count to ten.") }],
            "max_tokens": most,
            "stream": true,
            // The server's own count of tokens, in the last event.
            "stream_options": { "include_usage": true },
        }));
    if let Some(key) = env("API_KEY") {
        request = request.header("authorization", format!("Bearer {key}"));
    }
    let mut answer = request.stream()?;
    answer.count_tokens()?;
    if !check!(answer.status() == 200, "the model answers") {
        return Ok(());
    }
    let mut text = String::new();
    // To the end, which comes right after "[DONE]": so the connection can be used again.
    for event in answer.events() {
        text.extend(event?.get("/choices/0/delta/content"));
    }
    check!(!text.is_empty(), "the answer has text");
    Ok(())
}

#[cfg(test)]
mod tests {
    use squall::testing::Host;

    use super::*;

    #[test]
    fn a_streamed_answer_is_read_to_its_end() {
        let answer = "data: {\"choices\":[{\"delta\":{\"content\":\"One\"}}]}\n\ndata: [DONE]\n\n";
        let mut host = Host::new().respond("POST", "/v1/chat/completions", 200, answer).option("API_KEY", "key");
        let report = host.run(chat).expect_ok();
        assert!(report.checks.iter().all(|(_, passed)| *passed), "{:?}", report.checks);
        let sent = &report.requests[0];
        assert!(sent.text().contains("\"stream\":true") && sent.header("authorization") == Some("Bearer key"));
        let report = Host::new().respond("*", "*", 503, "").run(chat);
        assert_eq!(report.checks, [("the model answers".to_owned(), false)]);
    }
}
