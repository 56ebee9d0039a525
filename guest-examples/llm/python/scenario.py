"""A chat with a language model behind an OpenAI-compatible server: completions are streamed, and their tokens counted.

Options: ``MODEL``, ``PROMPT``, ``MAX_TOKENS``, and ``API_KEY``, which is best given by ``--secret``.
"""

from squall import Options, check, env, flow, streaming

options: Options = {"thresholds": {"http_req_failed": "rate<0.01"}}


@flow
def chat() -> None:
    request = {
        "model": env("MODEL") or "default",
        "messages": [{"role": "user", "content": env("PROMPT") or "Count to ten."}],
        "max_tokens": int(env("MAX_TOKENS") or 128),
        "stream": True,
        # The server's own count of tokens, in the last event.
        "stream_options": {"include_usage": True},
    }
    key = env("API_KEY")
    headers = {"accept": "text/event-stream"} | ({"authorization": f"Bearer {key}"} if key else {})
    answer = streaming.post("/v1/chat/completions", json=request, headers=headers, name="chat")
    answer.count_tokens()
    if not check(answer.status == 200, "the model answers"):
        return
    # To the end, which comes right after "[DONE]": so the connection can be used again.
    text = "".join(event.get("/choices/0/delta/content") or "" for event in answer)
    check(text != "", "the answer has text")
