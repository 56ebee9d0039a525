// Settings of requests, and the host's handles for them.
//
// A scenario has a handful of different settings and sends each many times. So the handles are made once per virtual
// user and kept: a request costs one host call from its second time on.

import type { Blob } from '../data/blob.ts';
import { drop, http, u64 } from '../host.ts';
import { nanoseconds, type Seconds } from '../seconds.ts';

/** Status codes: one (`404`), or a range with both ends (`'200-299'`). */
export type Statuses = number | `${number}-${number}`;

/**
 * The version of HTTP. `'negotiated'`: with TLS what the server prefers of 2 and 1.1, else 1.1. `'http2'` is agreed on by
 * TLS; `'http2-prior-knowledge'` needs none. `'http3'` is experimental.
 */
export type HttpVersion = 'negotiated' | 'http1' | 'http2' | 'http2-prior-knowledge' | 'http3';

/** A request's settings other than the defaults. */
export interface Settings {
  /**
   * The name under which the request is counted, instead of its URL. Give one to every request whose URL contains an
   * id: ``http.get(`/products/${id}`, { name: '/products/{id}' })``.
   */
  name?: string;
  /** The time limit of the request, redirects included. Default: the plan's, or 60 s. */
  timeout?: Seconds;
  /** The most redirects that are followed; with 0 a 3xx response is returned unchanged. Default: the plan's, or 10. */
  redirects?: number;
  /** With `true` the body is read and measured, but discarded; `false` keeps it even where the plan discards bodies. */
  discardBody?: boolean;
  /** The version of HTTP. Default: the plan's, or `'negotiated'`. */
  httpVersion?: HttpVersion;
  /** Tags of the request that thresholds ask for, instead of those of the virtual user. */
  tags?: readonly (readonly [string, string])[];
  /** Status codes that are not a failure (`http_req_failed`). Default: 200 to 399. */
  expectedStatuses?: Statuses | readonly Statuses[];
}

/** Settings that only k6's layer asks for. */
export interface FurtherSettings extends Settings {
  /** Whether the response that would be one redirect too many is returned, instead of an error. */
  returnLastRedirect?: boolean;
  /** Names of cookies that the jar does not add, because the request brings its own. */
  replacedCookies?: readonly string[];
  /** In place of the virtual user's own. */
  cookieJar?: http.CookieJar;
}

/** More than a sane scenario has. One that makes up names as it goes must not fill the host's tables. */
const CAPACITY = 64;

const handles = new Map<string, http.RequestOptions>();

/** The latest settings, and their handle: most scenarios repeat them, and comparing is cheap. */
let last: FurtherSettings = {};
let lastHandle: http.RequestOptions | undefined;

/** The host's handle for those settings, and that body; `undefined` if the defaults are enough. */
export function handleFor(settings: FurtherSettings, body?: Blob): http.RequestOptions | undefined {
  if (body !== undefined) return cached(`${keyOf(settings)}|${body.serial}`, settings, body);
  if (settings.tags !== undefined || settings.httpVersion !== undefined) return cached(keyOf(settings), settings);
  const { name, timeout, redirects, discardBody, expectedStatuses, returnLastRedirect, replacedCookies } = settings;
  if (
    name === undefined &&
    timeout === undefined &&
    redirects === undefined &&
    discardBody === undefined &&
    expectedStatuses === undefined &&
    returnLastRedirect === undefined &&
    replacedCookies === undefined
  ) {
    return undefined;
  }
  if (
    lastHandle !== undefined &&
    name === last.name &&
    timeout === last.timeout &&
    redirects === last.redirects &&
    discardBody === last.discardBody &&
    returnLastRedirect === last.returnLastRedirect &&
    expectedStatuses === undefined &&
    last.expectedStatuses === undefined &&
    replacedCookies === undefined &&
    last.replacedCookies === undefined
  ) {
    return lastHandle;
  }
  lastHandle = cached(keyOf(settings), settings);
  last = { name, timeout, redirects, discardBody, expectedStatuses, returnLastRedirect, replacedCookies };
  return lastHandle;
}

/** Names and tags come last, as JSON: whatever their content, two different settings have different keys. */
function keyOf(settings: FurtherSettings): string {
  const { name, timeout, redirects, discardBody, expectedStatuses, returnLastRedirect, replacedCookies, tags, httpVersion } = settings;
  const more = replacedCookies !== undefined || tags !== undefined;
  const names = more ? JSON.stringify([name, tags ?? null, ...(replacedCookies ?? [])]) : JSON.stringify(name);
  return `${timeout}|${redirects}|${discardBody}|${expectedStatuses}|${returnLastRedirect}|${httpVersion}|${names}`;
}

function cached(key: string, settings: FurtherSettings, body?: Blob): http.RequestOptions {
  let handle = handles.get(key);
  if (handle === undefined) {
    if (handles.size >= CAPACITY) forgetOldest();
    handle = make(settings, body);
    handles.set(key, handle);
  }
  return handle;
}

/** One goes, not all: a batch that is being put together may still hold the others. */
function forgetOldest(): void {
  const [key, handle] = handles.entries().next().value!;
  handles.delete(key);
  void handle; // Dropped by the engine once no request of a batch refers to it.
}

/** A handle that is not kept: the caller drops it. */
export function make(settings: FurtherSettings, body?: Blob): http.RequestOptions {
  const { name, timeout, redirects, discardBody, expectedStatuses, returnLastRedirect, replacedCookies, cookieJar, tags, httpVersion } = settings;
  const options = new http.RequestOptions();
  try {
    if (name !== undefined) options.setName(String(name));
    if (tags !== undefined) options.setTags(tags.map(([tag, value]) => [tag, value]));
    if (timeout !== undefined) options.setTimeout(u64(nanoseconds(timeout)));
    if (redirects !== undefined) options.setRedirects(Math.max(0, redirects) | 0);
    if (discardBody !== undefined) options.setDiscardBody(Boolean(discardBody));
    if (returnLastRedirect !== undefined) options.setReturnLastRedirect(returnLastRedirect);
    if (httpVersion !== undefined) options.setHttpVersion(httpVersion);
    if (body !== undefined) options.setBodyFrom(body.held());
    if (replacedCookies !== undefined) options.setReplacedCookies([...replacedCookies]);
    if (cookieJar !== undefined) options.setCookieJar(cookieJar);
    if (expectedStatuses !== undefined) options.setExpectedStatuses(ranges(expectedStatuses));
  } catch (error) {
    drop(options);
    throw error;
  }
  return options;
}

function ranges(statuses: Statuses | readonly Statuses[]): [number, number][] {
  const list: readonly Statuses[] = typeof statuses === 'object' ? statuses : [statuses];
  return list.map((one) => {
    const [first, last] = String(one).split('-').map(Number);
    const range: [number, number] = [first!, last ?? first!];
    if (range.every((status) => Number.isInteger(status) && status >= 0 && status <= 999)) return range;
    throw new TypeError(`${JSON.stringify(one)} is not a status code: write 404, or '200-299'`);
  });
}
