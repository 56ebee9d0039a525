declare module 'squall:scenario/context@0.1.0' {
  /**
   * The number of this virtual user, from 1. 0 in `setup` and `teardown`.
   */
  export function vu(): number;
  /**
   * How many iterations this virtual user has begun before this one.
   */
  export function iteration(): bigint;
  /**
   * The run's `--target` ("https://shop.example.test"), without a slash at the end; none if there is none.
   */
  export function target(): string | undefined;
  /**
   * The value that the user passed with `-e NAME=VALUE`.
   */
  export function option(name: string): string | undefined;
  /**
   * The next random number: all 64 bits uniform, seeded by the run (`--seed`), the virtual user and nothing else, so
   * that a run can be repeated.
   */
  export function random(): bigint;
  /**
   * Writes a line to the run's log, tagged with virtual user and flow. Standard output and standard error arrive
   * there too, as `info` and `warn`.
   */
  export function log(level: Level, message: string): void;
  /**
   * Asks for the end of the whole run, as a failure, with the reason. This iteration goes on; no new one begins.
   */
  export function abort(reason: string): void;
  /**
   * How much a log line matters.
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
