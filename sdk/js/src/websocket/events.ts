// WebSockets as browsers have them: handlers, which the loop calls beside timers and promises.

import * as host from 'squall:scenario/websocket@0.1.0';

import { Blob } from '../data/blob.ts';
import { drop, now, number, u64 } from '../host.ts';
import { needHost } from '../phase.ts';
import { bytesOf } from '../text.ts';
import { type Key, unwatch, watch } from '../waiting.ts';
import { BinaryBlob } from './blob.ts';
import { failing, keepControl, looking } from './error.ts';

/** What can happen to a WebSocket. */
export type EventType = 'open' | 'message' | 'error' | 'close' | 'ping' | 'pong';

/** Something that has happened to a WebSocket. */
export interface SocketEvent {
  type: EventType;
  target: WebSocket;
  /** When, in milliseconds since the run began. Of a message: when the host read it. */
  timestamp: number;
  /** Of a message: its content. */
  data?: any;
  /** Of an error: its text. */
  error?: string;
  /** Of a close: the code, the reason, and whether it was an orderly one. */
  code?: number;
  reason?: string;
  wasClean?: boolean;
}

export type Handler = (event: any) => unknown;

const NORMAL = 1000;
const ABNORMAL = 1006;
const TYPES: readonly string[] = ['open', 'message', 'error', 'close', 'ping', 'pong'];

/**
 * A WebSocket whose events come to handlers. The iteration goes on until it is closed.
 *
 * ```ts
 * const socket = new WebSocket('/chat');
 * socket.onopen = () => socket.send('hello');
 * socket.onmessage = ({ data }) => socket.close();
 * ```
 */
export class WebSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;

  readonly url: string;
  binaryType: 'blob' | 'arraybuffer' = 'blob';
  onopen: Handler | null = null;
  onmessage: Handler | null = null;
  onerror: Handler | null = null;
  onclose: Handler | null = null;
  onping: Handler | null = null;
  onpong: Handler | null = null;
  readonly #connection: host.Connection;
  readonly #key: Key;
  readonly #listeners = new Map<EventType, Handler[]>();
  #state = 0;

  /** `settings` are the host's. They are given back to it. */
  constructor(url: string, settings?: host.ConnectOptions) {
    needHost('a WebSocket');
    this.url = String(url);
    try {
      this.#connection = host.Connection.start(this.url, settings);
    } finally {
      if (settings) drop(settings);
    }
    keepControl(this.#connection);
    this.#key = this.#connection.key();
    watch(this.#key, () => this.#ready(), () => this.#forget());
  }

  get readyState(): number {
    return this.#state;
  }

  /** The subprotocol that the server has chosen. */
  get protocol(): string {
    return this.#state === WebSocket.CLOSED ? '' : this.#connection.subprotocol();
  }

  get extensions(): string {
    return '';
  }

  /** Bytes that were handed over and have not been written to the socket. */
  get bufferedAmount(): number {
    return this.#state === WebSocket.CLOSED ? 0 : number(this.#connection.buffered());
  }

  /** Sends text as a text message, and bytes as a binary one. */
  send(content: string | ArrayBuffer | ArrayBufferView | BinaryBlob | Blob): void {
    if (this.#state === WebSocket.CONNECTING) throw new Error('InvalidStateError: the WebSocket is not open yet');
    // As in browsers: what is sent after the close is lost.
    if (this.#state !== WebSocket.OPEN) return;
    failing(() => {
      if (content instanceof Blob) this.#connection.sendFrom(content.held());
      else if (content instanceof BinaryBlob) this.#connection.sendBytes(content.held());
      else if (content instanceof ArrayBuffer || ArrayBuffer.isView(content)) this.#connection.sendBytes(bytesOf(content));
      else this.#connection.sendText(String(content));
    });
  }

  /** Sends a ping; its pong is an event. */
  ping(): void {
    if (this.#state !== WebSocket.OPEN) throw new Error('InvalidStateError: the WebSocket is not open');
    failing(() => this.#connection.ping());
  }

  close(code?: number, reason: string = ''): void {
    if (code !== undefined && code !== NORMAL && !(code >= 3000 && code <= 4999)) {
      throw new Error(`InvalidAccessError: a WebSocket is closed with 1000 or 3000 to 4999, not with ${code}`);
    }
    if (this.#state >= WebSocket.CLOSING) return;
    if (this.#state === WebSocket.CONNECTING) {
      this.#fail('it was closed before it was open');
      return;
    }
    failing(() => this.#connection.close(code ?? NORMAL, String(reason)));
    this.#state = WebSocket.CLOSING;
  }

  addEventListener(type: string, listener: Handler): void {
    if (!TYPES.includes(type)) throw new Error(`a WebSocket has no event ${type}: it has ${TYPES.join(', ')}`);
    const listeners = this.#listeners.get(type as EventType) ?? [];
    if (!listeners.includes(listener)) this.#listeners.set(type as EventType, [...listeners, listener]);
  }

  removeEventListener(type: string, listener: Handler): void {
    const listeners = this.#listeners.get(type as EventType) ?? [];
    this.#listeners.set(type as EventType, listeners.filter((other) => other !== listener));
  }

  /** The host has something: the handshake's outcome, a message, or the end. */
  #ready(): void {
    try {
      if (this.#state === WebSocket.CONNECTING) this.#open();
      else this.#take();
    } catch (error) {
      if ((error as Error).name !== 'WebSocketError') throw error;
      this.#fail((error as Error).message);
    }
  }

  #open(): void {
    if (looking(() => this.#connection.opened(u64(0))) === undefined) return;
    this.#state = WebSocket.OPEN;
    this.#tell({ type: 'open' });
  }

  #take(): void {
    const message = looking(() => this.#connection.receiveAny(u64(0)));
    if (message === undefined) return;
    if (message.found === undefined || message.found === null) {
      this.#close();
      return;
    }
    const { found } = message;
    try {
      const kind = found.kind();
      if (kind === 'close') this.#state = WebSocket.CLOSING;
      else if (kind === 'ping' || kind === 'pong') this.#tell({ type: kind });
      else this.#tell({ type: 'message', data: this.#content(found, kind), timestamp: number(found.at()) / 1e6 });
    } finally {
      drop(found);
    }
  }

  #content(message: host.Message, kind: 'text' | 'binary'): unknown {
    if (kind === 'text') return message.text();
    const bytes = message.bytes();
    return this.binaryType === 'blob' ? new BinaryBlob([bytes]) : bytes.slice().buffer;
  }

  #close(): void {
    const [code, reason] = this.#connection.closed() ?? [ABNORMAL, ''];
    this.#forget();
    this.#tell({ type: 'close', code, reason, wasClean: code !== ABNORMAL });
  }

  #fail(error: string): void {
    const [code, reason] = this.#connection.closed() ?? [ABNORMAL, ''];
    this.#forget();
    this.#tell({ type: 'error', error });
    this.#tell({ type: 'close', code, reason, wasClean: false });
  }

  #forget(): void {
    if (this.#state === WebSocket.CLOSED) return;
    this.#state = WebSocket.CLOSED;
    unwatch(this.#key);
    drop(this.#connection);
  }

  #tell(event: Partial<SocketEvent> & { type: EventType }): void {
    const whole = { timestamp: now() / 1e6, ...event, target: this };
    this[`on${event.type}`]?.call(this, whole);
    for (const listener of this.#listeners.get(event.type) ?? []) listener.call(this, whole);
  }
}
