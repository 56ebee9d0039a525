declare module 'squall:scenario/timing@0.1.0' {
  /**
   * Nanoseconds since the run began; monotonic.
   */
  export function now(): bigint;
  /**
   * Think time: waits for that many nanoseconds. Not part of any request's latency; part of the iteration's duration.
   */
  export function sleep(ns: bigint): void;
  /**
   * Pacing: waits until `ns` nanoseconds have passed since this iteration began. Returns at once if they have.
   */
  export function pace(ns: bigint): void;
}
