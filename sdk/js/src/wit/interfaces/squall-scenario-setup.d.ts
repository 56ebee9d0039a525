declare module 'squall:scenario/setup@0.1.0' {
  /**
   * Prepares the run. The bytes are passed to every `start` and to `teardown`; in a component without these they are
   * unused. An error ends the run.
   */
  export function setup(): Uint8Array;
}
