// The error for missing data.

import type { data as host } from '../host.ts';

/** Which kind of error it is. */
export type DataErrorCode = 'not-given' | 'unknown-column' | 'exhausted' | 'other';

/** There is no such data. The message has the remedy. */
export class DataError extends Error {
  override name = 'DataError';

  constructor(
    readonly code: DataErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Calls the host; an error of its becomes one of JavaScript. */
export function lifted<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const payload = (error as { payload?: host.Error }).payload;
    throw payload?.tag ? new DataError(payload.tag, payload.val) : error;
  }
}
