// A chat with a language model behind an OpenAI-compatible server: completions are streamed, and their tokens counted.
//
// Options: `MODEL`, `PROMPT`, `MAX_TOKENS`, and `API_KEY`, which is best given by `--secret`.

import { check, env, type Flows, type Options, streaming } from 'squall';

export const options: Options = { thresholds: { http_req_failed: 'rate<0.01' } };
export const flows: Flows = { chat };

function chat() {
  const key = env('API_KEY');
  const answer = streaming.post('/v1/chat/completions', {
    name: 'chat',
    headers: { accept: 'text/event-stream', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    json: {
      model: env('MODEL') ?? 'default',
      messages: [{ role: 'user', content: env('PROMPT') ?? 'Count to ten.' }],
      max_tokens: Number(env('MAX_TOKENS') ?? 128),
      stream: true,
      // The server's own count of tokens, in the last event.
      stream_options: { include_usage: true },
    },
  });
  answer.countTokens();
  if (!check('the model answers', answer.status === 200)) return;
  let text = '';
  // To the end, which comes right after "[DONE]": so the connection can be used again.
  for (const event of answer) text += event.get('/choices/0/delta/content') ?? '';
  check('the answer has text', text !== '');
}
