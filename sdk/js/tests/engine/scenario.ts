// JavaScript's own features, against the test server; each line is a check. `run.mjs` runs it. Features of every
// language are in `sdk/conformance`.

import { check, type Flows, group, http, HttpError, log, now, type Options, pick, sleep, streaming, transaction, vu } from 'squall';

export const options: Options = { vus: 1, iterations: 8, thresholds: { checks: 'rate==1' } };

export const flows: Flows = {
  bodies: { weight: 1, run: bodies },
  responses: { weight: 1, run: responses },
  settings: { weight: 1, run: settings },
  batch: { weight: 1, run: batch },
  metrics: { weight: 1, run: metrics },
  context: { weight: 1, run: context },
  asynchronous: { weight: 1, run: asynchronous },
  together: { weight: 1, run: together },
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

function bodies() {
  const post = (options: http.RequestOptions) => http.post('/anything', options).json();
  same('buffer body', post({ body: new Uint8Array([1, 2]).buffer }).bytes, '0102');
  same('own type', post({ json: 1, headers: { 'Content-Type': 'application/vnd.x+json' } }).headers['Content-Type'], 'application/vnd.x+json');
  same('form of lists', post({ form: { a: 'x y&z', b: ['1', '2'] } }).form, { a: 'x y&z', b: ['1', '2'] });
  same('query of lists', http.get('/anything?x=1', { query: { q: 'a b/ü', n: 2, many: ['1', '2'] } }).json().args, { x: '1', q: 'a b/ü', n: '2', many: ['1', '2'] });
  same('headers by name', http.get('/anything', { headers: { 'x-one': '1' } }).json().headers['X-One'], '1');
}

function responses() {
  const page = http.get('/utf8');
  same('status', [page.status, page.ok], [200, true]);
  same('gzip', http.get('/gzip').json(), { gzipped: true });
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
  http.get('/status/503', { name: 'expected', expectedStatuses: [404, '500-599'] });
  for (let id = 0; id < 200; id++) http.get('/status/200', { name: `made up ${id % 70}` });
  let text = '';
  try {
    http.get('/get', { timeout: 'soon' });
  } catch (error) {
    text = String(error);
  }
  check('a wrong timeout says so', text.includes('"soon" is not a length of time'));
}

function batch() {
  const started = now();
  const results = http.sendAll(['/slow/100', { url: '/slow/100' }, { method: 'POST', url: '/anything', json: [1] }, '/reset']);
  check('all at once', now() - started < 5);
  same('in order', results.map((one) => (one instanceof HttpError ? one.code : one.status)), [200, 200, 200, 'reset']);
  same('with bodies', (results[2] as http.Response).json().json, [1]);
}

function metrics() {
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
  group('outer', () => group('inner', () => sleep(0.001)));
  same('check returns', [check('a', true), check(5, { 'is five': (five) => five === 5, 'b': true })], [true, true]);
}

function context() {
  same('shared', started, { text: 'Grüße', list: [1, 2], vu: 0 });
  check('pick', [1, 2].includes(pick([1, 2])) && Math.random() !== Math.random());
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

/** Streams wait beside timers, promises and each other. */
async function together() {
  const order: string[] = [];
  const [one, other] = [streaming.get('/events/3', { name: 'one' }), streaming.get('/events/2', { name: 'other' })];
  const follow = async (feed: typeof one, name: string) => {
    for await (const event of feed) order.push(`${name} ${event.data}`);
  };
  let ticks = 0;
  const timer = setInterval(() => void ticks++, 5);
  await Promise.all([follow(one, 'one'), follow(other, 'other')]);
  clearInterval(timer);
  same('events of streams come in turns', order.filter((line) => line.startsWith('one')), ['one 1', 'one 2', 'one 3']);
  same('no event is lost', order.length, 5);
  check('timers have their turns meanwhile', ticks >= 3);
  const slow = streaming.get('/events/1/10000', { name: 'slow' });
  let alarm: ReturnType<typeof setTimeout> | undefined;
  const first = await Promise.race([slow.ready(), new Promise((done) => (alarm = setTimeout(() => done('late'), 1)))]);
  clearTimeout(alarm);
  same('the first of a race', first, 'late');
  // Nothing awaits it: the iteration ends all the same.
  void slow.ready();
}

function throws() {
  throw new TypeError('as asked');
}

async function throwsLater() {
  await null;
  throw new Error('later, as asked');
}
