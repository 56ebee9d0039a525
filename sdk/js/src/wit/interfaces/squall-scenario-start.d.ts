declare module 'squall:scenario/start@0.1.0' {
  /**
   * Prepares the virtual user: a login, a session. An error is counted, shown, and the call is repeated a little
   * later.
   */
  export function start(shared: Uint8Array): void;
}
