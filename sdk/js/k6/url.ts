// URLs, as far as cookies, redirects and links need them: the engine has no `URL`.

/** The parts of an absolute URL. */
export interface Parts {
  scheme: string;
  user: string;
  host: string;
  port: string;
  path: string;
  query: string;
}

/** Takes an absolute URL apart. */
export function parseUrl(url: string): Parts {
  const found = /^([a-z][a-z0-9+.-]*):\/\/(?:([^/?#@]*)@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d*))?([^?#]*)(\?[^#]*)?/i.exec(url);
  if (!found) throw new Error(`${JSON.stringify(url)} is not an absolute URL`);
  const [, scheme = '', user = '', host = '', port = '', path = '', query = ''] = found;
  return { scheme: scheme.toLowerCase(), user, host: host.toLowerCase(), port, path: path || '/', query };
}

/** The URL of a link on the page of that URL (RFC 3986, section 5). */
export function resolveUrl(base: string, link: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return link;
  const { scheme, host, port, path, query } = parseUrl(base);
  const origin = `${scheme}://${host}${port && `:${port}`}`;
  if (link.startsWith('//')) return `${scheme}:${link}`;
  if (link === '' || link.startsWith('#')) return `${origin}${path}${query}`;
  if (link.startsWith('?')) return `${origin}${path}${link}`;
  const [, way = '', rest = ''] = /^([^?#]*)(.*)$/s.exec(link)!;
  const steps: string[] = [];
  for (const step of (way.startsWith('/') ? way : path.replace(/[^/]*$/, '') + way).split('/').slice(1)) {
    if (step === '..') steps.pop();
    else if (step !== '.') steps.push(step);
  }
  if (/(^|\/)\.\.?$/.test(way)) steps.push('');
  return `${origin}/${steps.join('/')}${rest}`;
}
