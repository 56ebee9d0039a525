// The errors of requests without a response.

import type { http } from '../host.ts';

/** Classes of errors, as the contract has them. */
export type HttpErrorCode = http.Error['tag'];

const TEXTS: Record<HttpErrorCode, string> = {
  timeout: 'request timed out',
  dns: 'name look-up failed',
  connect: 'cannot connect',
  tls: 'TLS failed',
  reset: 'connection lost',
  protocol: 'bad response',
  'too-large': 'response too large',
  'too-many-redirects': 'too many redirects',
  'refused-by-policy': 'refused by policy',
  'invalid-request': 'invalid request',
  other: '',
};

/**
 * The reason why there is no response. The request is still measured, and counted under its class. A status code such
 * as 404 or 500 is not an error: it is a response.
 */
export class HttpError extends Error {
  override readonly name = 'HttpError';

  constructor(
    /** The class: `'timeout'`, `'connect'`, `'reset'`, ... */
    readonly code: HttpErrorCode,
    /** Details of the error, if there are any. */
    readonly detail: string,
  ) {
    const text = TEXTS[code] ?? code;
    super(text && detail ? `${text}: ${detail}` : text || detail);
  }

  /** The error that the host handed over. */
  static from(error: http.Error): HttpError {
    return new HttpError(error.tag, 'val' in error ? error.val : '');
  }
}
