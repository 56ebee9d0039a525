// The server of the conformance scenarios: the URL selects its response, by httpbin's names where they exist.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

/** Starts it on loopback; `{ port, close }`. */
export async function serve() {
  const server = createServer(answer);
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { port: server.address().port, close: () => (server.closeAllConnections(), server.close()) };
}

async function answer(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const url = new URL(request.url, 'http://localhost');
  const steps = url.pathname.split('/').slice(1);
  const json = (value, status = 200, headers = {}) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  };
  const text = (value, type = 'text/plain', status = 200, headers = {}) => {
    response.writeHead(status, { 'content-type': type, ...headers });
    response.end(value);
  };
  const cookies = Object.fromEntries((request.headers.cookie ?? '').split('; ').filter(Boolean).map((one) => one.split(/=(.*)/s).slice(0, 2)));
  const echo = () => ({
    method: request.method,
    url: `http://${request.headers.host}${request.url}`,
    args: single(url.searchParams),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.replace(/(^|-)([a-z])/g, (all) => all.toUpperCase()), value])),
    data: body.toString(),
    bytes: body.toString('hex'),
    json: parsed(body),
    form: request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? single(new URLSearchParams(body.toString())) : {},
  });
  switch (steps[0]) {
    case '':
    case 'test.k6.io':
      if (steps[1] === 'static') return text('static', 'text/plain');
      return text(PAGE, 'text/html');
    case 'pi.php':
      return text('3.14');
    case 'html':
      return text(PAGE, 'text/html');
    case 'get': case 'post': case 'put': case 'patch': case 'delete': case 'anything': case 'options': case 'headers':
      return json(echo());
    case 'graphql':
      return json({ data: { repository: { issues: { edges: [{ node: { id: '1', number: 1, title: 'a', url: '/1' } }] } }, addReaction: { reaction: { content: 'HOORAY' }, subject: { id: '1' } } } });
    case 'head':
      return text('', 'text/plain', 200, { 'x-method': request.method });
    case 'events': {
      // As many events as the path says, each after some milliseconds.
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      for (let number = 1; number <= Number(steps[1]); number++) {
        await new Promise((done) => setTimeout(done, Number(steps[2] ?? 20)));
        response.write(`data: ${number}\n\n`);
      }
      return response.end();
    }
    case 'status':
      return text('', 'text/plain', Number(steps[1]));
    case 'redirect': {
      const left = Number(steps[1]);
      return text('', 'text/plain', 302, { location: left > 1 ? `/redirect/${left - 1}` : '/get' });
    }
    case 'redirect-to':
      return text('', 'text/plain', 302, { location: url.searchParams.get('url') });
    case 'cookies':
      if (steps[1] !== 'set') return json({ cookies });
      return text('', 'text/plain', 302, { location: '/cookies', 'set-cookie': [...url.searchParams].map(([name, value]) => `${name}=${value}; Path=/`) });
    case 'set-cookie':
      return text('set', 'text/plain', 200, { 'set-cookie': 'flavour=oat; Path=/; HttpOnly; Max-Age=60' });
    case 'basic-auth': {
      const right = request.headers.authorization === `Basic ${Buffer.from(`${steps[1]}:${steps[2]}`).toString('base64')}`;
      return right ? json({ authenticated: true, user: steps[1] }) : json({}, 401, { 'www-authenticate': 'Basic realm="x"' });
    }
    case 'digest-auth': {
      const [, qop, user, password] = steps;
      const asked = Object.fromEntries([...(request.headers.authorization ?? '').matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)].map(([, name, quoted, plain]) => [name, quoted ?? plain]));
      const md5 = (value) => createHash('md5').update(value).digest('hex');
      const expected = md5(`${md5(`${user}:shop:${password}`)}:abc:${asked.nc}:${asked.cnonce}:${qop}:${md5(`${request.method}:${request.url}`)}`);
      if (asked.response === expected) return json({ authenticated: true, user });
      return json({}, 401, { 'www-authenticate': `Digest realm="shop", nonce="abc", qop="${qop}", algorithm=MD5, opaque="o"` });
    }
    case 'gzip':
      return text(gzipSync(JSON.stringify({ gzipped: true })), 'application/json', 200, { 'content-encoding': 'gzip' });
    case 'bytes':
      return text(Buffer.from([0, 1, 0x80, 0xff]), 'application/octet-stream');
    case 'utf8':
      return text('Grüße, 世界 🎉');
    case 'double-header':
      return text('', 'text/plain', 200, { 'X-Double': ['one', 'two'] });
    case 'slow':
      return setTimeout(() => text('slow'), Number(steps[1]));
    case 'reset':
      return request.socket.destroy();
    case 'nonsense':
      return request.socket.end('this is not HTTP\r\n\r\n');
    case 'form':
      return text('<form method="post" action="/post"><input name="user" value="ann"><input name="q"><input type="submit" name="go" value="Go"></form><a href="/get?from=link">next</a>', 'text/html');
    default:
      return text('not found', 'text/plain', 404);
  }
}

const PAGE = `<!doctype html><html><head><title>Demo</title></head><body><h1>Demo</h1>
<p class="description">This is a replacement of the service that was here before.</p><a href="/get">get</a></body></html>`;

function single(parameters) {
  const values = {};
  for (const name of new Set(parameters.keys())) {
    const all = parameters.getAll(name);
    values[name] = all.length > 1 ? all : all[0];
  }
  return values;
}

function parsed(body) {
  try {
    return JSON.parse(body.toString());
  } catch {
    return null;
  }
}
