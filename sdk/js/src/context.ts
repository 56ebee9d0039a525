// This virtual user, its iteration, and the options of the run.

import { context, number } from './host.ts';
import { isKnown, needHost } from './phase.ts';

/** The number of this virtual user, from 1. It is 0 in `setup` and `teardown`. */
export function vu(): number {
  return isKnown('vu()') ? context.vu() : 0;
}

/** The number of iterations that this virtual user has begun before this one. */
export function iteration(): number {
  return isKnown('iteration()') ? number(context.iteration()) : 0;
}

/**
 * The run's `--target`, without a slash at its end. Paths are below it by themselves; this is for what needs it in
 * words.
 */
export function target(): string | undefined {
  return isKnown('target()') ? (context.target() ?? undefined) : undefined;
}

/** The value that the run was given with `-e NAME=VALUE`: `Number(env('PAGES') ?? 5)`. */
export function env(name: string): string | undefined {
  return isKnown(`env('${name}')`) ? (context.option(name) ?? undefined) : undefined;
}

/** Asks for the end of the whole run, as a failure. This iteration continues; no new one begins. */
export function abort(reason: string): void {
  needHost('abort');
  context.abort(String(reason));
}
