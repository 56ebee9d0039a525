/**
 * Write Squall load-test scenarios in TypeScript or JavaScript.
 *
 * ```ts
 * import { check, type Flows, http, type Options, think } from 'squall';
 *
 * export const options: Options = { vus: 10, duration: '30s', thresholds: { http_req_duration: 'p(95)<500' } };
 * export const flows: Flows = { browse: { weight: 80, run: browse }, search: { weight: 20, run: search } };
 *
 * function browse() {
 *   const page = http.get('/products');
 *   check(page, { 'products are listed': (page) => page.status === 200 });
 *   think(1, 3);
 * }
 *
 * function search() {
 *   http.get('/search', { query: { q: 'lamp' }, name: '/search' });
 * }
 * ```
 *
 * Paths are relative to the run's `--target`. Everything is measured by the host; nothing here reads a clock of its own.
 *
 * @module
 */

import './globals.ts';
import * as requests from './http/index.ts';

export { abort, env, iteration, target, vu } from './context.ts';
export type { Flow, Flows, Weighted } from './component.ts';
export * as data from './data/index.ts';
export * as grpc from './grpc.ts';
export { HttpError } from './http/index.ts';
export { log } from './log.ts';
export { check, type Conditions, Counter, Gauge, group, Rate, Transaction, transaction, Trend, type Unit } from './metrics.ts';
export type { Load, Options, ScenarioOptions, Stage, Threshold } from './plan.ts';
export { pick, random, randomInt } from './random.ts';
export type { Seconds } from './seconds.ts';
export * as sockets from './sockets.ts';
export * as streaming from './streaming.ts';
export { now, pace, sleep, think } from './timing.ts';
export * as websocket from './websocket.ts';
export { WebSocket } from './websocket/events.ts';

/** HTTP requests. An object, because bundlers make each use of a namespace a call of a getter, which `http.get` would pay. */
export const http: typeof requests = { ...requests };
export namespace http {
  export type BatchRequest = requests.BatchRequest;
  export type HttpError = requests.HttpError;
  export type HttpErrorCode = requests.HttpErrorCode;
  export type RequestOptions = requests.RequestOptions;
  export type Response = requests.Response;
  export type Settings = requests.Settings;
  export type Statuses = requests.Statuses;
  export type Timings = requests.Timings;
}
