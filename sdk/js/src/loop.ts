// The loop that runs jobs of promises, timers, and handlers of streams, until none are left.
//
// The contract's functions are synchronous: when `run` returns, the iteration is over, and the engine's own queue of
// jobs would never get its turn. So jobs are kept here, and `settle` runs them before an export returns. The host waits
// for the next timer, and for streams.

import * as host from './host.ts';
import { isBuilding } from './phase.ts';

type Job = () => void;

interface Timer {
  id: number;
  due: number;
  every: number | undefined;
  job: Job;
}

/** What is to be done about a stream. */
export interface Watcher {
  /** It has something. */
  ready: Job;
  /** The iteration ends with an error: nothing will be done about it any more. */
  forget: Job | undefined;
  /** Whether the iteration goes on as long as it is watched. */
  holds: boolean;
}

/** Waits that many nanoseconds, or until one of the streams with these keys has something: then its key. */
export type Wait = (keys: Uint32Array, nanoseconds: number) => number | undefined;

/** Longer than any run, in nanoseconds. */
const FOREVER = 2 ** 62;
/** How often streams are looked at where the engine has a loop of its own, in milliseconds. */
const LOOK_EVERY = 2;

/** Set by the build tool: whether the engine runs jobs and timers itself. */
declare const __SQUALL_NATIVE__: boolean;

const nativeMicrotask = globalThis.queueMicrotask;
let jobs: Job[] = [];
let timers: Timer[] = [];
let lastTimer = 0;
let failure: { error: unknown } | undefined;
const watched = new Map<number, Watcher>();
let keys = new Uint32Array();
let waitForStreams: Wait;

/** Runs a job after the current one has returned. */
export function queue(job: Job): void {
  jobs.push(job);
  // While building, the engine runs its own jobs, and `settle` may not be called.
  if (isBuilding()) nativeMicrotask(work);
}

function work(): void {
  while (jobs.length > 0) {
    const now = jobs;
    jobs = [];
    for (const job of now) job();
  }
}

function setTimer(job: Job, milliseconds: number, every: boolean): number {
  if (isBuilding()) throw new Error('timers cannot be set at the top level of a script');
  const length = Math.max(0, Number(milliseconds) || 0) * 1e6;
  timers.push({ id: ++lastTimer, due: host.now() + length, every: every ? Math.max(length, 1e6) : undefined, job });
  return lastTimer;
}

function clearTimer(id: number): void {
  timers = timers.filter((timer) => timer.id !== id);
}

/** Takes the timer that is due first; of several, the one that was set first. */
function nextTimer(): Timer | undefined {
  let next: Timer | undefined;
  for (const timer of timers) if (next === undefined || timer.due < next.due) next = timer;
  return next;
}

function fire(timer: Timer): void {
  if (timer.every === undefined) clearTimer(timer.id);
  else timer.due += timer.every;
  timer.job();
}

/** Watches a stream, in place of what has been watching it. `wait` is the host's function, of which this module knows nothing. */
export function watch(key: number, watcher: Watcher, wait: Wait): void {
  waitForStreams = wait;
  if (__SQUALL_NATIVE__ && watched.size === 0) setTimeout(look, 0);
  watched.set(key, watcher);
  keys = Uint32Array.from(watched.keys());
}

export function watcherOf(key: number): Watcher | undefined {
  return watched.get(key);
}

export function unwatch(key: number): void {
  if (watched.delete(key)) keys = Uint32Array.from(watched.keys());
}

/** For an engine with a loop of its own, which must not be kept from turning. */
function look(): void {
  const key = waitForStreams(keys, 0);
  if (key !== undefined) watched.get(key)?.ready();
  if (watched.size > 0) setTimeout(look, key === undefined ? LOOK_EVERY : 0);
}

/** Waits that long, or until a watched stream has something: then its key. The one place that waits. */
function pause(nanoseconds: number): number | undefined {
  if (watched.size > 0) return waitForStreams(keys, nanoseconds);
  if (nanoseconds > 0) host.sleep(nanoseconds);
  return undefined;
}

/** One stream that has something, and one timer that is due: neither kind keeps the other from its turn. */
function turn(): void {
  const timer = nextTimer();
  const key = pause(timer === undefined ? FOREVER : Math.max(0, timer.due - host.now()));
  if (key === undefined) {
    if (timer !== undefined) fire(timer);
    return;
  }
  watched.get(key)?.ready();
  work();
  // The handler may have set or cleared timers.
  const due = nextTimer();
  if (due !== undefined && due.due <= host.now()) fire(due);
}

/** Whether there is something to wait for; a promise that is not settled waits for any stream. */
function goesOn(isSettled: boolean): boolean {
  if (timers.length > 0) return true;
  return isSettled ? holdsAny() : watched.size > 0;
}

function holdsAny(): boolean {
  for (const { holds } of watched.values()) if (holds) return true;
  return false;
}

/**
 * Runs what is due until the promise is settled and no work is left, and returns its value or throws its error. What is
 * not a promise is returned as it is, once no work is left.
 */
export function settle<T>(value: T | PromiseLike<T>): T {
  let outcome: { value: T } | { error: unknown } | undefined;
  if (isThenable(value)) {
    value.then(
      (value) => (outcome = { value }),
      (error) => (outcome = { error }),
    );
  } else {
    outcome = { value };
  }
  for (;;) {
    work();
    if (failure !== undefined) {
      const { error } = failure;
      forgetWork();
      throw error;
    }
    if (!goesOn(outcome !== undefined)) break;
    turn();
  }
  // Nothing awaits what is left.
  watched.clear();
  if (outcome === undefined) throw new Error('a promise that was awaited is never settled');
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** Whether there is work to do before an export may return. */
export function isBusy(): boolean {
  return jobs.length > 0 || timers.length > 0 || watched.size > 0 || failure !== undefined;
}

/** Drops the jobs, timers and streams that an iteration with an error has left. */
export function forgetWork(): void {
  jobs = [];
  timers = [];
  failure = undefined;
  const left = [...watched.values()];
  watched.clear();
  for (const { forget } of left) forget?.();
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function';
}

/** Has an unhandled error end the iteration, as a thrown one does. */
export function fail(error: unknown): void {
  failure ??= { error };
}

const ours = {
  queueMicrotask: queue,
  setTimeout: (job: (...values: unknown[]) => void, milliseconds: number, ...values: unknown[]) =>
    setTimer(() => job(...values), milliseconds, false),
  setInterval: (job: (...values: unknown[]) => void, milliseconds: number, ...values: unknown[]) =>
    setTimer(() => job(...values), milliseconds, true),
  clearTimeout: clearTimer,
  clearInterval: clearTimer,
};
if (!__SQUALL_NATIVE__) Object.assign(globalThis, ours);
