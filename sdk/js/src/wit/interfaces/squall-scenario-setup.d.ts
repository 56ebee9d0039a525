declare module 'squall:scenario/setup@0.1.0' {
  /**
   * Prepares the run. The bytes are handed to every `start` and to `teardown`; in a component without these they go
   * nowhere. An error ends the run.
   */
  export function setup(): Uint8Array;
}
