// The run's clock, and waiting. No time passes but the host's.

import * as host from './host.ts';
import { isKnown, needHost } from './phase.ts';
import { fraction } from './random.ts';
import { nanoseconds, type Seconds } from './seconds.ts';

/** The time since the run began, in seconds. */
export function now(): number {
  return isKnown('now()') ? host.now() / 1e9 : 0;
}

/** Waits: `sleep(1.5)`, `sleep('500ms')`. Part of the iteration's duration, of no request's latency. */
export function sleep(time: Seconds): void {
  needHost('sleep');
  const length = nanoseconds(time);
  if (length > 0) host.sleep(length);
}

/** Think time: waits for a random time between the two, uniformly: `think(1, 3)`. */
export function think(least: Seconds, most: Seconds): void {
  needHost('think');
  const from = nanoseconds(least);
  const to = nanoseconds(most);
  const length = to > from ? from + (to - from) * fraction() : from;
  if (length > 0) host.sleep(length);
}

/** Pacing: waits until that much time has passed since this iteration began, or not at all if it has. */
export function pace(time: Seconds): void {
  needHost('pace');
  host.pace(nanoseconds(time));
}
