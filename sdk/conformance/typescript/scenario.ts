// The conformance scenario in TypeScript: calls every function of the contract, and checks the results. See ../run.py.

import {
  abort, check, Counter, data, env, type Flows, Gauge, http, HttpError, iteration, log, now, type Options, pace, random, randomInt, Rate,
  sleep, sockets, streaming, target, think, transaction, Transaction, Trend, vu, websocket,
} from 'squall';

export const options: Options = { data: { users: {} } };

export const flows: Flows = {
  methods: { weight: 1, run: methods },
  bodies: { weight: 1, run: bodies },
  responses: { weight: 1, run: responses },
  settings: { weight: 1, run: settings },
  errors: { weight: 1, run: errors },
  batch: { weight: 1, run: batch },
  cookies: { weight: 1, run: cookies },
  measures: { weight: 1, run: measures },
  context: { weight: 1, run: context },
  waits: { weight: 1, run: waits },
  feeds: { weight: 1, run: feeds },
  streams: { weight: 1, run: streams },
  sockets: { weight: 1, run: peers },
  websockets: { weight: 1, run: webSockets },
  often: { weight: 5, run: often },
  fails: { weight: 0, run: fails },
  aborts: { weight: 0, run: aborts },
};

export function setup(): string {
  if (env('FAIL') === 'setup') throw new Error('setup fails, as asked');
  return 'the data';
}

export function start(shared: unknown): void {
  check("setup's data arrived", shared === 'the data');
}

export function teardown(shared: unknown): void {
  log.info(`teardown saw ${shared}`);
}

function methods(): void {
  let sent = http.head('/echo').header('x-method') === 'HEAD';
  const all = { GET: http.get, POST: http.post, PUT: http.put, PATCH: http.patch, DELETE: http.del, OPTIONS: http.options };
  for (const [name, send] of Object.entries(all)) sent = send('/echo').text().startsWith(`${name} /echo\n`) && sent;
  check('methods are sent', sent);
  check('any method is sent', http.request('PROPFIND', '/echo').text().startsWith('PROPFIND /echo\n'));
}

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, value) => value);

function bodies(): void {
  const echo = (options: http.RequestOptions): string => http.post('/echo', options).text();
  check('no body goes out', http.post('/body').bytes().length === 0);
  check('text goes out', http.post('/body', { body: 'größe 世界 🎉' }).text() === 'größe 世界 🎉');
  check('bytes go out', same(http.post('/body', { body: EVERY_BYTE }).bytes(), EVERY_BYTE));
  const json = echo({ json: { größe: [1, 2] } });
  check('json goes out', json.includes('content-type: application/json\n') && json.endsWith('\n{"größe":[1,2]}'));
  const form = echo({ form: { a: '1 2', b: '&ü' } });
  check('form goes out', form.includes('content-type: application/x-www-form-urlencoded\n') && form.endsWith('\na=1+2&b=%26%C3%BC'));
  const asked = http.get('/echo', { query: { a: 'x y&', b: 'ü' } }).text();
  check('query is escaped', asked.startsWith('GET /echo?a=x%20y%26&b=%C3%BC\n'));
  const headed = http.get('/echo', { headers: [['x-b', '1'], ['x-a', '2'], ['x-b', '3']] }).text();
  check('headers go out in order', headed.includes('x-b: 1\nx-a: 2\nx-b: 3\n'));
}

function same(left: Uint8Array, right: ArrayLike<number>): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

function responses(): void {
  check('status arrives', http.get('/status/418', { expectedStatuses: 418 }).status === 418);

  const headed = http.get('/headers');
  check('header is found in any case', headed.header('x-ONE') === '1');
  check('missing header is none', headed.header('x-three') === undefined);
  const own = headed.headers.filter(([name]) => name.startsWith('x-')).map(([name, value]) => name + value);
  check('headers arrive in order', own.join(' ') === 'x-one1 x-two2 x-two3');

  const binary = http.get('/bytes');
  check('bytes arrive', same(binary.bytes(), EVERY_BYTE));
  check('text is repaired', binary.text().length === 256 && binary.text().endsWith('\ufffd'.repeat(128)));

  const large = http.get('/size/20971520');
  check('size is told', large.size === 20971520);
  check('large body arrives', large.bytes().length === 20971520);

  const response = http.get('/redirect/2');
  check('last url is told', response.url === `${target()}/echo`);
  check('timings are told', response.timings.waiting > 0);
}

function settings(): void {
  const missing = http.get('/status/404', { name: 'missing', expectedStatuses: ['400-404', 410] });
  check('expected status is no failure', missing.status === 404);
  http.get('/status/404', { name: 'unexpected' });
  const discarded = http.get('/size/10', { discardBody: true });
  check('discarded body is empty', discarded.bytes().length === 0 && discarded.size === 0);
  check('kept body is there', http.get('/size/10', { discardBody: false }).text() === 'xxxxxxxxxx');
  const redirect = http.get('/redirect/1', { redirects: 0 });
  check('redirect is left alone', redirect.status === 302 && redirect.header('location') === '/echo');
}

/** Every error except `other`, which nothing causes. */
function errors(): void {
  const is = (name: string, code: string, work: () => unknown): boolean => check(name, failing(work) === code);
  is('timeout', 'timeout', () => http.get('/slow', { timeout: '50ms' }));
  is('dns', 'dns', () => http.get('http://nowhere.invalid/'));
  is('connect', 'connect', () => http.get('http://127.0.0.1:1/'));
  is('tls', 'tls', () => http.get(`${target()?.replace('http:', 'https:')}/`));
  is('reset', 'reset', () => http.get('/hang-up'));
  is('protocol', 'protocol', () => http.get('/garbage'));
  is('too large', 'too-large', () => http.get('/endless-head'));
  is('too many redirects', 'too-many-redirects', () => http.get('/redirect/3', { redirects: 2 }));
  is('refused by policy', 'refused-by-policy', () => http.get('http://elsewhere.invalid/'));
  is('invalid request', 'invalid-request', () => http.request('BAD METHOD', '/'));
}

/** The class of the error that the work throws. */
function failing(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof HttpError || error instanceof data.DataError ? error.code : String(error);
  }
  return 'none';
}

function batch(): void {
  const requests: http.BatchRequest[] = Array.from({ length: 10 }, (_, number) => (
    { method: 'POST', url: '/body', body: String(number), headers: { x: 'y' }, name: 'batch' }
  ));
  requests[5] = { method: 'BAD METHOD', url: '/body' };
  const said = http.sendAll(requests).map((result) => (result instanceof HttpError ? result.code : result.text()));
  check('batch arrives in order', said.join(' ') === '0 1 2 3 4 invalid-request 6 7 8 9');
}

function cookies(): void {
  http.get('/cookie');
  check('cookies are kept', http.get('/echo').text().includes('cookie: flavour=vanilla\n'));
  http.clearCookies();
  check('cookies are cleared', !http.get('/echo').text().includes('cookie:'));
}

const counter = new Counter('conformance_counter');
const gauge = new Gauge('conformance_gauge');
const rate = new Rate('conformance_rate');
const numbers = new Trend('conformance_numbers');
const times = new Trend('conformance_times', 'time');
const sizes = new Trend('conformance_sizes', 'data');

function measures(): void {
  check('checks return', check('checks return what they record', true));
  counter.add();
  counter.add(2.5);
  gauge.set(3);
  gauge.set(7);
  rate.add(true);
  rate.add(false);
  numbers.add(7);
  times.add(10);
  times.add(12.5);
  sizes.add(2048);
  transaction('works', () => {});
  failing(() => transaction('does not', () => { throw new Error('no'); }));
  const marked = new Transaction('marked');
  marked.fail();
  marked.end();
}

function context(): void {
  check('vu is numbered', vu() === 1);
  check('target is told', target()?.startsWith('http://127.0.0.1:') === true);
  check('option is told', env('KEY') === 'a value');
  check('missing option is none', env('NONE') === undefined);
  check('random differs', random() !== random());
  const dice = new Set(Array.from({ length: 200 }, () => randomInt(1, 6)));
  check('random keeps its range', [...dice].sort().join() === '1,2,3,4,5,6');
  log.debug('a line for', 'debugging');
  log.info('a line of information');
  log.warn('a line of warning');
  log.error('a line of error');
}

function waits(): void {
  const began = now();
  sleep('20ms');
  check('sleep waits', now() - began >= 0.02);
  think(0.01, 0.02);
  check('think waits', now() - began >= 0.03);
  pace(0.08);
  check('pace waits', now() - began >= 0.075);
}

const users = new data.Feed('users');
const once = new data.Feed('once', { policy: 'once-each', atEnd: 'error' });
const upload = new data.Blob('upload');

function feeds(): void {
  check('feed tells its length', users.length === 3);
  check('feed tells its columns', users.columns.join() === 'name,email');
  const [first, second] = [users.next(), users.next()];
  check('rows come in order', first.index === 0 && first.get('name') === 'ada' && second.get('name') === 'bob');
  check('row is found by its place', users.at(2)?.get('name') === 'größe');
  check('no row is beyond the last', users.at(3) === undefined);
  check('row has fields', Object.entries(first.fields()).join(' ') === 'name,ada email,ada@example.test');
  check('row is json', first.text() === '{"name":"ada","email":"ada@example.test"}');
  check('unknown column is an error', failing(() => first.get('nmae')) === 'unknown-column');
  check('missing data is an error', failing(() => new data.Feed('nobody').length) === 'not-given');
  once.next();
  once.next();
  check('end of data is an error', failing(() => once.next()) === 'exhausted');

  check('field goes out as a body', http.post('/body', { body: first.blob('email') }).text() === 'ada@example.test');
  check('blob tells its length', upload.length === 4096);
  check('blob is read', same(upload.read(250, 10), [250, 251, 252, 253, 254, 255, 0, 1, 2, 3]));
  check('blob ends', upload.read(4090, 100).length === 6);
  check('blob goes out', http.post('/body', { body: upload }).size === 4096);
}

let last = -1;

/** The code of the error that it throws. */
function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof HttpError || error instanceof websocket.WebSocketError ? error.code : String(error);
  }
  return 'none';
}

function streams(): void {
  const feed = streaming.get('/events');
  feed.countTokens('/text', undefined);
  check('stream has a head', feed.status === 200 && feed.header('content-type') === 'text/event-stream');
  const [first, second] = [feed.next()!, feed.next()!];
  check('event arrives', first.name === 'tick' && first.id === '1' && first.data === '{"text": "größe", "n": [1, 2]}');
  const found = first.get('/text') === 'größe' && first.get('/n/1') === '2' && first.get('/none') === undefined;
  check('value of an event is found', found);
  check('event has its time', first.at > 0 && first.at <= now());
  check('lines of an event are joined', second.name === 'message' && second.data === 'two\nlines');
  check('stream ends', feed.next() === undefined && feed.next(0) === undefined);
  check('stream tells how to go on', feed.lastEventId === '1' && feed.retry === 1.5);
  check('stream goes on', feed.reopen('/events').next()?.data === 'after 1');

  const late = streaming.get('/late');
  check('event is not there yet', codeOf(() => late.next(0.05)) === 'timeout');
  check('event is not lost', late.next(10)?.data === 'late');
  check('events are not bytes', codeOf(() => late.read()) === 'invalid-request');

  const large = streaming.get('/size/100000');
  const head = large.read(1000)!.length;
  let size = head;
  for (let piece = large.read(); piece !== undefined; piece = large.read()) size += piece.length;
  check('bytes arrive in pieces', head > 0 && head <= 1000 && size === 100000);
  large.close();

  const sending = streaming.upload('POST', '/body');
  for (const piece of ['one', new Uint8Array([116, 119, 111]), upload]) sending.write(piece);
  const answer = sending.finish();
  const body: number[] = [];
  for (let piece = answer.read(); piece !== undefined; piece = answer.read()) body.push(...piece);
  check('body goes out in pieces', same(new Uint8Array(body.slice(0, 6)), [111, 110, 101, 116, 119, 111]) && body.length === 4102);
  const short = streaming.upload('POST', '/body', { length: 4 });
  check('body is no longer than announced', codeOf(() => short.write('12345')) === 'invalid-request');
  check('body is no shorter than announced', codeOf(() => short.finish()) === 'invalid-request');
  check('invalid stream', codeOf(() => streaming.request('BAD METHOD', '/')) === 'invalid-request');
}

const REQUEST = 'GET /size/5 HTTP/1.1\r\nhost: peer\r\n\r\n';

async function peers(): Promise<void> {
  const peer = sockets.connect('', { name: 'peer', timeout: 10 });
  const sent = peer.send(REQUEST);
  check('socket takes a line', peer.receiveLine() === 'HTTP/1.1 200 Whatever\r\n');
  check('socket takes up to a delimiter', same(peer.receiveUntil('\r\n\r\n', 4096)!.slice(-4), [13, 10, 13, 10]));
  check('socket takes exactly so many bytes', peer.receiveExactly(5)!.length === 5);
  check('socket has its times', sent > 0 && sent <= peer.at && peer.at <= now());
  check('socket has nothing yet', codeOf(() => peer.receive(1, 0.05)) === 'timeout');
  peer.finish();
  check('connection ends', peer.receive(1) === undefined);
  check('nothing is sent after the end', codeOf(() => peer.send('x')) === 'invalid-request');
  peer.close();

  const [quiet, busy] = [sockets.connect('', { name: 'peer' }), sockets.connect('', { name: 'peer' })];
  const first = (milliseconds: number) =>
    Promise.race([
      quiet.ready().then(() => 'quiet'),
      busy.ready().then(() => 'busy'),
      new Promise((done) => setTimeout(() => done('time'), milliseconds)),
    ]);
  check('no socket has anything', (await first(50)) === 'time');
  busy.send(REQUEST);
  check('socket with something is named', (await first(500)) === 'busy');
  quiet.close();
  busy.close();

  check('nobody listens', codeOf(() => sockets.connect('127.0.0.1:1')) === 'connect');
  check('address is not allowed', codeOf(() => sockets.connect('10.1.2.3:4')) === 'refused-by-policy');
  check('address has no port', codeOf(() => sockets.connect('nonsense')) === 'invalid-request');

  const echo = sockets.udp('', { name: 'echo' });
  echo.send('ping');
  check('datagram comes back', same(echo.receive(), [112, 105, 110, 103]) && echo.at <= now());
  check('no datagram comes', codeOf(() => echo.receive(0.05)) === 'timeout');
  echo.close();
}

function webSockets(): void {
  const socket = websocket.connect('/socket', { name: 'socket', protocols: ['chat', 'mqtt'] });
  check('server chooses a subprotocol', socket.protocol === 'chat');
  const sent = socket.send('größe');
  const text = socket.receive()!;
  check('text comes back', text.kind === 'text' && text.text === 'größe' && text.size === 7);
  check('message has its times', sent > 0 && sent <= text.at && text.at <= now());
  socket.send(new Uint8Array([0, 255]));
  const bytes = socket.receive(10)!;
  check('bytes come back', bytes.kind === 'binary' && same(bytes.bytes, [0, 255]));
  socket.ping();
  check('no message has come', codeOf(() => socket.receive(0.2)) === 'timeout');
  socket.close(3000, 'bye');
  check('WebSocket is closed', socket.receive() === undefined && socket.closed?.code === 3000 && socket.closed.reason === 'bye');
  check('nothing is sent after the close', codeOf(() => socket.send('x')) === 'closed');
  socket.drop();
  check('server does not agree', codeOf(() => websocket.connect('/status/200', { name: 'socket' })) === 'handshake');
  check('invalid subprotocol', codeOf(() => websocket.connect('/socket', { protocols: 'a b' })) === 'invalid-request');
}

/** Comes in five of nineteen iterations. */
function often(): void {
  http.get('/often');
  check('iterations count up', iteration() > last);
  last = iteration();
}

function fails(): void {
  throw new Error('it fails, as asked');
}

function aborts(): void {
  abort('it aborts, as asked');
}
