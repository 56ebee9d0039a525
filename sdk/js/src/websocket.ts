// WebSockets. A component imports the contract's interface for them only if its script does import this module.

import * as host from 'squall:scenario/websocket@0.1.0';

import { Blob } from './data/blob.ts';
import { drop, number, u64 } from './host.ts';
import type { Response } from './http/response.ts';
import { needHost } from './phase.ts';
import { nanoseconds, type Seconds } from './seconds.ts';
import { bytesOf } from './text.ts';
import { whenReady } from './waiting.ts';
import { failing } from './websocket/error.ts';

export { WebSocketError, type WebSocketErrorCode } from './websocket/error.ts';

/** Longer than any run, in nanoseconds, and small enough for both engines. */
const FOREVER = 2 ** 62;

/** Settings of a connection. */
export interface ConnectOptions {
  /** The name under which it is counted, instead of its URL. */
  name?: string;
  /** Tags of the connection. */
  tags?: Record<string, string>;
  /** How long the handshake may take. */
  timeout?: Seconds;
  /** Header fields of the handshake. */
  headers?: Record<string, string>;
  /** Subprotocols to offer, the preferred one first. */
  protocols?: string | readonly string[];
  /** Whether to offer compression (`permessage-deflate`). */
  compression?: boolean;
  /** How many bytes of messages may wait to be received before the host stops reading. 1 MiB unless said otherwise. */
  inbox?: number;
}

/** What can come. */
export type MessageKind = 'text' | 'binary' | 'ping' | 'pong' | 'close';

/** Something that has come. The host holds it; each property copies its own value. */
export class Message {
  readonly #message: host.Message;

  /** @internal */
  constructor(message: host.Message) {
    this.#message = message;
  }

  get kind(): MessageKind {
    return this.#message.kind();
  }

  /** The length of its content, in bytes. */
  get size(): number {
    return number(this.#message.size());
  }

  /** Its content as text. Of a close: the reason. */
  get text(): string {
    return this.#message.text();
  }

  get bytes(): Uint8Array {
    return this.#message.bytes();
  }

  /** Its text, read as JSON. */
  json<T = any>(): T {
    return JSON.parse(this.text);
  }

  /** The time of the read that completed it, in seconds since the run began, as `now()`. */
  get at(): number {
    return number(this.#message.at()) / 1e9;
  }

  /** Of a close: its code, or 1005 if it has none. Otherwise 0. */
  get code(): number {
    return this.#message.code();
  }

  /** Lets the host forget the message at once. */
  close(): void {
    drop(this.#message);
  }
}

/**
 * A connection, whose calls wait.
 *
 * ```ts
 * const socket = websocket.connect('/chat');
 * socket.send('hello');
 * check(socket.receive(5), { 'it was repeated': (message) => message?.text === 'hello' });
 * socket.close();
 * ```
 */
export class Connection implements Iterable<Message> {
  readonly #connection: host.Connection;

  /** @internal */
  constructor(connection: host.Connection) {
    this.#connection = connection;
  }

  /** The server's answer to the handshake; `undefined` if there was none. */
  get response(): Response | undefined {
    return (this.#connection.response() as unknown as Response | null) ?? undefined;
  }

  /** The subprotocol that the server has chosen; empty if it has chosen none. */
  get protocol(): string {
    return this.#connection.subprotocol();
  }

  /**
   * Sends text as a text message, and anything else as a binary one: bytes, or a blob from the host's memory. Waits while
   * more than 1 MiB are unsent. Returns the time at which the message was handed over, in seconds since the run began.
   */
  send(content: string | ArrayBuffer | ArrayBufferView | Blob): number {
    if (typeof content === 'string') return number(failing(() => this.#connection.sendText(content))) / 1e9;
    if (content instanceof Blob) return number(failing(() => this.#connection.sendFrom(content.held()))) / 1e9;
    return number(failing(() => this.#connection.sendBytes(bytesOf(content)))) / 1e9;
  }

  /** Sends a ping. The host records the time until its pong (`ws_ping`). */
  ping(): void {
    failing(() => this.#connection.ping());
  }

  /** Bytes that were handed over and have not been written to the socket. */
  get buffered(): number {
    return number(this.#connection.buffered());
  }

  /**
   * The next text or binary message; `undefined` once the connection is closed. Throws a `WebSocketError` with the code
   * `'timeout'` if none comes within that time: nothing is lost then, and it can be asked again. With 0 it only looks.
   */
  receive(within?: Seconds): Message | undefined {
    const message = failing(() => this.#connection.receive(limit(within)));
    return message === undefined || message === null ? undefined : new Message(message);
  }

  /** As `receive`, but pings, pongs and the server's close are handed out, too, from the first call on. */
  receiveAny(within?: Seconds): Message | undefined {
    const message = failing(() => this.#connection.receiveAny(limit(within)));
    return message === undefined || message === null ? undefined : new Message(message);
  }

  /** The text of the next message: cheaper than `receive` for who wants no more. */
  receiveText(within?: Seconds): string | undefined {
    return failing(() => this.#connection.receiveText(limit(within))) ?? undefined;
  }

  /** The messages up to the end of the connection. */
  *[Symbol.iterator](): Iterator<Message> {
    for (let message = this.receive(); message !== undefined; message = this.receive()) {
      try {
        yield message;
      } finally {
        message.close();
      }
    }
  }

  /** A promise that is fulfilled once there is something to receive. Timers and other streams have their turns meanwhile. */
  ready(): Promise<void> {
    return whenReady(this.#connection.key());
  }

  /** Begins the closing handshake. What the server sends until its own close can be received. */
  close(code: number = 1000, reason: string = ''): void {
    failing(() => this.#connection.close(code, reason));
  }

  /** The server's code and reason, once it has closed: 1005 for a close without a code, 1006 for an end without a close. */
  get closed(): { code: number; reason: string } | undefined {
    const closed = this.#connection.closed();
    return closed === undefined || closed === null ? undefined : { code: closed[0], reason: closed[1] };
  }

  /** Gives the connection up at once: an open one is closed with 1001 (going away). */
  drop(): void {
    drop(this.#connection);
  }

  [Symbol.dispose](): void {
    this.drop();
  }
}

/**
 * Connects to a URL that begins with `ws://` or `wss://`, or to a path below the run's `--target`, and waits for the
 * handshake. Throws a `WebSocketError` without a connection.
 */
export function connect(url: string, options: ConnectOptions = {}): Connection {
  needHost('a WebSocket');
  const settings = optionsOf(options);
  try {
    return new Connection(failing(() => host.Connection.open(url, settings)));
  } finally {
    if (settings) drop(settings);
  }
}

/** The host's settings; `undefined` if the defaults are enough. @internal */
export function optionsOf(options: ConnectOptions): host.ConnectOptions | undefined {
  if (Object.keys(options).length === 0) return undefined;
  const settings = new host.ConnectOptions();
  if (options.name !== undefined) settings.setName(options.name);
  if (options.tags !== undefined) settings.setTags(Object.entries(options.tags));
  if (options.timeout !== undefined) settings.setTimeout(u64(nanoseconds(options.timeout)));
  for (const [name, value] of Object.entries(options.headers ?? {})) settings.addHeader(name, value);
  const protocols = options.protocols ?? [];
  if (protocols.length > 0) settings.setSubprotocols(typeof protocols === 'string' ? [protocols] : [...protocols]);
  if (options.compression) settings.setCompression(true);
  if (options.inbox !== undefined) settings.setInbox(u64(options.inbox));
  return settings;
}

function limit(within: Seconds | undefined): ReturnType<typeof u64> {
  return u64(within === undefined ? FOREVER : nanoseconds(within));
}
