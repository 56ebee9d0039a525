// The reasons why there is no connection, or no message.

import type * as host from 'squall:scenario/websocket@0.1.0';

import { u64 } from '../host.ts';

/** The class of a failed connection. */
export type WebSocketErrorCode = host.Error['tag'];

const TEXTS: Record<WebSocketErrorCode, string> = {
  timeout: 'nothing came in time',
  dns: 'name look-up failed',
  connect: 'cannot connect',
  tls: 'TLS failed',
  handshake: 'no WebSocket',
  reset: 'connection lost',
  protocol: 'bad message',
  'too-large': 'message too large',
  closed: 'cannot send',
  'refused-by-policy': 'refused by policy',
  'invalid-request': 'invalid request',
  other: '',
};

/** The reason why there is no connection, or no message. */
export class WebSocketError extends Error {
  override readonly name = 'WebSocketError';

  constructor(
    /** The class: `'timeout'`, `'handshake'`, `'reset'`, ... */
    readonly code: WebSocketErrorCode,
    /** Details of the error, if there are any. */
    readonly detail: string,
  ) {
    const text = TEXTS[code] ?? code;
    super(text && detail ? `${text}: ${detail}` : text || detail);
  }
}

/** Calls the host; its error becomes one of JavaScript. */
export function failing<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const payload = (error as { payload?: host.Error }).payload;
    if (!payload?.tag) throw error;
    throw new WebSocketError(payload.tag, 'val' in payload ? payload.val : '');
  }
}

/** The same for calls that only look: `undefined` if there is nothing yet. */
export function looking<T>(call: () => T): { found: T } | undefined {
  try {
    return { found: failing(call) };
  } catch (error) {
    if (error instanceof WebSocketError && error.code === 'timeout') return undefined;
    throw error;
  }
}

/** The host keeps pings and closes from the first call on that takes them. A connection that has failed says so later. */
export function keepControl(connection: host.Connection): void {
  try {
    looking(() => connection.receiveAny(u64(0)));
  } catch (error) {
    if (!(error instanceof WebSocketError)) throw error;
  }
}
