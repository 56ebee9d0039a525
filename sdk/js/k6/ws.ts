// The module `k6/ws`: `connect` calls handlers until the connection is closed, and returns then.

import * as host from 'squall:scenario/websocket@0.1.0';

import { drop, now, u64 } from '../src/host.ts';
import { log } from '../src/log.ts';
import { needHost } from '../src/phase.ts';
import { bytesOf } from '../src/text.ts';
import { failing, keepControl, looking, WebSocketError } from '../src/websocket/error.ts';
import { state } from './runtime.ts';
import { type Params, settingsOf } from './websocket-params.ts';

type Handler = (...values: any[]) => unknown;
type EventType = 'open' | 'message' | 'binaryMessage' | 'ping' | 'pong' | 'close' | 'error';

/** Longer than any run, in nanoseconds. */
const FOREVER = 2 ** 62;
const GOING_AWAY = 1001;
const ABNORMAL = 1006;

/** An error as k6 hands it to handlers: one of Go, whose text is given by a method. */
class SocketError extends Error {
  override readonly name = 'GoError';
  error(): string {
    return this.message;
  }
}

interface Timer {
  due: number;
  every: number | undefined;
  job: () => unknown;
}

/** A connection, as its handlers see it. */
class Socket {
  readonly #connection: host.Connection;
  readonly #handlers = new Map<EventType, Handler[]>();
  #timers: Timer[] = [];
  #isOver = false;

  constructor(connection: host.Connection) {
    this.#connection = connection;
  }

  on(event: EventType, handler: Handler): void {
    this.#handlers.set(event, [...(this.#handlers.get(event) ?? []), handler]);
  }

  send(message: unknown): void {
    this.#attempt(() => this.#connection.sendText(String(message)));
  }

  sendBinary(message: ArrayBuffer | ArrayBufferView): void {
    if (!(message instanceof ArrayBuffer) && !ArrayBuffer.isView(message)) {
      throw new Error(`expected ArrayBuffer as argument, received: ${message === undefined ? 'undefined' : typeof message}`);
    }
    this.#attempt(() => this.#connection.sendBytes(bytesOf(message)));
  }

  ping(): void {
    this.#attempt(() => this.#connection.ping());
  }

  setTimeout(job: () => unknown, milliseconds: number): void {
    this.#timers.push({ due: now() + length(milliseconds), every: undefined, job });
  }

  setInterval(job: () => unknown, milliseconds: number): void {
    const every = length(milliseconds);
    this.#timers.push({ due: now() + every, every, job });
  }

  /** Closes, and calls the handlers of `close`. What the server still sends is not waited for, as in k6. */
  close(code: number = GOING_AWAY): void {
    if (this.#isOver) return;
    this.#attempt(() => this.#connection.close(code, ''));
    this.end(code);
  }

  /** @internal */
  tell(event: EventType, ...values: unknown[]): void {
    for (const handler of this.#handlers.get(event) ?? []) handler(...values);
  }

  /** @internal */
  fail(error: WebSocketError): void {
    this.tell('error', new SocketError(error.message));
  }

  /** @internal */
  end(code: number): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.tell('close', code);
  }

  /** Calls handlers and timers until the connection is closed. @internal */
  run(): void {
    this.tell('open');
    while (!this.#isOver) {
      const timer = this.#nextTimer();
      const wait = timer === undefined ? FOREVER : Math.max(0, timer.due - now());
      if (!this.#take(wait) && timer !== undefined && !this.#isOver) this.#fire(timer);
    }
  }

  /** Waits for something that comes, and tells of it. Returns whether something came, or nothing more will. */
  #take(nanoseconds: number): boolean {
    try {
      const came = looking(() => this.#connection.receiveAny(u64(nanoseconds)));
      if (came === undefined) return false;
      if (came.found === undefined || came.found === null) this.end(this.#connection.closed()?.[0] ?? ABNORMAL);
      else this.#dispatch(came.found);
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      this.fail(error);
      this.end(this.#connection.closed()?.[0] ?? ABNORMAL);
    }
    return true;
  }

  #dispatch(message: host.Message): void {
    try {
      switch (message.kind()) {
        case 'text': return this.tell('message', message.text());
        case 'binary': return this.tell('binaryMessage', message.bytes().slice().buffer);
        case 'ping': return this.tell('ping');
        case 'pong': return this.tell('pong');
        case 'close': return this.end(message.code());
      }
    } finally {
      drop(message);
    }
  }

  #nextTimer(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) if (next === undefined || timer.due < next.due) next = timer;
    return next;
  }

  #fire(timer: Timer): void {
    if (timer.every === undefined) this.#timers = this.#timers.filter((other) => other !== timer);
    else timer.due += timer.every;
    timer.job();
  }

  #attempt(call: () => unknown): void {
    try {
      failing(call);
    } catch (error) {
      if (!(error instanceof WebSocketError)) throw error;
      this.fail(error);
    }
  }
}

/** What `connect` returns: the answer to the handshake. */
interface Answer {
  url: string;
  status: number;
  headers: Record<string, string>;
  body: string;
  error: string;
}

/** Connects, calls `set` with the socket, and then its handlers until the connection is closed. */
export function connect(url: string, params: Params | null | undefined | Handler, set?: Handler): Answer {
  needHost('a WebSocket');
  const handler = typeof params === 'function' ? params : set;
  if (typeof handler !== 'function') throw new Error('last argument to ws.connect must be a function');
  const settings = settingsOf(typeof params === 'function' ? null : params);
  const connection = host.Connection.start(String(url), settings);
  drop(settings);
  keepControl(connection);
  const socket = new Socket(connection);
  try {
    const failed = handshake(connection);
    handler(socket);
    const answer = answerOf(String(url), connection, failed);
    if (failed === undefined) socket.run();
    else complain(socket, failed);
    return answer;
  } finally {
    drop(connection);
  }
}

function handshake(connection: host.Connection): WebSocketError | undefined {
  try {
    failing(() => connection.opened(u64(FOREVER)));
    return undefined;
  } catch (error) {
    if (error instanceof WebSocketError) return error;
    throw error;
  }
}

function complain(socket: Socket, error: WebSocketError): void {
  socket.fail(error);
  if (state.options.throw) throw error;
  log.warn(`Attempt to establish a WebSocket connection failed: ${error.message}`);
}

function answerOf(url: string, connection: host.Connection, failed: WebSocketError | undefined): Answer {
  const error = failed?.message ?? '';
  const response = connection.response();
  if (response === undefined || response === null) return { url, status: 0, headers: {}, body: '', error };
  const headers: Record<string, string> = {};
  for (const [name, value] of response.headers()) {
    const canonical = name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
    headers[canonical] = canonical in headers ? `${headers[canonical]}, ${value}` : value;
  }
  const answer = { url, status: response.status(), headers, body: response.text(), error };
  drop(response);
  return answer;
}

function length(milliseconds: number): number {
  const length = Number(milliseconds);
  if (!(length > 0)) throw new Error(`setTimeout requires a >0 timeout parameter, received ${length.toFixed(2)}`);
  return length * 1e6;
}

export default { connect };
