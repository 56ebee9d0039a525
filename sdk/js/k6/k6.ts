// The module `k6`.

import { type Conditions, check as checkAll, group } from '../src/metrics.ts';
import { sleep } from '../src/timing.ts';
import { type Tags, withTags } from './tags.ts';

/** Checks, as k6's. */
export function check<T>(value: T, conditions: Conditions<T>, tags?: Tags): boolean {
  return withTags(tags, () => checkAll(value, conditions));
}

/** Ends the iteration with an error. */
export function fail(reason?: string): never {
  throw new Error(reason ?? '');
}

/** Makes `Math.random` repeatable: with its own generator, instead of the run's. */
export function randomSeed(seed: number): void {
  let state = seed | 0;
  // Mulberry32.
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export { group, sleep };
export default { check, fail, group, randomSeed, sleep };
