// Everything in the contract, asked of the test server; each line of it is a check. `run.mjs` runs it.

import {
  check, Counter, env, type Flows, Gauge, group, http, HttpError, iteration, log, now, type Options, pace, pick, random, randomInt,
  Rate, sleep, target, think, transaction, Transaction, Trend, vu,
} from 'squall';

export const options: Options = { vus: 1, iterations: 10, thresholds: { checks: 'rate==1' } };

export const flows: Flows = {
  methods: { weight: 1, run: methods },
  bodies: { weight: 1, run: bodies },
  responses: { weight: 1, run: responses },
  settings: { weight: 1, run: settings },
  errors: { weight: 1, run: errors },
  batch: { weight: 1, run: batch },
  cookies: { weight: 1, run: cookies },
  metrics: { weight: 1, run: metrics },
  context: { weight: 1, run: context },
  asynchronous: { weight: 1, run: asynchronous },
  throws: { weight: 0, run: throws },
  throwsLater: { weight: 0, run: throwsLater },
};

const same = (name: string, is: unknown, should: unknown): boolean => {
  const passed = JSON.stringify(is) === JSON.stringify(should);
  if (!passed) log.error(`${name}: is ${JSON.stringify(is)}, should be ${JSON.stringify(should)}`);
  return check(name, passed);
};

let started: unknown;

export function setup() {
  return { text: 'Grüße', list: [1, 2], vu: vu() };
}

export function start(shared: unknown) {
  started = shared;
}

export function teardown(shared: { text: string }) {
  log.info(`teardown got ${shared.text}`);
}

function methods() {
  for (const method of ['get', 'post', 'put', 'patch', 'options'] as const) {
    same(`method ${method}`, http[method]('/anything').json().method, method.toUpperCase());
  }
  same('method delete', http.del('/anything').json().method, 'DELETE');
  same('method head', http.head('/head').header('X-Method'), 'HEAD');
  same('any method', http.request('PROPFIND', '/anything').json().method, 'PROPFIND');
}

function bodies() {
  const post = (options: http.RequestOptions) => http.post('/anything', options).json();
  same('text body', post({ body: 'Grüße, 世界 🎉' }).data, 'Grüße, 世界 🎉');
  same('bytes body', post({ body: new Uint8Array([0, 128, 255]) }).bytes, '0080ff');
  same('buffer body', post({ body: new Uint8Array([1, 2]).buffer }).bytes, '0102');
  same('json body', post({ json: { a: [1, 'ü'] } }).json, { a: [1, 'ü'] });
  same('json type', post({ json: 1 }).headers['Content-Type'], 'application/json');
  same('own type', post({ json: 1, headers: { 'Content-Type': 'application/vnd.x+json' } }).headers['Content-Type'], 'application/vnd.x+json');
  same('form body', post({ form: { a: 'x y&z', b: ['1', '2'] } }).form, { a: 'x y&z', b: ['1', '2'] });
  same('query', http.get('/anything?x=1', { query: { q: 'a b/ü', n: 2, many: ['1', '2'] } }).json().args, { x: '1', q: 'a b/ü', n: '2', many: ['1', '2'] });
  same('headers', http.get('/anything', { headers: { 'x-one': '1' } }).json().headers['X-One'], '1');
  same('header pairs', http.get('/anything', { headers: [['x-one', '1'], ['x-one', '2']] }).json().headers['X-One'], '1, 2');
  same('no body', post({}).bytes, '');
}

function responses() {
  const page = http.get('/utf8');
  same('status', [page.status, page.ok], [200, true]);
  same('text', page.text(), 'Grüße, 世界 🎉');
  same('header in any case', page.header('CONTENT-type'), 'text/plain');
  same('missing header', page.header('x-none'), undefined);
  same('all headers', http.get('/double-header').headers.filter(([name]) => name === 'x-double').map(([, value]) => value), ['one', 'two']);
  same('bytes', [...http.get('/bytes').bytes()], [0, 1, 128, 255]);
  same('gzip', http.get('/gzip').json(), { gzipped: true });
  same('url', page.url.endsWith('/utf8'), true);
  const { sending, waiting, receiving, duration, blocked, connecting, tlsHandshaking } = http.get('/slow/30').timings;
  check('waited about 30 ms', waiting > 25 && waiting < 5000);
  check('phases add up', Math.abs(sending + waiting + receiving - duration) < 1e-6 && blocked >= 0 && connecting >= 0 && tlsHandshaking === 0);
  let text = '';
  try {
    page.json();
  } catch (error) {
    text = (error as Error).message;
  }
  check('what is not JSON is an error', text.startsWith('response is not JSON'));
}

function settings() {
  same('redirects are followed', http.get('/redirect/2').url.endsWith('/get'), true);
  const first = http.get('/redirect/2', { redirects: 0 });
  same('or not', [first.status, first.header('location')], [302, '/redirect/1']);
  same('size of a body', http.get('/utf8').size, http.get('/utf8').bytes().length);
  same('size of what was discarded', http.get('/utf8', { discardBody: true }).size, 0);
  same('body discarded', http.get('/utf8', { discardBody: true }).text(), '');
  same('body kept', http.get('/utf8', { discardBody: false }).text().length > 0, true);
  http.get('/status/404', { name: 'expected', expectedStatuses: [404, '500-599'] });
  http.get('/status/503', { name: 'expected', expectedStatuses: [404, '500-599'] });
  for (let id = 0; id < 200; id++) http.get('/status/200', { name: `made up ${id % 70}` });
  let text = '';
  try {
    http.get('/get', { timeout: 'soon' });
  } catch (error) {
    text = String(error);
  }
  check('a wrong timeout says so', text.includes('"soon" is no length of time'));
}

function errors() {
  const code = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      return error instanceof HttpError ? error.code : `not an HttpError: ${error}`;
    }
    return 'no error';
  };
  same('timeout', code(() => http.get('/slow/2000', { timeout: '50ms' })), 'timeout');
  same('reset', code(() => http.get('/reset')), 'reset');
  same('protocol', code(() => http.get('/nonsense')), 'protocol');
  same('too many redirects', code(() => http.get('/redirect/5', { redirects: 2 })), 'too-many-redirects');
  same('invalid request', code(() => http.get('/get', { headers: { 'bad name': 'x' } })), 'invalid-request');
  same('connect', code(() => http.get('http://127.0.0.1:1/')), 'connect');
  same('dns', code(() => http.get('http://nowhere.invalid/')), 'dns');
  same('tls', code(() => http.get(`${target()?.replace('http:', 'https:')}/`)), 'tls');
}

function batch() {
  const started = now();
  const results = http.sendAll(['/slow/100', { url: '/slow/100' }, { method: 'POST', url: '/anything', json: [1] }, '/reset']);
  check('all at once', now() - started < 5);
  same('in order', results.map((one) => (one instanceof HttpError ? one.code : one.status)), [200, 200, 200, 'reset']);
  same('with bodies', (results[2] as http.Response).json().json, [1]);
}

function cookies() {
  http.get('/cookies/set?flavour=oat');
  same('cookies are kept', http.get('/cookies').json().cookies, { flavour: 'oat' });
  http.clearCookies();
  same('and cleared', http.get('/cookies').json().cookies, {});
}

const counter = new Counter('things');
const gauge = new Gauge('level');
const rate = new Rate('share');
const trend = new Trend('size', 'data');

function metrics() {
  counter.add();
  counter.add(2.5);
  gauge.set(-3);
  rate.add(true);
  rate.add(false);
  trend.add(1000);
  same('transaction returns', transaction('good', () => 7), 7);
  let caught = '';
  try {
    transaction('bad', () => {
      throw new Error('no');
    });
  } catch (error) {
    caught = (error as Error).message;
  }
  same('transaction throws', caught, 'no');
  const open = new Transaction('by hand');
  sleep('20ms');
  open.end();
  group('outer', () => group('inner', () => sleep(0.001)));
  same('check returns', [check('a', true), check(5, { 'is five': (five) => five === 5, 'b': true })], [true, true]);
}

function context() {
  same('who', [vu(), iteration() >= 0], [1, true]);
  same('target', target()?.startsWith('http://127.0.0.1:'), true);
  same('option', [env('COLOUR'), env('NONE')], ['blue', undefined]);
  same('shared', started, { text: 'Grüße', list: [1, 2], vu: 0 });
  const draws = Array.from({ length: 200 }, random);
  check('chance is uniform', draws.every((draw) => draw >= 0 && draw < 1) && new Set(draws).size === 200);
  const dice = Array.from({ length: 200 }, () => randomInt(1, 6));
  same('dice', [Math.min(...dice), Math.max(...dice)], [1, 6]);
  check('pick', [1, 2].includes(pick([1, 2])) && Math.random() !== Math.random());
  const before = now();
  sleep(0.05);
  think(0.01, 0.02);
  check('sleeping takes time', now() - before >= 0.06);
  pace('150ms');
  check('pacing, too', now() - before >= 0.14);
  console.log('logged', { a: 1 });
}

async function asynchronous() {
  const order: string[] = [];
  const later = (milliseconds: number, name: string) =>
    new Promise<string>((done) => setTimeout(() => (order.push(name), done(name)), milliseconds));
  const [slow, fast] = await Promise.all([later(40, 'slow'), later(10, 'fast')]);
  same('timers', [slow, fast, order], ['slow', 'fast', ['fast', 'slow']]);
  for await (const one of (async function* () { yield 1; yield 2; })()) order.push(String(one));
  same('async generators', order.slice(2), ['1', '2']);
  same('async transaction', await transaction('later', async () => 3), 3);
}

function throws() {
  throw new TypeError('as asked');
}

async function throwsLater() {
  await null;
  throw new Error('later, as asked');
}
