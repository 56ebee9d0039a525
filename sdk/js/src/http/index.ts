// HTTP requests, made and measured by the host.

import { Blob } from '../data/blob.ts';
import { http as host } from '../host.ts';
import { needHost } from '../phase.ts';
import { bytesOf, encodeUtf8 } from '../text.ts';
import type { HttpError } from './error.ts';
import type { Response } from './response.ts';
import * as wire from './send.ts';
import { handleFor, type Settings } from './settings.ts';

/** A value that can stand in a query or a form. */
type Plain = string | number | boolean;

/** The settings of a request besides its method and URL. */
export interface RequestOptions extends Settings {
  /** Header fields. `host`, `content-length` and `user-agent` are added by the host where they are missing. */
  headers?: Record<string, string> | readonly (readonly [name: string, value: string])[];
  /** Added to the URL's query, percent-encoded. */
  query?: Record<string, Plain | readonly Plain[]>;
  /** The body: text (sent as UTF-8), bytes, or a blob that the host sends from its memory. */
  body?: string | ArrayBuffer | ArrayBufferView | Blob;
  /** The body as JSON, and the content type with it. */
  json?: unknown;
  /** The body as a form (`application/x-www-form-urlencoded`), and the content type with it. */
  form?: Record<string, Plain | readonly Plain[]>;
}

/** One request of a batch: a URL for a GET, or more than that. */
export type BatchRequest = string | ({ method?: string; url: string } & RequestOptions);

const NO_OPTIONS: RequestOptions = {};
const NO_HEADERS: [string, string][] = [];

/** Sends a request and waits for the response. Throws `HttpError` without one; a status code is never an error. */
export function request(method: string, url: string, options: RequestOptions = NO_OPTIONS): Response {
  return wire.send(lower(method, url, options));
}

/** GET: `http.get('/products')`, ``http.get(`/products/${id}`, { name: '/products/{id}' })``. */
export function get(url: string, options: RequestOptions = NO_OPTIONS): Response {
  if (isBare(options)) return wire.get(textOf(url), handleFor(options));
  return wire.send(lowerAll('GET', textOf(url), options));
}

/** POST: `http.post('/basket', { json: item })`. */
export function post(url: string, options?: RequestOptions): Response {
  return request('POST', url, options);
}

/** PUT. */
export function put(url: string, options?: RequestOptions): Response {
  return request('PUT', url, options);
}

/** PATCH. */
export function patch(url: string, options?: RequestOptions): Response {
  return request('PATCH', url, options);
}

/** DELETE (`delete` is a word of the language). */
export function del(url: string, options?: RequestOptions): Response {
  return request('DELETE', url, options);
}

/** HEAD. */
export function head(url: string, options?: RequestOptions): Response {
  return request('HEAD', url, options);
}

/** OPTIONS. */
export function options(url: string, options?: RequestOptions): Response {
  return request('OPTIONS', url, options);
}

/**
 * Sends several requests at once, as a browser does, and waits for all of them. Results are in the order of the
 * requests; what got no response is an `HttpError`.
 *
 * ```ts
 * const images = http.sendAll(['/1.png', '/2.png', { url: '/3.png', discardBody: true }]);
 * check('all images came', images.every((image) => image instanceof http.Response));
 * ```
 */
export function sendAll(requests: readonly BatchRequest[]): (Response | HttpError)[] {
  const lowered = requests.map((one) =>
    typeof one === 'string' ? lower('GET', one, {}) : lower(one.method ?? 'GET', one.url, one),
  );
  return wire.sendAll(lowered);
}

/** Forgets the cookies that this virtual user has been given. */
export function clearCookies(): void {
  needHost('clearCookies');
  host.clearCookies();
}


/** The request in the contract's words. @internal */
export function lower(method: string, url: string, options: RequestOptions): host.Request {
  // The parts of most requests. Each call that they can avoid is worth a tenth of a microsecond.
  if (isBare(options)) return { method, url: textOf(url), headers: NO_HEADERS, body: undefined, options: handleFor(options) };
  return lowerAll(method, textOf(url), options);
}

/** Whether only method and URL are sent; there may be settings. */
function isBare({ headers, query, body, json, form }: RequestOptions): boolean {
  return headers === undefined && query === undefined && body === undefined && json === undefined && form === undefined;
}

/** For scripts without types; a template literal would cost a call of a method. */
function textOf(url: string): string {
  return typeof url === 'string' ? url : `${url}`;
}

function lowerAll(method: string, url: string, options: RequestOptions): host.Request {
  const headers = options.headers === undefined ? [] : fields(options.headers);
  return {
    method,
    url: options.query === undefined ? url : withQuery(url, options.query),
    headers,
    body: body(options, headers),
    options: handleFor(options, blobOf(options)),
  };
}

/** Written with indices, because the engine's iterators take several times as long. */
function fields(given: NonNullable<RequestOptions['headers']>): [string, string][] {
  const fields: [string, string][] = [];
  if (Array.isArray(given)) {
    for (let index = 0; index < given.length; index++) fields[index] = [textOf(given[index][0]), textOf(given[index][1])];
    return fields;
  }
  const record = given as Record<string, string>;
  const names = Object.keys(record);
  for (let index = 0; index < names.length; index++) {
    const name = names[index]!;
    fields[index] = [name, textOf(record[name]!)];
  }
  return fields;
}

/** The body that the host sends from its memory, if there is one. */
function blobOf({ body, json, form }: RequestOptions): Blob | undefined {
  return body instanceof Blob && json === undefined && form === undefined ? body : undefined;
}

function body(options: RequestOptions, headers: [string, string][]): Uint8Array | undefined {
  if (options.json !== undefined) {
    contentType(headers, 'application/json');
    return encodeUtf8(JSON.stringify(options.json));
  }
  if (options.form !== undefined) {
    contentType(headers, 'application/x-www-form-urlencoded');
    return encodeUtf8(encodeForm(options.form));
  }
  if (options.body === undefined || options.body instanceof Blob) return undefined;
  return typeof options.body === 'object' ? bytesOf(options.body) : encodeUtf8(String(options.body));
}

function contentType(headers: [string, string][], type: string): void {
  if (!headers.some(([name]) => name.toLowerCase() === 'content-type')) headers.push(['content-type', type]);
}

function pairs(values: Record<string, unknown>, encode: (text: string) => string): string {
  const written: string[] = [];
  for (const name of Object.keys(values)) {
    const value = values[name];
    for (const one of Array.isArray(value) ? value : [value]) written.push(`${encode(name)}=${encode(String(one))}`);
  }
  return written.join('&');
}

/** RFC 3986: everything but its unreserved characters is percent-encoded. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function withQuery(url: string, query: Record<string, unknown>): string {
  const added = pairs(query, percentEncode);
  return added === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${added}`;
}

/** `application/x-www-form-urlencoded`. */
export function encodeForm(form: Record<string, unknown>): string {
  return pairs(form, (text) => percentEncode(text).replaceAll('%20', '+'));
}

export { HttpError, type HttpErrorCode } from './error.ts';
export { Response, type Timings } from './response.ts';
export type { Settings, Statuses } from './settings.ts';
