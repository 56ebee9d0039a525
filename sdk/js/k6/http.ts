// The module `k6/http`.

import { drop, http as host } from '../src/host.ts';
import { HttpError } from '../src/http/error.ts';
import type { Response as Arrived } from '../src/http/response.ts';
import { get as getOne, send as sendOne, sendAll } from '../src/http/send.ts';
import type { Statuses } from '../src/http/settings.ts';
import { log } from '../src/log.ts';
import { CookieJar, jar } from './cookie-jar.ts';
import { answerDigest } from './digest.ts';
import { type Body, defaults, FileData, lower, type Params, prepare, type Sent, StatusList, type Url } from './request.ts';
import { further, Response } from './response.ts';
import { state } from './runtime.ts';

/** Sends a request with any method. */
export function request(method: string, url: Url, body?: Body, params?: Params | null): Response {
  const sent = prepare(method.toUpperCase(), url, body, params);
  const response = exchange(sent);
  if (sent.params.auth === 'digest' && response.status === 401) {
    const authorization = answerDigest(sent, String(url), response.headers['Www-Authenticate'] ?? '');
    if (authorization !== undefined) return exchange({ ...sent, headers: [...sent.headers, ['authorization', authorization]] });
  }
  return response;
}

further.request = request;

function exchange(sent: Sent): Response {
  return respond(sent, attempt(sent));
}

function attempt(sent: Sent): Arrived | HttpError {
  const lowered = lower(sent);
  try {
    const { method, url, headers, body, options } = lowered;
    if (method === 'GET' && headers.length === 0 && body === undefined) return getOne(url, options);
    return sendOne(lowered);
  } catch (error) {
    if (error instanceof HttpError) return error;
    throw error;
  } finally {
    letGo(sent, lowered);
  }
}

/** Settings with a jar of their own are made for one request. */
function letGo(sent: Sent, { options }: host.Request): void {
  if (sent.params.jar && options) drop(options);
}

/** The response. An error is thrown if the options demand it, and becomes a response otherwise. */
function respond(sent: Sent, outcome: Arrived | HttpError): Response {
  if (outcome instanceof HttpError) {
    if (sent.params.throw ?? state.options.throw) throw outcome;
    log.warn(`Request Failed: ${sent.method} ${sent.url}: ${outcome.message}`);
  }
  return new Response(outcome, sent);
}

export function get(url: Url, params?: Params | null): Response {
  return request('GET', url, null, params);
}
export function head(url: Url, params?: Params | null): Response {
  return request('HEAD', url, null, params);
}
export function post(url: Url, body?: Body, params?: Params | null): Response {
  return request('POST', url, body, params);
}
export function put(url: Url, body?: Body, params?: Params | null): Response {
  return request('PUT', url, body, params);
}
export function patch(url: Url, body?: Body, params?: Params | null): Response {
  return request('PATCH', url, body, params);
}
export function del(url: Url, body?: Body, params?: Params | null): Response {
  return request('DELETE', url, body, params);
}
export function options(url: Url, body?: Body, params?: Params | null): Response {
  return request('OPTIONS', url, body, params);
}

/** The request is sent at once, and the promise is settled when it is awaited: one after the other, as a batch is not. */
export async function asyncRequest(method: string, url: Url, body?: Body, params?: Params | null): Promise<Response> {
  return request(method, url, body, params);
}

/** One request of a batch: a URL, `[method, url, body, params]`, or an object of these. */
export type BatchRequest = Url | [method: string, url: Url, body?: Body, params?: Params | null] | { method?: string; url: Url; body?: Body; params?: Params };

/** Sends several requests at once. */
export function batch<T extends readonly BatchRequest[] | Record<string, BatchRequest>>(requests: T): { [K in keyof T]: Response } {
  const names = Object.keys(requests);
  const sent = names.map((name) => {
    const one = (requests as Record<string, BatchRequest>)[name]!;
    if (Array.isArray(one)) return prepare(one[0].toUpperCase(), one[1], one[2], one[3]);
    if (typeof one === 'object' && 'url' in one && !('name' in one)) return prepare((one.method ?? 'GET').toUpperCase(), one.url, one.body, one.params);
    return prepare('GET', one as Url, null, null);
  });
  const lowered = sent.map(lower);
  const outcomes = sendAll(lowered).map((outcome, index) => {
    letGo(sent[index]!, lowered[index]!);
    return respond(sent[index]!, outcome);
  });
  if (Array.isArray(requests)) return outcomes as any;
  return Object.fromEntries(names.map((name, index) => [name, outcomes[index]])) as any;
}

/** A URL whose name leaves out the values: ``http.url`http://shop.test/products/${id}` ``. */
export function url(parts: TemplateStringsArray, ...values: unknown[]): { url: string; name: string; toString(): string } {
  const whole = String.raw({ raw: parts }, ...values);
  return { url: whole, name: parts.join('${}'), toString: () => whole };
}

/** Status codes that are not a failure: `200`, or `{ min: 200, max: 299 }`. */
export function expectedStatuses(...statuses: (number | { min: number; max: number })[]): StatusList {
  if (statuses.length === 0) throw new TypeError('expectedStatuses needs at least one status or range');
  return new StatusList(statuses.map((one): Statuses => (typeof one === 'number' ? one : `${one.min}-${one.max}`)));
}

/** Which status codes all further requests of this virtual user expect; null for all. */
export function setResponseCallback(expected: StatusList | null): void {
  defaults.expected = expected;
}

/** The cookies of this virtual user. */
export function cookieJar(): CookieJar {
  return jar;
}

/** A file for a form. */
export function file(data: string | ArrayBuffer | ArrayBufferView, filename?: string, contentType = 'application/octet-stream'): FileData {
  return new FileData(data, filename ?? String(Date.now()), contentType);
}

const TLS = {
  SSL_3_0: 'ssl3.0', TLS_1_0: 'tls1.0', TLS_1_1: 'tls1.1', TLS_1_2: 'tls1.2', TLS_1_3: 'tls1.3',
} as const;
export const { SSL_3_0, TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3 } = TLS;

const OCSP = {
  OCSP_STATUS_GOOD: 'good', OCSP_STATUS_REVOKED: 'revoked', OCSP_STATUS_SERVER_FAILED: 'server_failed', OCSP_STATUS_UNKNOWN: 'unknown',
  OCSP_REASON_UNSPECIFIED: 'unspecified', OCSP_REASON_KEY_COMPROMISE: 'key_compromise', OCSP_REASON_CA_COMPROMISE: 'ca_compromise',
  OCSP_REASON_AFFILIATION_CHANGED: 'affiliation_changed', OCSP_REASON_SUPERSEDED: 'superseded',
  OCSP_REASON_CESSATION_OF_OPERATION: 'cessation_of_operation', OCSP_REASON_CERTIFICATE_HOLD: 'certificate_hold',
  OCSP_REASON_REMOVE_FROM_CRL: 'remove_from_crl', OCSP_REASON_PRIVILEGE_WITHDRAWN: 'privilege_withdrawn',
  OCSP_REASON_AA_COMPROMISE: 'aa_compromise',
} as const;
export const {
  OCSP_STATUS_GOOD, OCSP_STATUS_REVOKED, OCSP_STATUS_SERVER_FAILED, OCSP_STATUS_UNKNOWN, OCSP_REASON_UNSPECIFIED,
  OCSP_REASON_KEY_COMPROMISE, OCSP_REASON_CA_COMPROMISE, OCSP_REASON_AFFILIATION_CHANGED, OCSP_REASON_SUPERSEDED,
  OCSP_REASON_CESSATION_OF_OPERATION, OCSP_REASON_CERTIFICATE_HOLD, OCSP_REASON_REMOVE_FROM_CRL,
  OCSP_REASON_PRIVILEGE_WITHDRAWN, OCSP_REASON_AA_COMPROMISE,
} = OCSP;

export { CookieJar, FileData, Response };
export default {
  request, get, head, post, put, patch, del, options, asyncRequest, batch, url, expectedStatuses, setResponseCallback, cookieJar,
  file, CookieJar, FileData, Response, ...TLS, ...OCSP,
};
