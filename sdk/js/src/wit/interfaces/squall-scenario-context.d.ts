declare module 'squall:scenario/context@0.1.0' {
  /**
   * The number of this virtual user, from 1. 0 in `setup` and `teardown`.
   */
  export function vu(): number;
  /**
   * Number of iterations that this virtual user has begun before this one.
   */
  export function iteration(): bigint;
  /**
   * The run's `--target` ("https://shop.example.test"), without a slash at the end; none without a target.
   */
  export function target(): string | undefined;
  /**
   * The value that the user passed with `-e NAME=VALUE`.
   */
  export function option(name: string): string | undefined;
  /**
   * The next random number: all 64 bits uniform, seeded only by the run (`--seed`) and the virtual user, so that a run
   * can be repeated.
   */
  export function random(): bigint;
  /**
   * Writes a line to the run's log, tagged with virtual user and flow. Standard output and standard error arrive
   * there too, as `info` and `warn`.
   */
  export function log(level: Level, message: string): void;
  /**
   * Requests the end of the whole run, as a failure, with the reason. This iteration continues; no new one begins.
   */
  export function abort(reason: string): void;
  /**
   * The importance of a log line.
   * # Variants
   * 
   * ## `"debug"`
   * 
   * ## `"info"`
   * 
   * ## `"warn"`
   * 
   * ## `"error"`
   */
  export type Level = 'debug' | 'info' | 'warn' | 'error';
}
