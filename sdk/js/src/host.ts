/// <reference path="./wit/scenario-full.d.ts" preserve="true" />

// The host's functions, in JavaScript's own numbers. Nothing else in the SDK imports the contract's modules.
//
// The two engines represent 64-bit integers differently: QuickJS as numbers, StarlingMonkey as bigints. Only this
// module knows the difference.

import * as context from 'squall:scenario/context@0.1.0';
import * as data from 'squall:scenario/data@0.1.0';
import * as http from 'squall:scenario/http@0.1.0';
import * as metrics from 'squall:scenario/metrics@0.1.0';
import * as timing from 'squall:scenario/timing@0.1.0';

export { context, data, http, metrics };

/** Set by the build tool: whether the engine's 64-bit integers are bigints. */
declare const __SQUALL_BIGINT__: boolean;

type U64 = bigint;

/** A whole number of at least 0 as the engine's u64. */
export function u64(value: number): U64 {
  const whole = value > 0 ? Math.round(value) : 0;
  return (__SQUALL_BIGINT__ ? BigInt(whole) : whole) as U64;
}

/** The engine's u64 as a number; exact up to 2^53. */
export function number(value: U64): number {
  return Number(value);
}

/** Nanoseconds since the run began. */
export function now(): number {
  return number(timing.now());
}

/** Waits that many nanoseconds. */
export function sleep(nanoseconds: number): void {
  timing.sleep(u64(nanoseconds));
}

/** Waits until the iteration has lasted that many nanoseconds. */
export function pace(nanoseconds: number): void {
  timing.pace(u64(nanoseconds));
}

/** Gives a handle back to the host at once, not when the engine gets to it. */
export function drop(resource: object): void {
  (resource as Disposable)[Symbol.dispose]();
}
