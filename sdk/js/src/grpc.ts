// Calls by gRPC, with streams and without. A component imports the contract's interface for them only if its script does
// import this module.

import * as host from 'squall:scenario/grpc@0.1.0';

import { Blob } from './data/blob.ts';
import { drop, number, u64 } from './host.ts';
import type { http } from './host.ts';
import { HttpError } from './http/error.ts';
import { needHost } from './phase.ts';
import { nanoseconds, type Seconds } from './seconds.ts';
import { bytesOf } from './text.ts';
import { unwatch, watch, whenReady } from './waiting.ts';

/** Longer than any run, in nanoseconds, and small enough for both engines. */
const FOREVER = 2 ** 62;

/** A message to send: an object (as JSON), the JSON itself, bytes as they are sent, or a blob in the host's memory. */
export type Payload = object | string | ArrayBuffer | ArrayBufferView | Blob;

/** Settings of a channel. */
export interface ChannelOptions {
  /** Whether there is no TLS, where the target does not say so itself. */
  plaintext?: boolean;
  /** What is sent as `:authority`, in place of host and port of the target. */
  authority?: string;
  /** The largest message that is received, in bytes. Default: 4 MiB. */
  receiveLimit?: number;
  /** The largest message that is sent, in bytes. Default: 2 GiB. */
  sendLimit?: number;
}

/** Settings of a call. */
export interface CallOptions {
  /** What the call is counted under, in place of `'package.Service/Method'`. */
  name?: string;
  /** Tags of the call that thresholds ask for, instead of those of the virtual user. */
  tags?: readonly (readonly [string, string])[];
  /** How long the call may take in all. Sent to the server, too. */
  timeout?: Seconds;
  /** Metadata; keys that end in `-bin` have bytes as values. */
  metadata?: Record<string, string | Uint8Array | ArrayBuffer>;
  /** The status codes that count as expected. Default: 0. */
  expectedStatuses?: readonly number[];
  /** Whether messages that come are measured and thrown away. */
  discard?: boolean;
  /** Whether messages are sent compressed. */
  gzip?: boolean;
}

/** A method of a service. */
export class Method {
  /** @internal */
  readonly held: host.Method;

  /** @internal */
  constructor(held: host.Method) {
    this.held = held;
  }

  /** Whether the client may send several messages. */
  get clientStreams(): boolean {
    return this.held.clientStreams();
  }

  /** Whether the server may send several messages. */
  get serverStreams(): boolean {
    return this.held.serverStreams();
  }
}

/** Services and their messages. The same files are compiled once for all virtual users. */
export class Schema {
  readonly #held: host.Schema;
  readonly #methods = new Map<string, Method>();

  private constructor(held: host.Schema) {
    this.#held = held;
  }

  /** Of `.proto` files: names, as they are imported, and texts. The well-known types need not be given. */
  static parse(files: Record<string, string>): Schema {
    needHost('a gRPC schema');
    return new Schema(failing(() => host.Schema.parse(Object.entries(files))));
  }

  /** Of a serialised `FileDescriptorSet`. */
  static load(descriptors: ArrayBuffer | ArrayBufferView): Schema {
    needHost('a gRPC schema');
    return new Schema(failing(() => host.Schema.load(bytesOf(descriptors))));
  }

  /** What the server tells of itself, by its reflection service. Asked once for all virtual users. */
  static reflect(channel: Channel, options: CallOptions = {}): Schema {
    return new Schema(withOptions(options, (options) => failing(() => host.Schema.reflect(channel.held, options))));
  }

  /** The method of that full name: `'package.Service/Method'`. */
  method(name: string): Method {
    let method = this.#methods.get(name);
    if (method === undefined) {
      method = new Method(failing(() => this.#held.method(name)));
      this.#methods.set(name, method);
    }
    return method;
  }

  /** The full names of all methods, sorted. */
  get methods(): string[] {
    return this.#held.methods();
  }
}

/** A message that has come. The host holds it; each property copies its own value. */
export class Message {
  readonly #held: host.Message;

  /** @internal */
  constructor(held: host.Message) {
    this.#held = held;
  }

  /** Its JSON, as text. */
  get text(): string {
    return failing(() => this.#held.json());
  }

  /** The object that its JSON stands for. Fields that are not set have their defaults. */
  json<T = any>(): T {
    return JSON.parse(this.text);
  }

  /** As it came. */
  get bytes(): Uint8Array {
    return this.#held.bytes();
  }

  /** The time of the read that completed it, in seconds since the run began, as `now()`. */
  get at(): number {
    return number(this.#held.at()) / 1e9;
  }

  /** Lets the host forget it at once. */
  close(): void {
    drop(this.#held);
  }
}

/** How a call ended. */
export class Reply {
  readonly #held: host.Reply;
  /** The status code; 0 is OK. */
  readonly status: number;

  /** @internal */
  constructor(held: host.Reply) {
    this.#held = held;
    this.status = held.status();
  }

  /** Whether the status is OK. */
  get ok(): boolean {
    return this.status === 0;
  }

  /** The server's text about the status. */
  get statusMessage(): string {
    return this.#held.statusMessage();
  }

  /** The details of the status. */
  get details(): any[] {
    return JSON.parse(this.#held.details());
  }

  /** The message of a unary call, if there is one. */
  get message(): Message | undefined {
    const message = this.#held.message();
    return message === undefined || message === null ? undefined : new Message(message);
  }

  /** The object that the message's JSON stands for; `undefined` without a message. */
  json<T = any>(): T | undefined {
    const message = this.message;
    if (message === undefined) return undefined;
    try {
      return message.json();
    } finally {
      message.close();
    }
  }

  /** What came before the messages: names in lower case, and values. Those of `-bin` are in base64. */
  get headers(): [string, string][] {
    return this.#held.headers();
  }

  /** What came after them. */
  get trailers(): [string, string][] {
    return this.#held.trailers();
  }

  /** How long each phase took, in seconds. */
  get timings(): Record<keyof http.Timings, number> {
    const timings = Object.entries(this.#held.timings()).map(([phase, time]) => [phase, number(time) / 1e9]);
    return Object.fromEntries(timings);
  }

  /** Lets the host forget it at once. */
  close(): void {
    drop(this.#held);
  }
}

/** A call with a stream in either direction, or both. */
export class Call implements Iterable<Message> {
  readonly #held: host.Call;
  #isClosed = false;

  /** @internal */
  constructor(held: host.Call) {
    this.#held = held;
  }

  /** Sends a message. Waits while more than 64 KiB are unsent. */
  send(message: Payload): void {
    failing(() => this.#held.send(payloadOf(message)));
  }

  /** Ends the messages of the client. The server's may go on. */
  finish(): void {
    failing(() => this.#held.finish());
  }

  /**
   * The next message; `undefined` when the server has ended the call: see `reply`. Throws an `HttpError` with the code
   * `'timeout'` if none comes within that time: nothing is lost then, and it can be asked again. With 0 it only looks.
   */
  receive(within?: Seconds): Message | undefined {
    const limit = u64(within === undefined ? FOREVER : nanoseconds(within));
    const message = failing(() => this.#held.receive(limit));
    return message === undefined || message === null ? undefined : new Message(message);
  }

  /** The messages up to the end of the call. Leaving the loop earlier cancels it; to go on later, call `receive()`. */
  *[Symbol.iterator](): Iterator<Message> {
    for (let message = this.receive(); message !== undefined; message = this.receive()) {
      let goesOn = false;
      try {
        yield message;
        goesOn = true;
      } finally {
        message.close();
        if (!goesOn) this.close();
      }
    }
  }

  /** How the call ended; `undefined` before its end. */
  get reply(): Reply | undefined {
    const reply = this.#held.reply();
    return reply === undefined || reply === null ? undefined : new Reply(reply);
  }

  /** A promise that is fulfilled once `receive(0)` need not wait: a message has come, or the end. It takes nothing. */
  ready(): Promise<void> {
    return whenReady(this.#held.key());
  }

  /** Calls `ready` whenever a message or the end has come, until `unwatch`. @internal */
  watch(ready: () => void): void {
    watch(this.#held.key(), ready, () => this.close());
  }

  /** @internal */
  unwatch(): void {
    unwatch(this.#held.key());
  }

  /** Cancels the call, if it has not ended. */
  close(): void {
    if (!this.#isClosed) drop(this.#held);
    this.#isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A server, and how it is spoken to. The first call opens the connection.
 *
 * ```ts
 * const schema = grpc.Schema.parse({ 'greeter.proto': GREETER });
 * const channel = grpc.connect('127.0.0.1:50051', { plaintext: true });
 * const reply = channel.invoke(schema.method('greeter.v1.Greeter/Hello'), { name: 'Ada' });
 * check('it answers', reply.ok);
 * ```
 */
export class Channel {
  /** @internal */
  readonly held: host.Channel;

  /** @internal */
  constructor(held: host.Channel) {
    this.held = held;
  }

  /** Makes a unary call, and waits for its end. Throws `HttpError` without a status; a status is no error. */
  invoke(method: Method, message: Payload, options: CallOptions = {}): Reply {
    const payload = payloadOf(message);
    return withOptions(
      options,
      (options) => new Reply(failing(() => host.invoke(this.held, method.held, payload, options))),
    );
  }

  /** Begins a call with streams. */
  start(method: Method, options: CallOptions = {}): Call {
    return withOptions(options, (options) => new Call(failing(() => host.Call.start(this.held, method.held, options))));
  }

  /** Lets the host forget it at once. Its connection stays for the next channel to the same server. */
  close(): void {
    drop(this.held);
  }
}

/**
 * A channel to `'host:port'`, `'grpc://host:port'` (without TLS) or `'grpcs://host:port'`; without a target, to the one of the
 * run.
 */
export function connect(target?: string, options: ChannelOptions = {}): Channel {
  needHost('a gRPC channel');
  const own = new host.ChannelOptions();
  try {
    if (options.plaintext !== undefined) own.setPlaintext(options.plaintext);
    if (options.authority !== undefined) own.setAuthority(options.authority);
    if (options.receiveLimit !== undefined) own.setReceiveLimit(u64(options.receiveLimit));
    if (options.sendLimit !== undefined) own.setSendLimit(u64(options.sendLimit));
    return new Channel(failing(() => host.Channel.open(target, own)));
  } finally {
    drop(own);
  }
}

/** Calls `work` with a handle of settings, or with none if all are the defaults. */
function withOptions<T>(options: CallOptions, work: (options: host.CallOptions | undefined) => T): T {
  needHost('a gRPC call');
  for (const _ in options) {
    const own = lower(options);
    try {
      return work(own);
    } finally {
      drop(own);
    }
  }
  return work(undefined);
}

function lower(options: CallOptions): host.CallOptions {
  const own = new host.CallOptions();
  if (options.name !== undefined) own.setName(options.name);
  if (options.tags !== undefined) own.setTags(options.tags.map(([name, value]) => [name, value]));
  if (options.timeout !== undefined) own.setTimeout(u64(nanoseconds(options.timeout)));
  if (options.expectedStatuses !== undefined) own.setExpectedStatuses(Uint32Array.from(options.expectedStatuses));
  if (options.discard !== undefined) own.setDiscard(options.discard);
  if (options.gzip !== undefined) own.setGzip(options.gzip);
  const metadata = options.metadata ?? {};
  for (const key in metadata) {
    const value = metadata[key]!;
    failing(() => (typeof value === 'string' ? own.addMetadata(key, value) : own.addBinaryMetadata(key, bytesOf(value))));
  }
  return own;
}

function payloadOf(message: Payload): host.Payload {
  if (typeof message === 'string') return { tag: 'json', val: message };
  if (message instanceof Blob) return { tag: 'held', val: message.held() };
  if (message instanceof ArrayBuffer || ArrayBuffer.isView(message)) return { tag: 'binary', val: bytesOf(message) };
  return { tag: 'json', val: JSON.stringify(message) };
}

/** Calls the host; its error becomes one of JavaScript. */
function failing<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const payload = (error as { payload?: unknown }).payload ?? error;
    if (typeof payload === 'object' && payload !== null && 'tag' in payload) {
      throw HttpError.from(payload as http.Error);
    }
    throw error;
  }
}
