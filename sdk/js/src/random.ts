// Chance that can be repeated: seeded by the run's `--seed` and the virtual user's number. `Math.random` draws from it.

import { context, number } from './host.ts';
import { isKnown } from './phase.ts';

/** The largest number below 1. */
const BELOW_ONE = 1 - Number.EPSILON / 2;

/** A uniform number from 0 (included) to 1 (excluded). */
export function fraction(): number {
  if (!isKnown('random')) return 0.5;
  // The engine rounds 64 bits to the 53 of a number; numbers that are rounded up to 2^64 must not become 1.
  const value = number(context.random()) / 18446744073709551616;
  return value < 1 ? value : BELOW_ONE;
}

/** A uniform number from 0 (included) to 1 (excluded), as `Math.random`. */
export function random(): number {
  return fraction();
}

/** A random whole number from `first` to `last`, both included: `randomInt(1, 6)`. Without any, `first`. */
export function randomInt(first: number, last: number): number {
  if (!(last > first)) return first;
  return first + Math.floor(fraction() * (last - first + 1));
}

/** A random item of an array. */
export function pick<T>(items: readonly T[]): T {
  if (items.length === 0) throw new RangeError('pick: the array is empty');
  return items[Math.floor(fraction() * items.length)] as T;
}
