// Features that `shop` leaves out: the life cycle, batches, gauges, units, pacing, logs, and a run that ends itself.
//
// It asks the demo shop. `-e ABORT=now` has it end the run, `-e FAIL=setup` (or `start`) has that fail.

import { abort, check, Counter, env, type Flows, Gauge, http, log, type Options, pace, Trend, vu } from 'squall';

export const options: Options = {
  executor: 'ramping-vus',
  stages: [
    { duration: '1s', target: 2 },
    { duration: '1s', target: 0 },
  ],
};

export const flows: Flows = {
  batch: { weight: 2, run: batch },
  paced: { weight: 1, run: paced },
  give_up: { weight: 0, run: giveUp },
};

const visitors = new Counter('visitors');
const productsSeen = new Gauge('products_seen');
const firstByte = new Trend('first_byte', 'time');

/** Once for the whole run: its result reaches every virtual user. */
export function setup(): string {
  failIfAsked('setup');
  const home = http.get('/');
  return `prepared with status ${home.status}`;
}

/** Once for each virtual user. */
export function start(shared: string) {
  failIfAsked('start');
  check("setup's data arrived", shared === 'prepared with status 200');
  visitors.add(1);
}

/** Once for the whole run, after the last iteration. */
export function teardown(shared: string) {
  log.info(`all gone; ${shared}`);
}

/** Several requests at once, as a browser makes them. */
function batch() {
  const products = [1, 2, 3].map((id) => ({ url: `/products/${id}`, name: '/products/{id}', timeout: 5 }));
  const responses = http.sendAll(products);
  const arrived = responses.filter((response) => response instanceof http.Response && response.status === 200).length;
  check('all products came', arrived === products.length);
  productsSeen.set(arrived);
}

/** One request each 200 ms, however long it takes. */
function paced() {
  const missing = http.get('/products/101', { name: 'missing', redirects: 0, expectedStatuses: 404 });
  check('missing.status() == 404', missing.status === 404);
  firstByte.add(missing.timings.waiting);
  if (env('ABORT') !== undefined) abort('asked to by ABORT');
  pace(0.2);
}

/** Never runs by itself: its weight is 0. `squall run --flow give_up` shows what an error looks like. */
function giveUp() {
  throw new Error(`virtual user ${vu()} gave up`);
}

function failIfAsked(stage: string) {
  if (env('FAIL') === stage) throw new Error(`${stage} fails, as asked`);
}
