// Bodies that come, or go, piece by piece. A component imports the contract's interface for them only if its script does
// import this module.

import * as host from 'squall:scenario/streaming@0.1.0';

import { Blob } from './data/blob.ts';
import { drop, number, u64 } from './host.ts';
import { HttpError } from './http/error.ts';
import { lower, type RequestOptions } from './http/index.ts';
import type { Response } from './http/response.ts';
import { fromHost } from './http/send.ts';
import { needHost } from './phase.ts';
import { nanoseconds, type Seconds } from './seconds.ts';
import { bytesOf, encodeUtf8 } from './text.ts';
import { whenReady } from './waiting.ts';

/** Longer than any run, in nanoseconds, and small enough for both engines. */
const FOREVER = 2 ** 62;
/** Bytes of a read whose caller does not care. */
const PIECE = 64 * 1024;
/** Where an OpenAI-compatible server puts text, and its own count of tokens. */
const OPENAI_TEXT = '/choices/0/delta/content';
const OPENAI_TOTAL = '/usage/completion_tokens';

/** A server-sent event. The host holds it; each property copies its own value. */
export class ServerEvent {
  readonly #event: host.Event;

  /** @internal */
  constructor(event: host.Event) {
    this.#event = event;
  }

  /** Its type: `'message'` if it has none. */
  get name(): string {
    return this.#event.name();
  }

  /** The id of the last event that had one, which may be this one; empty if there was none. */
  get id(): string {
    return this.#event.id();
  }

  /** Its data. */
  get data(): string {
    return this.#event.data();
  }

  /** Its data, read as JSON. */
  json<T = any>(): T {
    return JSON.parse(this.data);
  }

  /**
   * The value at a JSON pointer in its data: text unchanged, other values as JSON. The host finds it, which costs less than
   * `json()`.
   */
  get(pointer: string): string | undefined {
    return this.#event.get(pointer) ?? undefined;
  }

  /** The time of the read that completed it, in seconds since the run began, as `now()`. */
  get at(): number {
    return number(this.#event.at()) / 1e9;
  }

  /** Lets the host forget the event at once. */
  close(): void {
    drop(this.#event);
  }
}

/**
 * A response that is read piece by piece, as server-sent events or as bytes.
 *
 * ```ts
 * const feed = streaming.get('/feed');
 * for (const event of feed) check('it has data', event.data !== '');
 * ```
 *
 * Beside timers and other streams: `for await (const event of feed)`, or `await Promise.race([feed.ready(), ...])`.
 */
export class Stream implements Iterable<ServerEvent>, AsyncIterable<ServerEvent> {
  readonly #incoming: host.Incoming;
  #isClosed = false;
  /** The response without a body: status, header fields, URL, and timings up to the head. */
  readonly response: Response;

  /** @internal */
  constructor(incoming: host.Incoming) {
    this.#incoming = incoming;
    this.response = failing(() => incoming.head(u64(FOREVER))) as unknown as Response;
  }

  /** The status code. */
  get status(): number {
    return this.response.status;
  }

  /** The value of the first header field of that name, in any case. */
  header(name: string): string | undefined {
    return this.response.header(name);
  }

  /**
   * The next event; `undefined` at the end of the stream. Throws an `HttpError` with the code `'timeout'` if none comes
   * within that time: nothing is lost then, and it can be asked again. With 0 it only looks.
   */
  next(within?: Seconds): ServerEvent | undefined {
    const event = failing(() => this.#incoming.nextEvent(limit(within)));
    return event === undefined || event === null ? undefined : new ServerEvent(event);
  }

  /** The events up to the end of the stream. Leaving the loop earlier closes it; to go on later, call `next()`. */
  *[Symbol.iterator](): Iterator<ServerEvent> {
    for (let event = this.next(); event !== undefined; event = this.next()) {
      let goesOn = false;
      try {
        yield event;
        goesOn = true;
      } finally {
        event.close();
        if (!goesOn) this.close();
      }
    }
  }

  /**
   * A promise that is fulfilled once `next(0)` or `read(most, 0)` need not wait: data has come, or the end. It takes nothing.
   * The first `next(0)` may find only a part of an event.
   */
  ready(): Promise<void> {
    return whenReady(this.#incoming.key());
  }

  /** As the other iterator; meanwhile timers and promises have their turns. */
  async *[Symbol.asyncIterator](): AsyncIterator<ServerEvent> {
    for (;;) {
      await this.ready();
      const event = this.#come();
      if (event === 'nothing') continue;
      if (event === undefined) return;
      let goesOn = false;
      try {
        yield event;
        goesOn = true;
      } finally {
        event.close();
        if (!goesOn) this.close();
      }
    }
  }

  #come(): ServerEvent | undefined | 'nothing' {
    try {
      return this.next(0);
    } catch (error) {
      if (error instanceof HttpError && error.code === 'timeout') return 'nothing';
      throw error;
    }
  }

  /** The next bytes as they came (not decoded), at most `most` of them; `undefined` at the end. */
  read(most: number = PIECE, within?: Seconds): Uint8Array | undefined {
    return failing(() => this.#incoming.read(most, limit(within))) ?? undefined;
  }

  /**
   * Counts tokens of a language model (`llm_` metrics). The defaults are those of an OpenAI-compatible server: `text` is the
   * JSON pointer of texts in the events' data, `total` that of the server's own count. May be called again for texts in
   * other places.
   */
  countTokens(text: string = OPENAI_TEXT, total: string | undefined = OPENAI_TOTAL): void {
    failing(() => this.#incoming.countTokens(text, total));
  }

  /** The id of the last event that came; empty if there was none. */
  get lastEventId(): string {
    return this.#incoming.lastEventId();
  }

  /** How many seconds the stream asks its clients to wait before they reconnect. */
  get retry(): number | undefined {
    const nanoseconds = this.#incoming.retry();
    return nanoseconds === undefined || nanoseconds === null ? undefined : number(nanoseconds) / 1e9;
  }

  /**
   * Sends a request that continues this stream: the id of its last event goes along as `last-event-id`, and it counts as a
   * reconnect. Wait before, as browsers do: `sleep(feed.retry ?? 3)`.
   */
  reopen(url: string, options: RequestOptions & { method?: string } = {}): Stream {
    const request = lower(options.method ?? 'GET', url, options);
    return new Stream(failing(() => host.Incoming.reopen(this.#incoming, request)));
  }

  /** Gives up the rest, and closes the connection. Without it that happens when the engine finds the stream to be garbage. */
  close(): void {
    if (!this.#isClosed) drop(this.#incoming);
    this.#isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A request whose body is written while it is sent.
 *
 * ```ts
 * const upload = streaming.upload('POST', '/lines');
 * for (let line = 0; line < 3; line++) upload.write(`${line}\n`);
 * const response = upload.finish();
 * ```
 */
export class Upload {
  readonly #outgoing: host.Outgoing;
  #response: Stream | undefined;

  /** @internal */
  constructor(outgoing: host.Outgoing) {
    this.#outgoing = outgoing;
  }

  /** Sends a piece: text (as UTF-8), bytes, or a blob from the host's memory. Waits while more than 64 KiB are unsent. */
  write(piece: string | ArrayBuffer | ArrayBufferView | Blob): void {
    if (piece instanceof Blob) failing(() => this.#outgoing.writeFrom(piece.held()));
    else failing(() => this.#outgoing.write(typeof piece === 'string' ? encodeUtf8(piece) : bytesOf(piece)));
  }

  /** Waits for the head of the response, which may come before the end of the body. */
  response(): Stream {
    this.#response ??= new Stream(this.#outgoing.response());
    return this.#response;
  }

  /** Ends the body, and waits for the head of the response. */
  finish(): Stream {
    failing(() => this.#outgoing.finish());
    return this.response();
  }
}

/** Sends a request and waits for the head of its response. Throws `HttpError` without one; a status code is no error. */
export function request(method: string, url: string, options: RequestOptions = {}): Stream {
  needHost('an HTTP request');
  const lowered = lower(method, url, options);
  return new Stream(failing(() => host.Incoming.open(lowered)));
}

/** GET: `streaming.get('/feed', { headers: { accept: 'text/event-stream' } })`. */
export function get(url: string, options?: RequestOptions): Stream {
  return request('GET', url, options);
}

/** POST: `streaming.post('/v1/chat/completions', { json: { stream: true, ... } })`. */
export function post(url: string, options?: RequestOptions): Stream {
  return request('POST', url, options);
}

/** Begins to send a request whose body is written piece by piece; with a length in bytes, or in chunks. */
export function upload(method: string, url: string, options: RequestOptions & { length?: number } = {}): Upload {
  needHost('an HTTP request');
  const length = options.length === undefined ? undefined : u64(options.length);
  const lowered = lower(method, url, options);
  return new Upload(failing(() => host.Outgoing.start(lowered, length)));
}

function limit(within: Seconds | undefined): ReturnType<typeof u64> {
  return u64(within === undefined ? FOREVER : nanoseconds(within));
}

/** Calls the host; its error becomes one of JavaScript. */
function failing<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromHost(error);
  }
}
