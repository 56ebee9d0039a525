// Waiting for streams beside timers and promises. A component imports the contract's interface for it only if its script
// needs this module.

import * as host from 'squall:scenario/waiting@0.1.0';

import { u64 } from './host.ts';
import * as loop from './loop.ts';

/** The key of a stream, which its handle in the host gives. */
export type Key = number;

/**
 * Calls `ready` whenever the stream has something, until `unwatch`. The iteration goes on until then. After an error in the
 * iteration, `forget` is called instead.
 */
export function watch(key: Key, ready: () => void, forget?: () => void): void {
  loop.watch(key, { ready, forget, holds: true }, next);
}

/** Ends what `watch` has begun. */
export function unwatch(key: Key): void {
  loop.unwatch(key);
}

/** A promise that is fulfilled once the stream has something. It does not keep the iteration from ending. */
export function whenReady(key: Key): Promise<void> {
  return new Promise((resolve) => {
    // Others may wait for the same stream.
    const before = loop.watcherOf(key);
    const ready = () => {
      loop.unwatch(key);
      before?.ready();
      resolve();
    };
    loop.watch(key, { ready, forget: undefined, holds: false }, next);
  });
}

function next(keys: Uint32Array, nanoseconds: number): Key | undefined {
  return host.nextOf(keys, u64(nanoseconds)) ?? undefined;
}
