// Header fields that come again. A request with ten of them costs an engine more to hand over than all else that it does, so
// the host keeps those that it has seen before, and only what is new crosses over.

import { Handles, PLAIN } from './settings.ts';

type Pairs = [string, string][];

interface Seen {
  headers: Pairs;
  /** Made when they come for the second time: what changes with every request is not worth keeping. */
  handles: Handles | undefined;
}

/** How many different sets are compared with. Scenarios have one or two; a token that changes pushes out the oldest. */
const CAPACITY = 4;

/** From the latest to the oldest. */
const seen: Seen[] = [];

/** The handles for requests with these header fields, if the host keeps them. */
export function handlesFor(headers: Pairs): Handles | undefined {
  if (headers.length === 0) return PLAIN;
  for (let place = 0; place < seen.length; place++) {
    const known = seen[place]!;
    if (!areSame(known.headers, headers)) continue;
    if (place > 0) {
      seen.splice(place, 1);
      seen.unshift(known);
    }
    return (known.handles ??= new Handles(known.headers));
  }
  if (seen.length === CAPACITY) seen.pop();
  seen.unshift({ headers, handles: undefined });
  return undefined;
}

/** Written with indices, because the engine's iterators take several times as long. */
function areSame(left: Pairs, right: Pairs): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index++) {
    const one = left[index]!;
    const other = right[index]!;
    if (one[1] !== other[1] || one[0] !== other[0]) return false;
  }
  return true;
}
