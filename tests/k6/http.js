// What k6 1.8.1 does with HTTP: each row is a name, what is done, and k6's own answer. One row an iteration, so each begins
// without cookies. `k6_http.rs` runs it with Squall, and with k6 if asked to.

import { check } from 'k6';
import http from 'k6/http';

const { HERE, THERE } = __ENV;
const LOCALHOST = String(HERE).replace('127.0.0.1', 'localhost');

/** A URL that is answered with that status and those header fields. */
const answer = (status, fields, base = HERE) => `${base}/answer?s=${encodeURIComponent(status)}${fields.map((field) => `&h=${encodeURIComponent(field)}`).join('')}`;
const redirect = (status, to, ...fields) => answer(`${status} X`, [`Location: ${to}`, ...fields]);
const seen = (response) => response.json();
/** Has a cookie set. */
const set = (cookie, base = HERE, params = {}) => http.get(answer('200 OK', [`Set-Cookie: ${cookie}`], base), params);
/** The cookies that are sent. */
const sent = (params = {}, url = `${HERE}/echo`) => http.get(url, params).json('headers.cookie');
/** What is left of a request but what every client sends in its own way. */
const headers = (given, method = 'GET', body = null) => {
  const { headers } = http.request(method, `${HERE}/echo`, body, { headers: given }).json();
  const own = Object.keys(given).map((name) => name.toLowerCase());
  for (const name of ['host', 'user-agent', 'accept-encoding']) if (!own.includes(name)) delete headers[name];
  return headers;
};
const thrown = (work) => {
  try {
    work();
    return false;
  } catch {
    return true;
  }
};

const rows = [];
const row = (name, work, expected) => rows.push([name, work, expected]);

for (const status of [301, 302, 303, 307, 308]) {
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    const repeats = status > 303;
    row(`${method} at ${status}`, () => {
      const { method: then, body, headers } = seen(http.request(method, redirect(status, '/echo'), 'body', { headers: { 'Content-Type': 'text/plain' } }));
      return [then, body, headers['content-type']];
    }, repeats ? [method, 'body', 'text/plain'] : ['GET', '', undefined]);
  }
  row(`HEAD at ${status}`, () => http.head(redirect(status, '/echo')).headers['X-Method'], 'HEAD');
  row(`OPTIONS at ${status}`, () => seen(http.options(redirect(status, '/echo'))).method, status > 303 ? 'OPTIONS' : 'GET');
}
row('300, 304 and 305 are not followed', () => [300, 304, 305].map((status) => http.get(redirect(status, '/echo')).status), [300, 304, 305]);
row('a space in the path of a location', () => seen(http.get(redirect(302, '/echo/a b'))).path, '/echo/a%20b');
row('dots in a location', () => seen(http.get(redirect(302, '../x/./../echo'))).path, '/echo');
row('no location, and an empty one', () => [answer('302 X', []), answer('307 X', []), redirect(302, '')].map((url) => http.get(url).status), [302, 307, 302]);
row('redirects: 0', () => [http.get(redirect(302, '/echo'), { redirects: 0 }).status, http.get(redirect(302, '/echo'), { redirects: -1 }).status], [302, 302]);
row('redirects: 1', () => {
  const response = http.get(redirect(302, redirect(302, '/echo')), { redirects: 1 });
  return [response.status, response.url.endsWith('echo'), response.error, response.error_code];
}, [302, true, '', 0]);
row('ten redirects are followed', () => [http.get(`${HERE}/chain/10`).status, http.get(`${HERE}/chain/11`).status, http.get(`${HERE}/chain/11`).url], [200, 302, `${HERE}/chain/1`]);
row('a location that is no HTTP', () => [http.get(redirect(302, 'ftp://127.0.0.1/')).status, http.get(redirect(302, 'mailto:a@b')).status, http.get(redirect(302, 'http://[::1')).status], [0, 0, 0]);
row('redirects in a batch', () => http.batch([redirect(302, '/echo'), ['PUT', redirect(302, '/echo'), 'b'], { method: 'POST', url: redirect(307, '/echo'), body: 'q' }, ['GET', redirect(302, '/echo'), null, { redirects: 0 }], `${HERE}/chain/11`]).map(({ status, body }) => [status, body && status === 200 ? JSON.parse(body).method : null]), [[200, 'GET'], [200, 'GET'], [200, 'POST'], [302, null], [302, null]]);
row('credentials at home', () => {
  const { headers } = seen(http.get(redirect(302, '/echo'), { headers: { Authorization: 'a', 'X-Own': 'x' }, cookies: { c: '1' } }));
  return [headers.authorization, headers['x-own'], headers.cookie];
}, ['a', 'x', 'c=1']);
row('status text', () => ['404 Not Found', '404 Nix Da', '200'].map((status) => http.get(answer(status, [])).status_text), ['404 Not Found', '404 Nix Da', '200']);

row('a cookie that replaces', () => [set('a=1'), sent({ cookies: { a: { value: '2', replace: true } } })][1], 'a=2');
row('a cookie that does not', () => [set('a=1'), sent({ cookies: { a: { value: '2', replace: false } } })][1], 'a=2; a=1');
row('own cookies come first', () => [set('a=1; Path=/'), set('b=2'), sent({ cookies: { a: '2' } })][2], 'a=2; a=1; b=2');
row('a header and cookies', () => [set('a=1'), sent({ cookies: { q: '1' }, headers: { Cookie: 'a=2; z=1' } })][1], 'a=2; z=1; q=1; a=1');
// k6 has its own cookies in any order.
row('cookies that are no text', () => sent({ cookies: { a: null, b: undefined, c: 3, d: true } }).split('; ').sort(), ['c=3', 'd=true']);
for (const [value, written] of [['x y', '"x y"'], ['x,y', '"x,y"'], ['x;y', 'xy'], ['"q"', 'q'], ['x\\y', 'xy'], ['a=b%20', 'a=b%20']]) {
  row(`the cookie value ${value}`, () => sent({ cookies: { a: value } }), `a=${written}`);
}
row('the path that is meant', () => [set('p=1', `${HERE}/a`), http.cookieJar().cookiesForURL(`${HERE}/a/x`), http.cookieJar().cookiesForURL(`${HERE}/ab`)].slice(1), [{ p: ['1'] }, {}]);
row('longer paths first', () => [set('p=1; Path=/'), set('p=2; Path=/a', `${HERE}/a`), set('q=3; Path=/'), http.cookieJar().cookiesForURL(`${HERE}/a/b`)][3], { p: ['2', '1'], q: ['3'] });
row('in the order in which they were set', () => [...['z', 'b', 'a', 'y'].map((name) => set(`${name}=1; Path=/`)), sent()][4], 'z=1; b=1; a=1; y=1');
for (const [cookie, line, base] of [
  ['p=1; Domain=127.0.0.1', 'p=1'], ['p=1; Domain=example.com', undefined], ['p=1; Domain=localhost', 'p=1', LOCALHOST], ['p=1; Domain=.localhost', 'p=1', LOCALHOST], ['p=1; Domain=', 'p=1'],
  ['p=1; Secure', 'p=1'], ['p=1; HttpOnly', 'p=1'], ['p=1; SameSite=None; Partitioned', 'p=1'], ['p=1; Max-Age=0', undefined], ['p=1; Max-Age=-1', undefined], ['p=1; Max-Age=60', 'p=1'],
  ['p=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', undefined], ['p=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT', 'p=1'], ['p=1; Expires=Fri, 01-Jan-2100 00:00:00 GMT', 'p=1'], ['p=1; Expires=tomorrow', 'p=1'],
  ['p=', 'p='], ['p', undefined], ['=v', undefined], ['p=a=b==', 'p=a=b=='], ['p=a%20b', 'p=a%20b'], ['p=1; Path=a', 'p=1'],
]) {
  row(`set-cookie: ${cookie}`, () => [set(cookie, base), sent({}, `${base ?? HERE}/echo`)][1], line);
}
row('a cookie that is taken back', () => [set('p=1'), set('q=1'), set('p=; Max-Age=0'), set('q=; Expires=Thu, 01 Jan 1970 00:00:00 GMT'), sent()][4], undefined);
row('other ports and hosts', () => [set('p=1'), sent({}, `${THERE}/echo`), sent({}, `${LOCALHOST}/echo`)].slice(1), ['p=1', undefined]);
row('a cookie with long attributes', () => [set(`p=${'x'.repeat(4000)}; Path=/; Comment=${'y'.repeat(500)}`), sent().length][1], 4002);
row('300 cookies, and one of them renewed', () => {
  for (let number = 0; number < 300; number++) http.cookieJar().set(HERE, `c${number}`, '1');
  set('c7=2; Path=/');
  const cookies = sent().split('; ');
  return [cookies.length, cookies.includes('c7=2')];
}, [300, true]);
row('jar: set', () => {
  const jar = http.cookieJar();
  return [jar.set(HERE, 'k', 'v', { path: '/a', domain: '127.0.0.1', max_age: 10, secure: false, http_only: true }), jar.cookiesForURL(`${HERE}/a`), jar.cookiesForURL(HERE)];
}, [true, { k: ['v'] }, {}]);
row('jar: expires', () => [http.cookieJar().set(HERE, 'k', 'v', { expires: 'Fri, 01 Jan 2100 00:00:00 GMT' }), sent(), thrown(() => http.cookieJar().set(HERE, 'k', 'v', { expires: 'some day' }))], [true, 'k=v', true]);
row('jar: another domain', () => [http.cookieJar().set(HERE, 'k', 'v', { domain: 'example.com' }), sent()], [true, undefined]);
row('jar: a number', () => [http.cookieJar().set(HERE, 'k', 5), sent()], [true, 'k=5']);
row('jar: clear and delete', () => {
  const jar = http.cookieJar();
  for (const name of ['k', 'l', 'm']) jar.set(HERE, name, '1');
  jar.delete(HERE, 'l');
  const left = jar.cookiesForURL(HERE);
  jar.clear(HERE);
  return [left, jar.cookiesForURL(HERE)];
}, [{ k: ['1'], m: ['1'] }, {}]);
row('jar: the path of the URL', () => [http.cookieJar().set(`${HERE}/a/b`, 'k', 'v'), http.cookieJar().cookiesForURL(`${HERE}/a/c`), http.cookieJar().cookiesForURL(HERE)], [true, { k: ['v'] }, {}]);
row('a jar of its own', () => {
  const jar = new http.CookieJar();
  jar.set(HERE, 'own', '1');
  http.cookieJar().set(HERE, 'common', '1');
  http.get(redirect(302, '/echo', 'Set-Cookie: hop=1; Path=/'), { jar });
  set('last=1', HERE, { jar });
  return [sent({ jar }), sent()];
}, ['own=1; hop=1; last=1', 'common=1']);
row('cookies of a redirect', () => {
  const response = http.get(redirect(302, '/echo', 'Set-Cookie: hop=1; Path=/'));
  return [response.json('headers.cookie'), response.cookies, sent()];
}, ['hop=1', {}, 'hop=1']);
row('own cookies in a redirect', () => [{ value: '2' }, { value: '2', replace: true }].map((p) => [http.cookieJar().clear(HERE), http.get(redirect(302, '/echo', 'Set-Cookie: p=1; Path=/'), { cookies: { p } }).json('headers.cookie')][1]), ['p=2; p=1', 'p=2']);
row('jars in a batch', () => {
  const jar = new http.CookieJar();
  http.cookieJar().set(HERE, 'd', '1');
  jar.set(HERE, 'e', '2');
  http.batch([answer('200 OK', ['Set-Cookie: p=1']), ['GET', answer('200 OK', ['Set-Cookie: q=1']), null, { jar }]]);
  return http.batch([`${HERE}/echo`, ['GET', `${HERE}/echo`, null, { jar }]]).map((response) => response.json('headers.cookie'));
}, ['d=1; p=1', 'e=2; q=1']);
row('cookies of a response', () => set('p=1; Domain=127.0.0.1; Path=/x; Max-Age=10; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax').cookies, { p: [{ name: 'p', value: '1', domain: '127.0.0.1', path: '/x', http_only: true, secure: true, max_age: 10, expires: 4102444800000 }] });

for (const [name, value] of [['Content-Length', '4'], ['Content-Length', '9'], ['content-length', 'nine'], ['Transfer-Encoding', 'chunked'], ['transfer-encoding', 'gzip'], ['Trailer', 'X-A']]) {
  row(`own ${name}: ${value}`, () => headers({ [name]: value }, 'POST', 'body')['content-length'], '4');
  row(`own ${name}: ${value}, without a body`, () => Object.keys(headers({ [name]: value })), []);
}
row('connection: upgrade', () => headers({ Connection: 'keep-alive, Upgrade', Upgrade: 'websocket' }), { connection: 'keep-alive, Upgrade', upgrade: 'websocket' });
row('connection: close', () => headers({ Connection: 'close, TE', TE: 'trailers' }), { connection: 'close, TE', te: 'trailers' });
row('connection: keep-alive', () => headers({ Connection: 'keep-alive', 'Keep-Alive': 'timeout=5' }), { connection: 'keep-alive', 'keep-alive': 'timeout=5' });
row('values that are no text', () => headers({ 'X-A': undefined, 'X-B': null, 'X-C': 1, 'X-D': [1, 2], 'X-F': true, 'X-G': '' }), { 'x-a': 'undefined', 'x-b': 'null', 'x-c': '1', 'x-d': '1,2', 'x-f': 'true', 'x-g': '' });
row('a field that is given twice', () => headers({ 'x-a': '1', 'X-A': '2' }), { 'x-a': '2' });
row('an own host', () => headers({ Host: 'shop.example' }).host, 'shop.example');
row('an own user agent, and none', () => ['me', ''].map((agent) => headers({ 'User-Agent': agent })['user-agent']), ['me', undefined]);
row('fields that cannot be sent', () => [{ 'X-A': 'a\nX-B: c' }, { 'X A': 'a' }, { '': 'a' }].map((headers) => http.get(`${HERE}/echo`, { headers }).status), [0, 0, 0]);
for (const [user, basic] of [['user:pa%20ss', 'dXNlcjpwYSBzcw=='], ['user', 'dXNlcjo='], ['user:', 'dXNlcjo='], [':pw', 'OnB3'], ['a%40b:c%3Ad', 'YUBiOmM6ZA==']]) {
  row(`http://${user}@`, () => http.get(`${HERE.replace('//', `//${user}@`)}/echo`).json('headers.authorization'), `Basic ${basic}`);
}
row('a user, and a header', () => http.get(`${HERE.replace('//', '//user:pw@')}/echo`, { headers: { Authorization: 'Bearer x' } }).json('headers.authorization'), 'Bearer x');
row('a user in a redirect', () => http.get(`${redirect(302, '/echo').replace('//', '//user:pw@')}`).json('headers.authorization'), 'Basic dXNlcjpwdw==');

const posted = (body, params = {}) => {
  const { body: text, headers } = seen(http.post(`${HERE}/echo`, body, params));
  return [text.replace(/-*(squall)?[0-9a-z]{20,60}/g, '--B').replace(/\d{13,19}/, 'N'), headers['content-type']?.replace(/boundary=.*/, 'boundary')];
};
row('a form', () => posted({ b: 'x y', a: [1, 2], d: true, e: 'é&=', h: 1.5, i: '' }), ['a=1&a=2&b=x+y&d=true&e=%C3%A9%26%3D&h=1.5&i=', 'application/x-www-form-urlencoded']);
row('a form of another type', () => posted({ a: '1' }, { headers: { 'content-type': 'application/json' } }), ['a=1', 'application/json']);
row('bytes', () => [posted(new Uint8Array([65, 66]).buffer), posted(new Uint8Array([65, 66]))], [['AB', undefined], ['AB', undefined]]);
row('bodies with GET and DELETE', () => ['GET', 'DELETE'].map((method) => seen(http.request(method, `${HERE}/echo`, 'x')).body), ['x', 'x']);
row('no body', () => ['GET', 'POST', 'PUT', 'DELETE'].map((method) => seen(http.request(method, `${HERE}/echo`)).headers['content-length']), [undefined, '0', '0', undefined]);
row('a file', () => posted({ f: http.file('content', 'a"b\\c.txt', 'text/plain') }), ['--B\r\nContent-Disposition: form-data; name="f"; filename="a\\"b\\\\c.txt"\r\nContent-Type: text/plain\r\n\r\ncontent\r\n--B--\r\n', 'multipart/form-data; boundary']);
row('a file without a name', () => posted({ f: http.file('content') })[0], '--B\r\nContent-Disposition: form-data; name="f"; filename="N"\r\nContent-Type: application/octet-stream\r\n\r\ncontent\r\n--B--\r\n');
row('a form with a file has text in it, too', () => posted({ f: http.file('c', 'n'), n: 2 })[0].includes('name="n"\r\n\r\n2\r\n'), true);

row('response types', () => [http.get(`${HERE}/text`, { responseType: 'binary' }).body.byteLength, http.get(`${HERE}/text`, { responseType: 'none' }).body, http.get(`${HERE}/text`).body], [4, null, 'text']);
row('statuses that have no body', () => [204, 304].map((status) => http.get(answer(`${status} X`, [])).body).concat(http.get(`${HERE}/chain/1`, { redirects: 0 }).body), [null, null, '']);
row('what was sent', () => {
  http.cookieJar().set(HERE, 'kept', 'k');
  const { method, url, body, headers, cookies } = http.post(`${HERE}/echo`, 'b', { headers: { 'x-own': '1' }, cookies: { a: 'x y' } }).request;
  return [method, url, body, headers['X-Own'], cookies];
}, ['POST', `${HERE}/echo`, 'b', ['1'], { a: [{ name: 'a', value: 'x y', replace: false }], kept: [{ name: 'kept', value: 'k', replace: false }] }]);
row('constants', () => [http.TLS_1_2, http.OCSP_STATUS_GOOD, http.OCSP_REASON_UNSPECIFIED], ['tls1.2', 'good', 'unspecified']);
row('a template', () => http.get(http.url`${HERE}/echo?a=${1}`).request.url, `${HERE}/echo?a=1`);
row('forms with odd characters and numbers', () => [posted({ 'a b': "*-._~!'()/:+", 'ü[]': '\n' })[0], posted({ b: 0.1, d: 1000000 })[0], posted({ a: [], b: '' })[0]], ['a+b=%2A-._~%21%27%28%29%2F%3A%2B&%C3%BC%5B%5D=%0A', 'b=0.1&d=1000000', 'b=']);
row('no JSON', () => [http.get(`${HERE}/text`).json('a'), thrown(() => http.get(`${HERE}/text`).json()), thrown(() => http.get(`${HERE}/text`, { responseType: 'none' }).json('a'))], [undefined, true, true]);
row('JSON by path', () => http.get(`${HERE}/echo`, { headers: { 'X-A': 'a' } }).json('{method,headers.x-a,"n":headers|@keys|#(=="host")#|#}'), { method: 'GET', 'x-a': 'a', n: 1 });
row('header fields', () => {
  const { headers } = http.get(answer('200 OK', ['x-aBC: 1', 'X-Abc: 2', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'etag: W']));
  return [headers['X-Abc'], headers['Set-Cookie'], headers.Etag];
}, ['1, 2', 'a=1, b=2', 'W']);
row('a batch as a list', () => http.batch([`${HERE}/echo`, ['POST', `${HERE}/echo`, 'x'], { method: 'PUT', url: `${HERE}/echo`, body: 'y' }, ['GET', `${HERE}/echo`]]).map((response) => response.json('method') + response.json('body')), ['GET', 'POSTx', 'PUTy', 'GET']);
row('a batch as an object', () => {
  const responses = http.batch({ a: `${HERE}/echo`, b: { url: `${HERE}/echo` }, c: ['DELETE', `${HERE}/echo`, null, { tags: { name: 'x' } }], d: http.url`${HERE}/echo?${1}` });
  return Object.keys(responses).sort().map((name) => name + responses[name].json('method') + responses[name].json('path'));
}, ['aGET/echo', 'bGET/echo', 'cDELETE/echo', 'dGET/echo?1']);
row('a batch with an error', () => http.batch(['http://127.0.0.1:1/', `${HERE}/echo`]).map(({ status, error_code }) => [status, error_code]), [[0, 1212], [200, 0]]);
row('an error that is thrown', () => [thrown(() => http.get('http://127.0.0.1:1/', { throw: true })), thrown(() => http.get('http://127.0.0.1:1/', { throw: false }))], [true, false]);
row('batches that are none', () => [http.batch([]), thrown(() => http.batch())], [[], true]);
row('an asynchronous request', async () => {
  const responses = await Promise.all([http.asyncRequest('GET', `${HERE}/echo`), http.asyncRequest('POST', `${HERE}/echo`, 'x')]);
  return responses.map((response) => response.json('method'));
}, ['GET', 'POST']);

export const options = { vus: 1, iterations: rows.length, thresholds: { checks: ['rate==1'] } };

export default async function () {
  const [name, work, expected] = rows[__ITER];
  let found;
  try {
    found = await work();
  } catch (error) {
    found = String(error);
  }
  const passed = written(found) === written(expected);
  if (!passed) console.error(`DIFFERS: ${name}: ${written(found)}, but k6 has ${written(expected)}`);
  check(null, { [name]: () => passed });
}

/** As JSON, with keys in order. */
function written(value) {
  return JSON.stringify(value, (_, one) => (one && typeof one === 'object' && !Array.isArray(one) ? Object.fromEntries(Object.entries(one).sort(([left], [right]) => (left < right ? -1 : 1))) : one));
}
