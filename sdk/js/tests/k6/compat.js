// Features of k6 scripts, against the test server; each line is a check. `../engine/run.mjs` runs it.

import { check, fail, group, randomSeed, sleep } from 'k6';
import crypto from 'k6/crypto';
import { SharedArray } from 'k6/data';
import encoding from 'k6/encoding';
import exec from 'k6/execution';
import http from 'k6/http';
import { parseHTML } from 'k6/html';
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
import { randomIntBetween, randomString, uuidv4, findBetween } from 'https://jslib.k6.io/k6-utils/1.4.0/index.js';

const base = `http://${__ENV.HOST}`;
const users = new SharedArray('users', () => JSON.parse(open('./users.json')));
const logo = open('users.json', 'b');

export const options = { vus: 1, iterations: 2, thresholds: { checks: ['rate==1'] } };

const metrics = [new Counter('c'), new Gauge('g'), new Rate('r'), new Trend('t', true)];

const same = (name, is, should) => {
  const passed = JSON.stringify(is) === JSON.stringify(should);
  if (!passed) console.error(`${name}: is ${JSON.stringify(is)}, should be ${JSON.stringify(should)}`);
  check(null, { [name]: passed });
};

const thrown = (work) => {
  try {
    work();
  } catch (error) {
    return error.message;
  }
};

export function setup() {
  return { token: 'abc' };
}

export function teardown(data) {
  console.log(`teardown ${data.token}`);
}

export default function (data) {
  same('setup data', data, { token: 'abc' });
  same('files', [users.length, users[1].name, users.map((user) => user.name), logo.byteLength > 10], [2, 'bob', ['ann', 'bob'], true]);
  same('environment', [__ENV.COLOUR, __ENV.NONE, __VU, __ITER === exec.vu.iterationInInstance], ['blue', undefined, 1, true]);
  for (const metric of metrics) metric.add(1, { tag: 'x' });

  group('requests', () => {
    const got = http.get(`${base}/get?a=1`, { headers: { 'X-Own': 'yes' }, tags: { name: 'got' } });
    same('get', [got.status, got.json('args.a'), got.json().headers['X-Own'], got.headers['Content-Type'], got.error, got.error_code, got.proto], [200, '1', 'yes', 'application/json', '', 0, 'HTTP/1.1']);
    same('form', http.post(`${base}/post`, { b: 'x y', a: [1, 2] }).json('form'), { a: ['1', '2'], b: 'x y' });
    same('text', http.put(`${base}/put`, 'Grüße').json('data'), 'Grüße');
    same('others', [http.patch(`${base}/patch`, '1'), http.del(`${base}/delete`), http.options(`${base}/options`), http.request('GET', `${base}/get`)].map((r) => r.json('method')), ['PATCH', 'DELETE', 'OPTIONS', 'GET']);
    same('head', http.head(`${base}/head`).headers['X-Method'], 'HEAD');
    same('multipart', http.post(`${base}/post`, { f: http.file('content', 'a.txt', 'text/plain'), x: '1' }).json('data').includes('filename="a.txt"'), true);
    same('named', http.get(http.url`${base}/get?id=${7}`).json('args.id'), '7');
    const batch = http.batch({ one: `${base}/get`, two: ['POST', `${base}/post`, 'x'], three: { method: 'GET', url: `${base}/status/404` } });
    same('batch', [batch.one.status, batch.two.json('data'), batch.three.status, batch.three.error_code], [200, 'x', 404, 1404]);
    same('types', [http.get(`${base}/bytes`, { responseType: 'binary' }).body.byteLength, http.get(`${base}/get`, { responseType: 'none' }).body], [4, null]);
    same('no redirects', [http.get(`${base}/redirect/1`, { redirects: 0 }).status, http.get(`${base}/redirect/2`).url], [302, `${base}/get`]);
    same('basic auth', http.get(`http://user:passwd@${__ENV.HOST}/basic-auth/user/passwd`).json('authenticated'), true);
    same('digest auth', http.get(`http://user:passwd@${__ENV.HOST}/digest-auth/auth/user/passwd`, { auth: 'digest' }).json('authenticated'), true);
    const broken = http.get(`${base}/reset`);
    same('error', [broken.status, broken.body, broken.error.length > 0, broken.error_code], [0, null, true, 1220]);
    same('timeout', http.get(`${base}/slow/2000`, { timeout: '50ms' }).error_code, 1050);
    same('expected', http.get(`${base}/status/404`, { responseCallback: http.expectedStatuses(404, { min: 500, max: 599 }) }).status, 404);
  });

  group('cookies', () => {
    same('sent', http.get(`${base}/cookies`, { cookies: { a: '1' } }).json('cookies'), { a: '1' });
    same('seen', http.get(`${base}/set-cookie`).cookies.flavour[0].value, 'oat');
    same('kept', http.get(`${base}/cookies`).json('cookies'), { flavour: 'oat' });
    same('jar', http.cookieJar().cookiesForURL(base).flavour, ['oat']);
    const jar = new http.CookieJar();
    jar.set(base, 'own', 'x');
    same('own jar', http.get(`${base}/cookies`, { jar }).json('cookies'), { own: 'x' });
    http.get(`${base}/cookies/set?b=2`);
    same('in redirects', http.cookieJar().cookiesForURL(`${base}/x`).b, ['2']);
  });

  group('pages', () => {
    const page = http.get(`${base}/form`);
    same('html', [page.html('input').size(), page.html('form').find('input').first().attr('value'), parseHTML('<p>a</p>').find('p').text()], [3, 'ann', 'a']);
    same('submit', page.submitForm({ fields: { q: 'lamp' } }).json('form'), { go: 'Go', q: 'lamp', user: 'ann' });
    same('click', page.clickLink().json('args'), { from: 'link' });
  });

  same('md5', crypto.md5('hello', 'hex'), '5d41402abc4b2a76b9719d911017c592');
  same('sha256', crypto.sha256('hello', 'base64'), 'LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=');
  same('hmac', crypto.hmac('sha256', 'key', 'hello', 'hex'), '9307b3b915efb5171ff14d8cb55fbcc798c6c0ef1456d66ded1a6aa723a58b7b');
  const hasher = crypto.createHash('sha1');
  hasher.update('hel');
  hasher.update('lo');
  same('pieces', hasher.digest('hex'), 'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d');
  same('random bytes', crypto.randomBytes(8).byteLength, 8);
  same('base64', [encoding.b64encode('Grüße', 'rawurl'), encoding.b64decode('R3LDvMOfZQ', 'rawurl', 's')], ['R3LDvMOfZQ', 'Grüße']);
  same('jslib', [randomIntBetween(3, 3), randomString(5).length, uuidv4().length, findBetween('<a>x</a>', '<a>', '</a>')], [3, 5, 36, 'x']);
  randomSeed(1);
  const drawn = Math.random();
  randomSeed(1);
  same('seed', Math.random(), drawn);
  same('fail', thrown(() => fail('no')), 'no');
  sleep(0.01);
}
