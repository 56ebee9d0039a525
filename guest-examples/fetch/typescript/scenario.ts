// Requests by `fetch()`, the standard way, in place of Squall's `http`. Build with `--engine starlingmonkey`, the engine
// that has it.

import { check, type Flows, target } from 'squall';

export const flows: Flows = { get, page: { weight: 0, run: page }, refused: { weight: 0, run: refused } };

async function get() {
  // The standard knows no target: its URLs are whole. The header names the series, and is not sent.
  const response = await fetch(`${target()}/products/7`, { headers: { 'squall-name': 'product' } });
  const text = await response.text();
  check(response, { 'status is 200': ({ status }) => status === 200 });
  check(text, { 'the greeting is there': (text) => text.includes('hello') });
}

async function page() {
  const parts = await Promise.all(Array.from({ length: 10 }, (_, part) => fetch(`${target()}/part/${part}`)));
  const texts = await Promise.all(parts.map((part) => part.text()));
  check(texts, { 'every part has arrived': (texts) => texts.every((text) => text.length > 0) });
}

/** No server listens at port 1: an error that is not caught ends the iteration. */
async function refused() {
  await fetch('http://127.0.0.1:1/');
}
