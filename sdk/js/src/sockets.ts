// Bytes over TCP, with TLS if asked for, and datagrams over UDP: for protocols that a script speaks itself. A component
// imports the contract's interface for them only if its script does import this module.

import * as host from 'squall:scenario/sockets@0.1.0';

import { drop, number, u64 } from './host.ts';
import { fromHost } from './http/send.ts';
import { needHost } from './phase.ts';
import { nanoseconds, type Seconds } from './seconds.ts';
import { bytesOf, decodeUtf8, encodeUtf8 } from './text.ts';
import { whenReady } from './waiting.ts';

/** How long a call waits, in seconds, unless it is told otherwise. */
const TIMEOUT = 60;
/** Bytes of a `receive` whose caller does not care. */
const PIECE = 64 * 1024;
/** The longest line, in bytes. */
const LONGEST_LINE = 1024 * 1024;

/** Text (as UTF-8), or bytes. */
export type Data = string | ArrayBuffer | ArrayBufferView;

/** Settings of a socket. */
export interface SocketOptions {
  /** What its samples are counted under, instead of its address. */
  name?: string;
  /** How long opening may take, and each call that receives. 60 seconds unless said otherwise. */
  timeout?: Seconds;
}

/** Settings of a TCP connection. */
export interface ConnectOptions extends SocketOptions {
  /** Speaks TLS: `true`, or the name of a server that is not called as its address is. */
  tls?: boolean | string;
}

/**
 * A TCP connection.
 *
 * ```ts
 * const redis = sockets.connect('127.0.0.1:6379');
 * redis.send('PING\r\n');
 * check('Redis answers', redis.receiveLine() === '+PONG\r\n');
 * ```
 *
 * Calls that receive return `undefined` when the connection has ended. If nothing comes in time, they throw an `HttpError`
 * with the code `'timeout'`: nothing is lost then, and they can be called again. With 0 they only look.
 */
export class TcpSocket {
  readonly #tcp: host.Tcp;
  readonly #timeout: Seconds;
  #isClosed = false;

  /** @internal */
  constructor(tcp: host.Tcp, timeout: Seconds) {
    this.#tcp = tcp;
    this.#timeout = timeout;
  }

  /**
   * Sends data. Waits only while more than 64 KiB are unsent. Returns the time at which the last byte was written, in seconds
   * since the run began, as `now()`; or that of the call, if the socket does not take it now.
   */
  send(data: Data): number {
    return number(failing(() => this.#tcp.send(lower(data)))) / 1e9;
  }

  /** The bytes that have come, at most `most` of them. */
  receive(most: number = PIECE, within?: Seconds): Uint8Array | undefined {
    return failing(() => this.#tcp.receive(most, this.#limit(within))) ?? undefined;
  }

  /** The bytes up to a delimiter, and the delimiter, which must be within `most` bytes. */
  receiveUntil(delimiter: Data, most: number = LONGEST_LINE, within?: Seconds): Uint8Array | undefined {
    return failing(() => this.#tcp.receiveUntil(lower(delimiter), most, this.#limit(within))) ?? undefined;
  }

  /** A line of text, with its line end; at most 1 MiB. */
  receiveLine(within?: Seconds): string | undefined {
    const line = this.receiveUntil('\n', LONGEST_LINE, within);
    return line === undefined ? undefined : decodeUtf8(line);
  }

  /** Exactly that many bytes. */
  receiveExactly(count: number, within?: Seconds): Uint8Array | undefined {
    return failing(() => this.#tcp.receiveExactly(count, this.#limit(within))) ?? undefined;
  }

  #limit(within: Seconds = this.#timeout): ReturnType<typeof u64> {
    return u64(nanoseconds(within));
  }

  /**
   * A promise that is fulfilled once a call need not wait: the last one that had to wait, or else `receive`. Timers and other
   * streams have their turns meanwhile: `await Promise.race([redis.ready(), news.ready()])`.
   */
  ready(): Promise<void> {
    return whenReady(this.#tcp.key());
  }

  /** The time at which the last byte received had come, in seconds since the run began, as `now()`. */
  get at(): number {
    return number(this.#tcp.at()) / 1e9;
  }

  /** Ends sending, as soon as all is written. The server can still send. */
  finish(): void {
    this.#tcp.finish();
  }

  /** Closes the connection. Without it that happens when the engine finds the socket to be garbage. */
  close(): void {
    if (!this.#isClosed) drop(this.#tcp);
    this.#isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A UDP socket, connected to one address.
 *
 * ```ts
 * const dns = sockets.udp('127.0.0.1:53', { timeout: 2 });
 * dns.send(query);
 * const answer = dns.receive();
 * ```
 */
export class UdpSocket {
  readonly #udp: host.Udp;
  readonly #timeout: Seconds;
  #isClosed = false;

  /** @internal */
  constructor(udp: host.Udp, timeout: Seconds) {
    this.#udp = udp;
    this.#timeout = timeout;
  }

  /** Sends a datagram of at most 65,507 bytes. Returns when, in seconds since the run began, as `now()`. */
  send(datagram: Data): number {
    return number(failing(() => this.#udp.send(lower(datagram)))) / 1e9;
  }

  /** The next datagram. Throws an `HttpError` with the code `'timeout'` if none comes in time. With 0 it only looks. */
  receive(within: Seconds = this.#timeout): Uint8Array {
    return failing(() => this.#udp.receive(u64(nanoseconds(within))));
  }

  /** A promise that is fulfilled once a datagram has come. */
  ready(): Promise<void> {
    return whenReady(this.#udp.key());
  }

  /** The time at which the last datagram received had come, in seconds since the run began, as `now()`. */
  get at(): number {
    return number(this.#udp.at()) / 1e9;
  }

  /** Closes the socket. */
  close(): void {
    if (!this.#isClosed) drop(this.#udp);
    this.#isClosed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Connects to "host:port"; an empty text stands for host and port of the run's target. Throws an `HttpError` if there is no
 * connection.
 */
export function connect(address: string, options: ConnectOptions = {}): TcpSocket {
  needHost('a socket');
  const { name = '', timeout = TIMEOUT, tls = false } = options;
  const server = tls === false ? undefined : tls === true ? '' : tls;
  return new TcpSocket(failing(() => host.Tcp.open(name, address, server, u64(nanoseconds(timeout)))), timeout);
}

/** Opens a UDP socket for "host:port"; an empty text stands for host and port of the run's target. Nothing is sent. */
export function udp(address: string, options: SocketOptions = {}): UdpSocket {
  needHost('a socket');
  const { name = '', timeout = TIMEOUT } = options;
  return new UdpSocket(failing(() => host.Udp.open(name, address)), timeout);
}

function lower(data: Data): Uint8Array {
  return typeof data === 'string' ? encodeUtf8(data) : bytesOf(data);
}

/** Calls the host; its error becomes one of JavaScript. */
function failing<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    throw fromHost(error);
  }
}
