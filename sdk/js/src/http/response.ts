// A response that has arrived. What is not asked for is not copied out of the host.

import { type http, drop, number } from '../host.ts';

/** What a request cost, phase by phase, in milliseconds. After redirects: the last request of the chain. */
export interface Timings {
  /** Waiting for a free connection, name look-up included. */
  readonly blocked: number;
  /** Opening the TCP connection; 0 on one that was already open. */
  readonly connecting: number;
  /** The TLS handshake; 0 without TLS or on an open connection. */
  readonly tlsHandshaking: number;
  /** Writing the request. */
  readonly sending: number;
  /** From the last byte written to the first byte read. */
  readonly waiting: number;
  /** From the first byte read to the last. */
  readonly receiving: number;
  /** Sending, waiting and receiving together: what `http_req_duration` measures. */
  readonly duration: number;
}

/** A response that has arrived whole. The host holds it until this is garbage. */
export class Response implements Disposable {
  readonly #inner: http.Response;

  /** @internal */
  constructor(inner: http.Response) {
    this.#inner = inner;
  }

  /** The status code. */
  get status(): number {
    return this.#inner.status();
  }

  /** Whether the status code is one of 200 to 299. */
  get ok(): boolean {
    const status = this.status;
    return status >= 200 && status < 300;
  }

  /** The value of the first header field of that name, in any case. */
  header(name: string): string | undefined {
    return this.#inner.header(name) ?? undefined;
  }

  /** All header fields in the order in which they came, names in lower case. */
  get headers(): [name: string, value: string][] {
    return this.#inner.headers() as [string, string][];
  }

  /** The body, decoded; empty if it was discarded. Copied from the host at each call. */
  bytes(): Uint8Array {
    return this.#inner.body();
  }

  /** The size of the body in bytes; 0 if it was discarded. The body stays with the host. */
  get size(): number {
    return number(this.#inner.size());
  }

  /** The body as text; bytes that are not UTF-8 are replaced. Copied from the host at each call. */
  text(): string {
    return this.#inner.text();
  }

  /** The body, read as JSON: `page.json<Listing>().products`. An error says what is wrong with it. */
  json<T = any>(): T {
    const text = this.#inner.text();
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new SyntaxError(`response is not JSON: ${(error as Error).message}`);
    }
  }

  /** The URL that answered: after redirects, the last one. */
  get url(): string {
    return this.#inner.url();
  }

  /** What the request cost, phase by phase, in milliseconds. */
  get timings(): Timings {
    return milliseconds(this.#inner.timings());
  }

  /** Lets the host forget the response at once. Without it that happens when the engine finds it to be garbage. */
  [Symbol.dispose](): void {
    drop(this.#inner);
  }
}

/** The host's nanoseconds in milliseconds. */
export function milliseconds(timings: http.Timings): Timings {
  const sending = number(timings.sending) / 1e6;
  const waiting = number(timings.waiting) / 1e6;
  const receiving = number(timings.receiving) / 1e6;
  return {
    blocked: number(timings.blocked) / 1e6,
    connecting: number(timings.connecting) / 1e6,
    tlsHandshaking: number(timings.tlsHandshaking) / 1e6,
    sending,
    waiting,
    receiving,
    duration: sending + waiting + receiving,
  };
}
