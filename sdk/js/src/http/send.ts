// The way to the host and back: what is common to this SDK's `http` and to k6's.

import { http } from '../host.ts';
import { building, needHost } from '../phase.ts';
import { HttpError } from './error.ts';

/** Sends a request; an error of the host becomes one of JavaScript. */
export function send(request: http.Request): http.Response {
  if (building) needHost('an HTTP request');
  try {
    return http.send(request);
  } catch (error) {
    throw fromHost(error);
  }
}

/** Sends several requests at once. */
export function sendAll(requests: http.Request[]): (http.Response | HttpError)[] {
  needHost('an HTTP request');
  return http.sendAll(requests).map((result) => (result.tag === 'ok' ? result.val : HttpError.from(result.val)));
}

/** The host's error: the engines hand it over as `payload` of one of theirs. */
function fromHost(error: unknown): unknown {
  const payload = (error as { payload?: http.Error }).payload;
  return payload?.tag ? HttpError.from(payload) : error;
}
