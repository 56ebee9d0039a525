// The loop that runs jobs of promises, and timers, until none are left.
//
// The contract's functions are synchronous: when `run` returns, the iteration is over, and the engine's own queue of
// jobs would never get its turn. So jobs are kept here, and `settle` runs them before an export returns. The next timer
// waits in the host.

import * as host from './host.ts';
import { isBuilding } from './phase.ts';

type Job = () => void;

interface Timer {
  id: number;
  due: number;
  every: number | undefined;
  job: Job;
}

const nativeMicrotask = globalThis.queueMicrotask;
let jobs: Job[] = [];
let timers: Timer[] = [];
let lastTimer = 0;
let failure: { error: unknown } | undefined;

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
  const wait = timer.due - host.now();
  if (wait > 0) host.sleep(wait);
  if (timer.every === undefined) clearTimer(timer.id);
  else timer.due += timer.every;
  timer.job();
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
    const timer = nextTimer();
    if (timer === undefined) break;
    fire(timer);
  }
  if (outcome === undefined) throw new Error('a promise that was awaited is never settled');
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** Whether there is work to do before an export may return. */
export function isBusy(): boolean {
  return jobs.length > 0 || timers.length > 0 || failure !== undefined;
}

/** Drops the jobs and timers that an iteration with an error has left. */
export function forgetWork(): void {
  jobs = [];
  timers = [];
  failure = undefined;
}

export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | undefined)?.then === 'function';
}

/** Has an unhandled error end the iteration, as a thrown one does. */
export function fail(error: unknown): void {
  failure ??= { error };
}

/** Set by the build tool: whether the engine runs jobs and timers itself. */
declare const __SQUALL_NATIVE__: boolean;

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
