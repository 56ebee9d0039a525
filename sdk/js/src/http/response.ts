// A response. Only requested values are copied out of the host.
//
// It is the host's own resource, with properties instead of the contract's functions. An object around it would be
// nicer to write, but for a script that only reads the status it would cost as much as the request itself.

import { http, number } from '../host.ts';

/** The time that a request spent in each phase, in milliseconds. After redirects: the last request of the chain. */
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

/** A complete response. The host holds it until this is garbage. */
export interface Response extends Disposable {
  /** The status code. */
  readonly status: number;
  /** The reason phrase after it, as the server wrote it: `'Not Found'`. Often empty. @internal */
  readonly reason: string;
  /** The protocol that it came in: `'HTTP/1.1'` or `'HTTP/2.0'`. */
  readonly protocol: string;
  /** Whether the status code is one of 200 to 299. */
  readonly ok: boolean;
  /** The value of the first header field of that name, in any case. */
  header(name: string): string | undefined;
  /** All header fields in the order of their arrival, names in lower case. */
  readonly headers: [name: string, value: string][];
  /** The body, decoded; empty if it was discarded. Copied from the host at each call. */
  bytes(): Uint8Array;
  /** The size of the body in bytes; 0 if it was discarded. The body stays with the host. */
  readonly size: number;
  /** The body as text; bytes that are not UTF-8 are replaced. Copied from the host at each call. */
  text(): string;
  /** The body, read as JSON: `page.json<Listing>().products`. An error reports the mistake. */
  json<T = any>(): T;
  /** The URL that answered: after redirects, the last one. */
  readonly url: string;
  /** The time that the request spent in each phase, in milliseconds. */
  readonly timings: Timings;
  /** Lets the host forget the response at once. Without it that happens when the engine finds it to be garbage. */
  [Symbol.dispose](): void;
}

/** The class of responses, for `instanceof`. */
export const Response = http.Response as unknown as abstract new () => Response;

// The contract's functions. They belong to the class already, so the engine calls them directly.
const { status, reason, protocol, header, headers, body, size, text, url, timings } = Response.prototype as unknown as Record<
  'status' | 'reason' | 'protocol' | 'header' | 'headers' | 'body' | 'size' | 'text' | 'url' | 'timings',
  (this: Response, name?: string) => any
>;

/** Properties that need more than one function of the contract. */
const more = {
  get ok(): boolean {
    const code = status.call(this as Response);
    return code >= 200 && code < 300;
  },
  header(this: Response, name: string): string | undefined {
    return header.call(this, name) ?? undefined;
  },
  get size(): number {
    return number(size.call(this as unknown as Response));
  },
  json(this: Response): unknown {
    const json = text.call(this);
    try {
      return JSON.parse(json);
    } catch (error) {
      throw new SyntaxError(`response is not JSON: ${(error as Error).message}`);
    }
  },
  get timings(): Timings {
    return milliseconds(timings.call(this as unknown as Response));
  },
};

Object.defineProperties(Response.prototype, {
  ...Object.getOwnPropertyDescriptors(more),
  status: { get: status },
  reason: { get: reason },
  protocol: { get: protocol },
  headers: { get: headers },
  bytes: { value: body },
  url: { get: url },
});

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
