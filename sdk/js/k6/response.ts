// k6's response. Only requested values are copied out of the host.

import { parseHTML } from 'squall:html';

import { HttpError } from '../src/http/error.ts';
import type { Response as Arrived } from '../src/http/response.ts';
import { type Cookie, readCookie, unquote } from './cookie.ts';
import { jar } from './cookie-jar.ts';
import type { Selection } from './html.ts';
import { select } from './gjson/select.ts';
import type { Sent } from './request.ts';
import { resolveUrl } from './url.ts';

/** k6's numbers for missing responses. */
const CODES: Record<string, number> = {
  timeout: 1050,
  dns: 1100,
  connect: 1210,
  tls: 1300,
  reset: 1220,
  'too-many-redirects': 1000,
  'refused-by-policy': 1110,
  'invalid-request': 1020,
};

/** Causes that k6 distinguishes within a class. They are in the host's text. */
const CAUSES: [code: string, text: RegExp, number: number][] = [
  ['connect', /connection refused/, 1212],
  ['connect', /no answer within/, 1211],
  ['dns', /no such host|Name or service not known|failed to lookup/, 1101],
  ['tls', /UnknownIssuer/, 1310],
  ['tls', /not valid for name/, 1311],
];

function errorCode({ code, detail }: HttpError): number {
  const cause = CAUSES.find(([known, text]) => known === code && text.test(detail));
  return cause?.[2] ?? CODES[code] ?? 1000;
}

const NO_TIMINGS = { blocked: 0, connecting: 0, tls_handshaking: 0, sending: 0, waiting: 0, receiving: 0, looking_up: 0, duration: 0 };

/** A header's name as Go writes it: `Content-Type`. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
}

/** A cookie as `response.request.cookies` shows it. */
interface RequestCookie {
  name: string;
  value: string;
  replace: boolean;
}

function cookiesOf({ url, headers, params, replaced = [] }: Sent): Record<string, RequestCookie[]> {
  const cookies: Record<string, RequestCookie[]> = {};
  const add = (name: string, value: string): void => void (cookies[name] ??= []).push({ name, value: unquote(value), replace: false });
  for (const [name, value] of headers) {
    if (name.toLowerCase() === 'cookie') for (const pair of value.split('; ')) add(pair.replace(/=.*/s, ''), pair.replace(/^[^=]*=?/, ''));
  }
  for (const [name, value] of (params.jar ?? jar).held.get(url)) if (!replaced.includes(name)) add(name, value);
  return cookies;
}

/** Sends a further request; set by the module `k6/http`, which makes responses. */
export const further: { request?: (method: string, url: string, body: any, params: any) => Response } = {};

/** The response to a request, or the error instead: then `status` is 0, and `error` has its text. */
export class Response {
  declare readonly status: number;
  declare readonly error: string;
  declare readonly error_code: number;
  readonly #inner: Arrived | undefined;
  readonly #sent: Sent;
  /** The values that were copied out of the host. */
  readonly #copied: { body?: string | ArrayBuffer | null; headers?: Record<string, string>; json?: unknown } = {};

  constructor(outcome: Arrived | HttpError, sent: Sent) {
    this.#sent = sent;
    const own = this as { status: number; error: string; error_code: number };
    if (outcome instanceof HttpError) {
      own.status = 0;
      own.error = outcome.message;
      own.error_code = errorCode(outcome);
    } else {
      this.#inner = outcome;
      const status = outcome.status;
      own.status = status;
      own.error = '';
      own.error_code = status >= 400 ? 1000 + status : 0;
    }
  }

  get body(): string | ArrayBuffer | null {
    if (this.#copied.body === undefined) this.#copied.body = this.#read();
    return this.#copied.body;
  }

  #read(): string | ArrayBuffer | null {
    // With these two there is never a body, and k6 gives none, not an empty one.
    if (this.#inner === undefined || this.#sent.responseType === 'none' || this.status === 204 || this.status === 304) return null;
    return this.#sent.responseType === 'binary' ? (this.#inner.bytes().buffer as ArrayBuffer) : this.#inner.text();
  }

  get url(): string {
    return this.#inner?.url ?? this.#sent.url;
  }

  /** Header fields by name, written as Go does: `Content-Type`. */
  get headers(): Record<string, string> {
    if (this.#copied.headers === undefined) {
      const headers: Record<string, string> = {};
      for (const [name, value] of this.#inner?.headers ?? []) {
        const written = canonical(name);
        headers[written] = written in headers ? `${headers[written]}, ${value}` : value;
      }
      this.#copied.headers = headers;
    }
    return this.#copied.headers;
  }

  get cookies(): Record<string, Cookie[]> {
    const cookies: Record<string, Cookie[]> = {};
    for (const [name, value] of this.#inner?.headers ?? []) {
      const cookie = name === 'set-cookie' ? readCookie(value) : undefined;
      if (cookie) (cookies[cookie.name] ??= []).push(cookie);
    }
    return cookies;
  }

  get timings(): typeof NO_TIMINGS {
    if (this.#inner === undefined) return { ...NO_TIMINGS };
    const { tlsHandshaking, ...timings } = this.#inner.timings;
    return { ...timings, tls_handshaking: tlsHandshaking, looking_up: 0 };
  }

  get proto(): string {
    return this.#inner?.protocol ?? '';
  }

  get status_text(): string {
    return this.#inner === undefined ? '' : `${this.status} ${this.#inner.reason}`.trimEnd();
  }

  /** The first request, redirects not counted. Its cookies are those that it brought, and those that the jar has for it now. */
  get request(): { method: string; url: string; body: string; headers: Record<string, string[]>; cookies: Record<string, RequestCookie[]> } {
    const { method, url, body, headers } = this.#sent;
    const grouped: Record<string, string[]> = {};
    for (const [name, value] of headers) (grouped[canonical(name)] ??= []).push(value);
    return { method, url, body: typeof body === 'string' ? body : '', headers: grouped, cookies: cookiesOf(this.#sent) };
  }

  /** Certificates are unknown here: the host only checks them. */
  get ocsp(): { status: string } {
    return { status: 'unknown' };
  }

  get tls_version(): string {
    return '';
  }

  get tls_cipher_suite(): string {
    return '';
  }

  get remote_ip(): string {
    return '';
  }

  get remote_port(): number {
    return 0;
  }

  /** The body as JSON, or its value at a path of gjson's, `users.0.name`; undefined without a value or valid JSON. */
  json(path?: string): any {
    if (this.#copied.json === undefined) {
      const body = this.body;
      if (body === null) throw new Error('the body is null so we can not transform it to JSON - this likely was because of a request error getting the response');
      const text = typeof body === 'string' ? body : this.#inner!.text();
      try {
        this.#copied.json = JSON.parse(text);
      } catch (error) {
        if (path !== undefined) return undefined;
        throw new Error(`cannot parse json due to an error: ${(error as Error).message}`);
      }
    }
    return path === undefined ? this.#copied.json : select(this.#copied.json, path);
  }

  /** The body as a page, or the elements of a selector in it. */
  html(selector?: string): Selection {
    if (parseHTML === undefined) throw new Error('response.html() is there only in scripts that name it in their own file');
    const page = parseHTML(typeof this.body === 'string' ? this.body : '');
    return selector === undefined ? page : page.find(selector);
  }

  /** Follows a link of the page; by default the first one. */
  clickLink({ selector = 'a[href]', params = {} }: { selector?: string; params?: object } = {}): Response {
    const link = this.html(selector).first().attr('href');
    if (link === undefined) throw new Error(`no element found for selector '${selector}' in response '${this.url}'`);
    return further.request!('GET', resolveUrl(this.url, link), null, params);
  }

  /** Sends a form of the page; by default the first one. */
  submitForm(given: { formSelector?: string; fields?: Record<string, string>; submitSelector?: string; params?: object } = {}): Response {
    const { formSelector = 'form', fields = {}, submitSelector = '[type="submit"]', params = {} } = given;
    const form = this.html(formSelector).first();
    if (form.size() === 0) throw new Error(`no form found for selector '${formSelector}' in response '${this.url}'`);
    const method = (form.attr('method') ?? 'GET').toUpperCase();
    const url = resolveUrl(this.url, form.attr('action') ?? this.url);
    const values: Record<string, string | string[]> = { ...form.serializeObject() };
    const button = form.find(submitSelector).first();
    const name = button.attr('name');
    if (name !== undefined) values[name] = button.attr('value') ?? '';
    Object.assign(values, fields);
    if (method !== 'GET') return further.request!(method, url, values, params);
    const query = Object.entries(values).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
    return further.request!('GET', `${url.replace(/\?.*$/, '')}?${query.join('&')}`, null, params);
  }

  toJSON(): object {
    const { status, url, headers, body, error, error_code, timings, proto, request, cookies } = this;
    return { status, status_text: this.status_text, url, proto, headers, cookies, body, timings, error, error_code, request };
  }
}
