// From the arguments of k6's functions to a request.

import { compress } from 'squall:compress';

import { encodeForm } from '../src/http/index.ts';
import { handleFor, make, type Statuses } from '../src/http/settings.ts';
import { drop, http } from '../src/host.ts';
import { Blob } from '../src/data/blob.ts';
import { log } from '../src/log.ts';
import { encodeUtf8 } from '../src/text.ts';
import { cookieValue } from './cookie.ts';
import type { CookieJar } from './cookie-jar.ts';
import { bytesOf, HeldFile } from './held.ts';
import { duration } from './options.ts';
import { state } from './runtime.ts';
import { tagsOf } from './tags.ts';

/** k6's params. */
export interface Params {
  headers?: Record<string, string>;
  tags?: Record<string, string>;
  /** `'5s'`, or milliseconds. */
  timeout?: string | number;
  redirects?: number;
  responseType?: 'text' | 'binary' | 'none';
  responseCallback?: StatusList | null;
  cookies?: Record<string, string | { value: string; replace?: boolean }>;
  jar?: CookieJar | null;
  auth?: 'basic' | 'digest' | 'ntlm';
  compression?: string;
  /** Whether an error is thrown; overrides the options. */
  throw?: boolean;
}

/** A URL, or one of `http.url`, which has its own name. */
export type Url = string | { url: string; name: string } | { toString(): string };

export type Body = string | ArrayBuffer | ArrayBufferView | Record<string, unknown> | null | undefined;

/** Expected status codes: the result of `http.expectedStatuses`. */
export class StatusList {
  constructor(readonly statuses: readonly Statuses[]) {}
}

/** A file in a form. */
export class FileData {
  constructor(
    readonly data: string | ArrayBuffer | ArrayBufferView,
    readonly filename: string,
    readonly content_type: string,
  ) {}
}

/** A request in transit, with the data for its response. */
export interface Sent {
  method: string;
  url: string;
  headers: [string, string][];
  /** A `Blob` is sent from the host's memory. */
  body: string | Uint8Array | Blob | undefined;
  responseType: 'text' | 'binary' | 'none';
  params: Params;
  /** The name under which it is counted; the URL without one. */
  name: string | undefined;
  /** The cookies that the jar does not add, because the request brings its own. */
  replaced: string[] | undefined;
}

/** The expected status codes of all requests of this virtual user, by `http.setResponseCallback`. */
export const defaults: { expected: StatusList | null | undefined } = { expected: undefined };

const NO_PARAMS: Params = {};

/** Puts a request together. Most requests have few of the possible parts: each is looked for cheaply first. */
export function prepare(method: string, given: Url, body: Body, params: Params | null | undefined): Sent {
  let url: string;
  let name: string | undefined;
  if (typeof given === 'string') url = given;
  else if ('name' in given) ({ url, name } = given);
  else url = String(given);
  const own = params ?? NO_PARAMS;
  const headers: [string, string][] = [];
  let announced: string | undefined;
  for (const name in own.headers) {
    const value = String(own.headers[name]);
    if (!isFraming(name)) put(headers, name, value);
    else if (name.toLowerCase() === 'content-length') announced = value;
  }
  if (url.includes('@')) url = takeUser(url, own, headers);
  let content: string | Uint8Array | Blob | undefined;
  if (body !== null && body !== undefined) {
    const [encoded, type] = encode(body);
    content = encoded;
    if (type !== undefined && !has(headers, 'content-type')) headers.push(['content-type', type]);
    if (own.compression) content = compressed(content, own.compression, headers);
  }
  if (announced !== undefined) checkLength(announced, content, `${method} request for ${url}`);
  const replaced = own.cookies ? addCookies(own.cookies, headers) : undefined;
  return {
    method,
    url,
    headers,
    body: content,
    responseType: own.responseType ?? (state.options.discardResponseBodies ? 'none' : 'text'),
    params: own,
    name: own.tags?.name ?? name,
    replaced,
  };
}

/** Sets a header field; one that was given before, in whatever case, is replaced. */
function put(headers: [string, string][], name: string, value: string): void {
  for (let index = 0; index < headers.length; index++) {
    const known = headers[index]![0];
    if (known.length !== name.length || known.toLowerCase() !== name.toLowerCase()) continue;
    headers[index] = [name, value];
    return;
  }
  headers.push([name, value]);
}

/** Whether a header field is about the transfer of the body: the host writes those. k6 leaves them out as well. */
function isFraming(name: string): boolean {
  switch (name.length) {
    case 7: return name.toLowerCase() === 'trailer';
    case 14: return name.toLowerCase() === 'content-length';
    case 17: return name.toLowerCase() === 'transfer-encoding';
    default: return false;
  }
}

function checkLength(announced: string, body: Sent['body'], where: string): void {
  const length = body === undefined ? 0 : typeof body === 'string' ? encodeUtf8(body).length : body instanceof Blob ? body.length : body.byteLength;
  if (announced.trim() === String(length)) return;
  log.warn(`the header Content-Length of the ${where} says ${announced}, but the body has ${length} bytes: it is left out`);
}

/** Adds the request's own cookies. Returns the names of those that they replace in the jar. */
function addCookies(cookies: NonNullable<Params['cookies']>, headers: [string, string][]): string[] | undefined {
  const pairs: string[] = [];
  const replaced: string[] = [];
  for (const [name, given] of Object.entries(cookies)) {
    if (given === null || given === undefined) continue;
    pairs.push(`${name}=${cookieValue(typeof given === 'object' ? (given.value ?? '') : given)}`);
    if (typeof given === 'object' && given.replace) replaced.push(name);
  }
  if (pairs.length > 0) headers.push(['cookie', pairs.join('; ')]);
  return replaced.length > 0 ? replaced : undefined;
}

/** The compressed body, and the header field for it. */
function compressed(content: string | Uint8Array | Blob | undefined, compression: string, headers: [string, string][]): Uint8Array {
  if (!compress) throw new Error('compression is not in this component: name the param in the script itself, not in what it imports');
  if (content instanceof Blob) content = content.read(0, content.length);
  const { body, encoding } = compress(typeof content === 'string' ? encodeUtf8(content) : (content ?? new Uint8Array()), compression);
  if (!has(headers, 'content-encoding')) headers.push(['content-encoding', encoding]);
  return body;
}

function has(headers: [string, string][], name: string): boolean {
  return headers.some(([known]) => known.toLowerCase() === name);
}

/** Takes user and password out of a URL; they become a header field. */
function takeUser(url: string, { auth }: Params, headers: [string, string][]): string {
  const user = /^(https?:\/\/)([^/?#@]*)@/i.exec(url);
  if (!user) return url;
  if ((auth === undefined || auth === 'basic') && !has(headers, 'authorization')) {
    const credentials = decodeURIComponent(user[2]!);
    headers.push(['authorization', `Basic ${encodeUtf8(user[2]!.includes(':') ? credentials : `${credentials}:`).toBase64()}`]);
  }
  return url.replace(user[0], user[1]!);
}

let hasDefaults = false;

/** Past the last redirect k6 returns the response, where the host has an error. It is set once, not for each request. */
function setDefaults(): void {
  const options = make({ returnLastRedirect: true });
  http.setDefaultOptions(options);
  drop(options);
  hasDefaults = true;
}

/** The request in the contract's words. */
export function lower(sent: Sent): http.Request {
  const { params } = sent;
  const blob = sent.body instanceof Blob ? sent.body : undefined;
  const body = typeof sent.body === 'string' ? encodeUtf8(sent.body) : sent.body instanceof Blob ? undefined : sent.body;
  if (blob === undefined && params === NO_PARAMS && sent.name === undefined && defaults.expected === undefined) {
    if (!hasDefaults) setDefaults();
    return { method: sent.method, url: sent.url, headers: sent.headers, body, options: undefined };
  }
  const expected = params.responseCallback === undefined ? defaults.expected : params.responseCallback;
  const settings = {
    returnLastRedirect: true,
    name: sent.name,
    tags: tagsOf(params.tags),
    timeout: typeof params.timeout === 'number' ? params.timeout / 1000 : (duration(params.timeout) as string | undefined),
    redirects: params.redirects,
    // Without this option the plan's applies.
    discardBody: params.responseType === undefined ? undefined : params.responseType === 'none',
    expectedStatuses: expected === null ? '0-999' as const : expected?.statuses,
    replacedCookies: sent.replaced,
  };
  const options = params.jar ? make({ ...settings, cookieJar: params.jar.held }, blob) : handleFor(settings, blob);
  return { method: sent.method, url: sent.url, headers: sent.headers, body, options };
}

function encode(body: Body): [content: string | Uint8Array | Blob | undefined, type?: string] {
  if (body === null || body === undefined) return [undefined];
  if (typeof body === 'string') return [body];
  if (body instanceof HeldFile) return [body.blob];
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return [bytesOf(body)];
  if (typeof body !== 'object') return [String(body)];
  if (Object.values(body).some((value) => value instanceof FileData)) return multipart(body);
  const sorted = Object.fromEntries(Object.entries(body).sort(([left], [right]) => (left < right ? -1 : 1)));
  return [encodeForm(sorted), 'application/x-www-form-urlencoded'];
}

function multipart(form: Record<string, unknown>): [Uint8Array, string] {
  const boundary = `squall${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;
  const pieces: Uint8Array[] = [];
  const escaped = (text: string): string => text.replace(/["\\]/g, '\\$&').replace(/[\r\n]/g, (character) => encodeURIComponent(character));
  for (const [name, value] of Object.entries(form)) {
    const file = value instanceof FileData ? value : undefined;
    const about = file ? `; filename="${escaped(file.filename)}"\r\nContent-Type: ${file.content_type}` : '';
    pieces.push(encodeUtf8(`--${boundary}\r\nContent-Disposition: form-data; name="${escaped(name)}"${about}\r\n\r\n`));
    const data = file ? file.data : String(value);
    pieces.push(typeof data === 'string' ? encodeUtf8(data) : bytesOf(data), encodeUtf8('\r\n'));
  }
  pieces.push(encodeUtf8(`--${boundary}--\r\n`));
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return [whole, `multipart/form-data; boundary=${boundary}`];
}
