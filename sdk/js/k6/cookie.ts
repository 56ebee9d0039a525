// Cookies as text: from servers, and from a script.

/** A cookie as `response.cookies` shows it. */
export interface Cookie {
  name: string;
  value: string;
  domain: string;
  path: string;
  http_only: boolean;
  secure: boolean;
  max_age: number;
  /** Milliseconds since 1970. */
  expires: number;
}

/** Go's zero time in k6's arithmetic: the `expires` of a cookie that does not expire. */
const NO_EXPIRY = -6795364578871;

/** Reads a `set-cookie` header field. */
export function readCookie(field: string): Cookie | undefined {
  const [pair = '', ...attributes] = field.split(';');
  const equals = pair.indexOf('=');
  if (equals < 1) return undefined;
  const cookie: Cookie = {
    name: pair.slice(0, equals).trim(),
    value: unquote(pair.slice(equals + 1).trim()),
    domain: '',
    path: '',
    http_only: false,
    secure: false,
    max_age: 0,
    expires: NO_EXPIRY,
  };
  for (const attribute of attributes) {
    const [name = '', value = ''] = attribute.split(/=(.*)/s).map((part) => part.trim());
    switch (name.toLowerCase()) {
      case 'domain': cookie.domain = value; break;
      case 'path': cookie.path = value; break;
      case 'max-age': cookie.max_age = Number(value) > 0 ? Number(value) : -1; break;
      case 'expires': cookie.expires = Date.parse(value.replace(/^(\w+, \d+)-(\w+)-(\d+)/, '$1 $2 $3')) || NO_EXPIRY; break;
      case 'secure': cookie.secure = true; break;
      case 'httponly': cookie.http_only = true; break;
    }
  }
  return cookie;
}

/** A value without the quotes around it. */
export function unquote(value: string): string {
  return value.replace(/^"(.*)"$/s, '$1');
}

/** A value as k6 writes it into a header field: without invalid characters, and quoted where that is needed. */
export function cookieValue(value: unknown): string {
  const sent = String(value).replace(/[^ !#-:<-[\]-~]/g, '');
  return /[ ,]/.test(sent) ? `"${sent}"` : sent;
}
