// Cookies in the guest, for scripts that look into jars. Other scripts leave cookies to the host.

import { parseUrl } from './url.ts';

/** A cookie as a response sets it, and as `response.cookies` shows it. */
export interface Cookie {
  name: string;
  value: string;
  domain: string;
  path: string;
  http_only: boolean;
  secure: boolean;
  max_age: number;
  expires: number;
}

/** What can be said of a cookie that is set by hand. */
export interface CookieAttributes {
  domain?: string;
  path?: string;
  expires?: string;
  max_age?: number;
  secure?: boolean;
  http_only?: boolean;
}

/** Reads a `set-cookie` header field. */
export function readCookie(field: string): Cookie | undefined {
  const [pair = '', ...attributes] = field.split(';');
  const equals = pair.indexOf('=');
  if (equals < 1) return undefined;
  const cookie: Cookie = {
    name: pair.slice(0, equals).trim(),
    value: pair.slice(equals + 1).trim().replace(/^"(.*)"$/, '$1'),
    domain: '',
    path: '',
    http_only: false,
    secure: false,
    max_age: 0,
    expires: 0,
  };
  for (const attribute of attributes) {
    const [name = '', value = ''] = attribute.split(/=(.*)/s).map((part) => part.trim());
    switch (name.toLowerCase()) {
      case 'domain': cookie.domain = value.replace(/^\./, '').toLowerCase(); break;
      case 'path': cookie.path = value; break;
      case 'max-age': cookie.max_age = Number(value) > 0 ? Number(value) : -1; break;
      case 'expires': cookie.expires = Date.parse(value) || 0; break;
      case 'secure': cookie.secure = true; break;
      case 'httponly': cookie.http_only = true; break;
    }
  }
  return cookie;
}

interface Kept extends Cookie {
  hostOnly: boolean;
  /** In milliseconds since 1970; 0 for as long as the jar. */
  until: number;
}

/** A jar of cookies. */
export class CookieJar {
  #kept: Kept[] = [];

  /** The values of the cookies that would be sent to the URL, by name. */
  cookiesForURL(url: string): Record<string, string[]> {
    const found: Record<string, string[]> = {};
    for (const { name, value } of this.matching(url)) (found[name] ??= []).push(value);
    return found;
  }

  /** Sets a cookie. Returns whether the URL may set it. */
  set(url: string, name: string, value: string, attributes: CookieAttributes = {}): boolean {
    return this.keep(url, {
      name,
      value: String(value),
      domain: (attributes.domain ?? '').replace(/^\./, '').toLowerCase(),
      path: attributes.path ?? '',
      http_only: attributes.http_only ?? false,
      secure: attributes.secure ?? false,
      max_age: attributes.max_age ?? 0,
      expires: attributes.expires ? Date.parse(attributes.expires) || 0 : 0,
    });
  }

  /** Forgets the cookies of the URL. */
  clear(url: string): void {
    const gone = new Set(this.matching(url));
    this.#kept = this.#kept.filter((cookie) => !gone.has(cookie));
  }

  /** Forgets one cookie of the URL. */
  delete(url: string, name: string): void {
    const gone = new Set(this.matching(url).filter((cookie) => cookie.name === name));
    this.#kept = this.#kept.filter((cookie) => !gone.has(cookie));
  }

  /** Forgets all of them. @internal */
  empty(): void {
    this.#kept = [];
  }

  /** @internal */
  keep(url: string, cookie: Cookie): boolean {
    const { host, path } = parseUrl(url);
    const domain = cookie.domain || host;
    if (host !== domain && !host.endsWith(`.${domain}`)) return false;
    const own = cookie.path.startsWith('/') ? cookie.path : path.replace(/\/[^/]*$/, '') || '/';
    const until = cookie.max_age !== 0 ? Date.now() + cookie.max_age * 1000 : cookie.expires;
    this.#kept = this.#kept.filter((kept) => kept.name !== cookie.name || kept.domain !== domain || kept.path !== own);
    if (until === 0 || until > Date.now()) this.#kept.push({ ...cookie, domain, path: own, hostOnly: cookie.domain === '', until });
    return true;
  }

  /** @internal */
  matching(url: string): Kept[] {
    const { scheme, host, path } = parseUrl(url);
    return this.#kept.filter(
      (cookie) =>
        (host === cookie.domain || (!cookie.hostOnly && host.endsWith(`.${cookie.domain}`))) &&
        (path === cookie.path || path.startsWith(cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`)) &&
        (!cookie.secure || scheme === 'https') &&
        (cookie.until === 0 || cookie.until > Date.now()),
    );
  }
}
