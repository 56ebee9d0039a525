// Sending, shared by this SDK's `http` and k6's.

import { http } from '../host.ts';
import { building, needHost } from '../phase.ts';
import { HttpError } from './error.ts';
// For its effect on the host's responses, too.
import './response.ts';
import type { Response } from './response.ts';

/** Sends a request; an error of the host becomes one of JavaScript. */
export function send(request: http.Request): Response {
  if (building) needHost('an HTTP request');
  try {
    return http.send(request) as unknown as Response;
  } catch (error) {
    throw fromHost(error);
  }
}

/** Sends a GET without its own headers: the host takes it without a record, which saves a tenth of the work. */
export function get(url: string, options: http.RequestOptions | undefined): Response {
  if (building) needHost('an HTTP request');
  try {
    return http.get(url, options) as unknown as Response;
  } catch (error) {
    throw fromHost(error);
  }
}

/** Sends several requests at once. */
export function sendAll(requests: http.Request[]): (Response | HttpError)[] {
  needHost('an HTTP request');
  return http.sendAll(requests).map((result) => (result.tag === 'ok' ? (result.val as unknown as Response) : HttpError.from(result.val)));
}

/** The host's error: the engines hand it over as `payload` of one of theirs. */
export function fromHost(error: unknown): unknown {
  const payload = (error as { payload?: http.Error }).payload;
  return payload?.tag ? HttpError.from(payload) : error;
}
