// k6's cookie jars: the host keeps them, so that redirects and batches see them, too.

import { http } from '../src/host.ts';
import { cookieValue, unquote } from './cookie.ts';

/** The attributes of a cookie that is set by hand. */
export interface CookieAttributes {
  domain?: string;
  path?: string;
  expires?: string;
  max_age?: number;
  secure?: boolean;
  http_only?: boolean;
}

/** A jar of cookies. */
export class CookieJar {
  #held: http.CookieJar | undefined;
  readonly #isOfVirtualUser: boolean;

  /** @internal */
  constructor(isOfVirtualUser = false) {
    this.#isOfVirtualUser = isOfVirtualUser;
  }

  /** The host's jar: made when it is first needed, because the top level has no host. @internal */
  get held(): http.CookieJar {
    return (this.#held ??= this.#isOfVirtualUser ? http.CookieJar.ofVirtualUser() : new http.CookieJar());
  }

  /** The values of the cookies that would be sent to the URL, by name. */
  cookiesForURL(url: string): Record<string, string[]> {
    const found: Record<string, string[]> = {};
    for (const [name, value] of this.held.get(String(url))) (found[name] ??= []).push(unquote(value));
    return found;
  }

  /** Sets a cookie, unless the URL may not set it. */
  set(url: string, name: string, value: string, attributes: CookieAttributes | null = {}): boolean {
    let text = `${name}=${cookieValue(value)}`;
    for (const [attribute, given] of Object.entries(attributes ?? {})) {
      switch (attribute.toLowerCase()) {
        case 'domain': text += `; Domain=${given}`; break;
        case 'path': text += `; Path=${given}`; break;
        case 'expires': text += expiresOn(String(given)); break;
        case 'max_age': if (Number(given) !== 0) text += `; Max-Age=${Math.max(0, Math.trunc(Number(given)))}`; break;
        case 'secure': if (given) text += '; Secure'; break;
        case 'http_only': if (given) text += '; HttpOnly'; break;
      }
    }
    this.held.set(String(url), text);
    return true;
  }

  /** Forgets the cookies of the URL. */
  clear(url: string): void {
    for (const [name] of this.held.get(String(url))) this.delete(url, name);
  }

  /** Forgets one cookie of the URL. */
  delete(url: string, name: string): void {
    if (!name) throw new Error('cookie: is null');
    this.held.set(String(url), `${name}=; Max-Age=0`);
  }
}

/** The virtual user's own. */
export const jar = new CookieJar(true);

function expiresOn(date: string): string {
  if (date === '') return '';
  if (Number.isNaN(Date.parse(date))) throw new Error(`unable to parse "expires" date string "${date}": write it as "Fri, 01 Jan 2100 00:00:00 GMT"`);
  return `; Expires=${date}`;
}
