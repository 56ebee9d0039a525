// The loop of jobs, timers and streams, with a host whose clock moves only by waiting.

import { beforeEach, expect, test, vi } from 'vitest';

const host = vi.hoisted(() => ({ clock: 0, sleeps: [] as number[] }));

vi.mock('../src/host.ts', () => ({
  now: () => host.clock,
  sleep: (nanoseconds: number) => {
    host.sleeps.push(nanoseconds);
    host.clock += nanoseconds;
  },
}));
vi.mock('../src/phase.ts', () => ({ isBuilding: () => false }));

// The module replaces the timers of its engine.
const engine = { setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask };
Object.assign(globalThis, { __SQUALL_NATIVE__: false });
const { queue, settle, watch, unwatch, watcherOf, forgetWork, isBusy } = await import('../src/loop.ts');
const ours = { setTimeout, setInterval, clearTimeout };
Object.assign(globalThis, engine);

/** When which stream has something, in milliseconds; those that are over stay until they are taken. */
let arrivals: { at: number; key: number }[];
let order: string[];

const MS = 1e6;

function wait(keys: Uint32Array, nanoseconds: number): number | undefined {
  const next = arrivals.filter(({ key }) => keys.includes(key)).sort((one, other) => one.at - other.at)[0];
  if (next !== undefined && next.at * MS <= host.clock + nanoseconds) {
    host.clock = Math.max(host.clock, next.at * MS);
    return next.key;
  }
  if (nanoseconds > 1e18) throw new Error('waits for ever');
  host.clock += nanoseconds;
  return undefined;
}

function take(key: number): void {
  arrivals.splice(arrivals.findIndex((one) => one.key === key), 1);
}

function note(name: string): () => void {
  return () => order.push(`${name}@${host.clock / MS}`);
}

/** Watches a stream until it has brought something that many times. */
function watchFor(key: number, times: number, holds = true): void {
  const ready = () => {
    take(key);
    note(`stream ${key}`)();
    if (--times === 0) unwatch(key);
  };
  watch(key, { ready, forget: undefined, holds }, wait);
}

beforeEach(() => {
  forgetWork();
  Object.assign(host, { clock: 0, sleeps: [] });
  arrivals = [];
  order = [];
});

test('timers and streams have their turns in the order of their times', () => {
  arrivals = [{ at: 20, key: 1 }, { at: 40, key: 2 }, { at: 60, key: 1 }];
  watchFor(1, 2);
  watchFor(2, 1);
  ours.setTimeout(note('timer'), 30);
  ours.setTimeout(note('timer'), 70);
  settle(undefined);
  expect(order).toEqual(['stream 1@20', 'timer@30', 'stream 2@40', 'stream 1@60', 'timer@70']);
  expect(host.sleeps).toEqual([10 * MS]);
});

test('the loop goes on while a stream is watched, and waits for ever without a timer', () => {
  arrivals = [{ at: 5_000, key: 1 }];
  watchFor(1, 1);
  expect(isBusy()).toBe(true);
  settle(undefined);
  expect(order).toEqual(['stream 1@5000']);
  watchFor(1, 1);
  expect(() => settle(undefined)).toThrow('waits for ever');
});

test('a busy stream does not keep a timer from its turn, nor the other way round', () => {
  arrivals = Array.from({ length: 6 }, () => ({ at: 0, key: 1 }));
  watchFor(1, 6);
  let left = 3;
  const timer = ours.setInterval(() => {
    note('timer')();
    host.clock += 5 * MS; // The handler takes longer than its interval.
    if (--left === 0) (ours.clearTimeout as (id: unknown) => void)(timer);
  }, 1);
  ours.setTimeout(() => undefined, 0);
  settle(undefined);
  expect(order.filter((line) => line.startsWith('stream')).length).toBe(6);
  expect(order.filter((line) => line.startsWith('timer')).length).toBe(3);
  const first = order.findIndex((line) => line.startsWith('timer'));
  expect(order.slice(first).some((line) => line.startsWith('stream')) || first === 6).toBe(true);
});

test('jobs run between handlers', () => {
  arrivals = [{ at: 1, key: 1 }, { at: 1, key: 1 }];
  watchFor(1, 2);
  const taken = watcherOf(1)!;
  watch(1, { ...taken, ready: () => (queue(note('job')), taken.ready()) }, wait);
  settle(undefined);
  expect(order).toEqual(['stream 1@1', 'job@1', 'stream 1@1', 'job@1']);
});

test('what only a promise waits for does not keep the iteration, once nothing awaits it', () => {
  arrivals = [{ at: 50, key: 1 }];
  let resolve: (value: string) => void;
  const flow = { then: (done: (value: string) => void) => void (resolve = done) } as unknown as Promise<string>;
  watchFor(1, 1, false);
  ours.setTimeout(() => resolve('too late'), 10);
  expect(settle(flow)).toBe('too late');
  expect([order, host.clock]).toEqual([[], 10 * MS]);
  expect(isBusy()).toBe(false);
});

test('a promise that waits for a stream is settled by it', () => {
  arrivals = [{ at: 50, key: 1 }];
  let resolve: (value: string) => void;
  const flow = { then: (done: (value: string) => void) => void (resolve = done) } as unknown as Promise<string>;
  watch(1, { ready: () => (unwatch(1), resolve('it came')), forget: undefined, holds: false }, wait);
  expect(settle(flow)).toBe('it came');
  expect(host.clock).toBe(50 * MS);
});

test('an error in a handler ends the loop, and the rest is forgotten', () => {
  arrivals = [{ at: 1, key: 1 }];
  const forgotten: number[] = [];
  for (const key of [1, 2]) {
    watch(key, { ready: () => { throw new Error('as asked'); }, forget: () => void forgotten.push(key), holds: true }, wait);
  }
  expect(() => settle(undefined)).toThrow('as asked');
  forgetWork();
  expect(forgotten).toEqual([1, 2]);
  expect(isBusy()).toBe(false);
});
