/// <reference path="./squall-scenario-data.d.ts" />
/// <reference path="./squall-scenario-http.d.ts" />
declare module 'squall:scenario/websocket@0.1.0' {
  export type Response = import('squall:scenario/http@0.1.0').Response;
  export type CookieJar = import('squall:scenario/http@0.1.0').CookieJar;
  export type Blob = import('squall:scenario/data@0.1.0').Blob;
  /**
   * The reasons why there is no connection, or no message.
   */
  export type Error = ErrorTimeout | ErrorDns | ErrorConnect | ErrorTls | ErrorHandshake | ErrorReset | ErrorProtocol | ErrorTooLarge | ErrorClosed | ErrorRefusedByPolicy | ErrorInvalidRequest | ErrorOther;
  /**
   * It did not come in time. The connection is as it was, unless it was the handshake's own limit that passed.
   */
  export interface ErrorTimeout {
    tag: 'timeout',
  }
  /**
   * The name could not be looked up.
   */
  export interface ErrorDns {
    tag: 'dns',
    val: string,
  }
  /**
   * No connection: refused, unreachable, or not in time.
   */
  export interface ErrorConnect {
    tag: 'connect',
    val: string,
  }
  /**
   * The TLS handshake failed.
   */
  export interface ErrorTls {
    tag: 'tls',
    val: string,
  }
  /**
   * The server has answered, but not with consent: see `response`.
   */
  export interface ErrorHandshake {
    tag: 'handshake',
    val: string,
  }
  /**
   * The connection was lost without a closing handshake.
   */
  export interface ErrorReset {
    tag: 'reset',
    val: string,
  }
  /**
   * What came breaks RFC 6455.
   */
  export interface ErrorProtocol {
    tag: 'protocol',
    val: string,
  }
  /**
   * A message is larger than the host allows.
   */
  export interface ErrorTooLarge {
    tag: 'too-large',
    val: string,
  }
  /**
   * Nothing can be sent: the connection is closed, or closing.
   */
  export interface ErrorClosed {
    tag: 'closed',
    val: string,
  }
  /**
   * The run's policy does not allow this target. Nothing was sent.
   */
  export interface ErrorRefusedByPolicy {
    tag: 'refused-by-policy',
    val: string,
  }
  /**
   * The URL, a header, a subprotocol, a code or a reason is invalid. Nothing was sent.
   */
  export interface ErrorInvalidRequest {
    tag: 'invalid-request',
    val: string,
  }
  /**
   * Anything that a later host may add.
   */
  export interface ErrorOther {
    tag: 'other',
    val: string,
  }
  /**
   * The kinds of what can come.
   * # Variants
   * 
   * ## `"text"`
   * 
   * ## `"binary"`
   * 
   * ## `"ping"`
   * 
   * ## `"pong"`
   * 
   * ## `"close"`
   */
  export type Kind = 'text' | 'binary' | 'ping' | 'pong' | 'close';
  
  export class ConnectOptions implements Disposable {
    /**
    * Options at their defaults.
    */
    constructor()
    /**
    * The name under which the connection is counted, instead of its URL.
    */
    setName(name: string): void;
    /**
    * Tags of the connection, instead of those that `metrics.set-tags` gave the virtual user.
    */
    setTags(tags: Array<[string, string]>): void;
    /**
    * The time limit of the handshake, name look-up included, in nanoseconds. Default: 60 s or the plan's.
    */
    setTimeout(ns: bigint): void;
    /**
    * Adds a header field to the handshake. Those of the handshake itself cannot be set.
    */
    addHeader(name: string, value: string): void;
    /**
    * Subprotocols to offer, the preferred one first.
    */
    setSubprotocols(names: Array<string>): void;
    /**
    * Whether to offer compression (`permessage-deflate`, RFC 7692). Default: `false`.
    */
    setCompression(offer: boolean): void;
    /**
    * How many bytes of messages may wait for the guest. Default: 1 MiB.
    */
    setInbox(bytes: bigint): void;
    /**
    * The jar that provides the handshake's cookies, and that keeps those of its response.
    */
    setCookieJar(jar: CookieJar): void;
    [Symbol.dispose](): void;
  }
  
  export class Connection implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Connects, and waits for the handshake. The URL is "ws://host/path" or "wss://host/path", or a path below the run's
    * `--target`. Redirects are not followed.
    */
    static open(url: string, options: ConnectOptions | undefined): Connection;
    /**
    * As `open`, without waiting. Whatever is wrong is an error of `opened`.
    */
    static start(url: string, options: ConnectOptions | undefined): Connection;
    /**
    * Waits for the handshake.
    */
    opened(ns: bigint): void;
    /**
    * The server's answer to the handshake, whatever its status; none if there was none. Of a refusal it has the body.
    */
    response(): Response | undefined;
    /**
    * The subprotocol that the server has chosen; empty if it has chosen none.
    */
    subprotocol(): string;
    /**
    * Sends a text message. Waits for the handshake, and while more than 1 MiB are unsent. Returns the time at which the
    * message was handed over, on the run's clock.
    */
    sendText(text: string): bigint;
    /**
    * As `send-text`, for a binary message.
    */
    sendBytes(bytes: Uint8Array): bigint;
    /**
    * As `send-bytes`, from the host's memory: the bytes never enter the guest.
    */
    sendFrom(blob: Blob): bigint;
    /**
    * Sends a ping. The host matches it with its pong, and records the time between them (`ws_ping`).
    */
    ping(): void;
    /**
    * Bytes that were handed over and have not been written to the socket.
    */
    buffered(): bigint;
    /**
    * The next text or binary message; none once the connection is closed.
    */
    receive(ns: bigint): Message | undefined;
    /**
    * As `receive`, but pings, pongs and the server's close are handed out, too, in their order. They are kept from the
    * first call on.
    */
    receiveAny(ns: bigint): Message | undefined;
    /**
    * As `receive`, for a guest that wants nothing but the text: bytes that are not UTF-8 are replaced.
    */
    receiveText(ns: bigint): string | undefined;
    /**
    * Begins the closing handshake; without a code, the close has none, and no reason. What the server sends until its own
    * close (for at most 10 s) can be received. Does nothing if the connection is closing already.
    */
    close(code: number | undefined, reason: string): void;
    /**
    * The server's code and reason, once it has closed: 1005 for a close without a code, 1006 for an end without a close.
    */
    closed(): [number, string] | undefined;
    /**
    * Its key for `waiting`. It is ready once the handshake is over, until `opened` has said so, and when something has come.
    */
    key(): number;
    [Symbol.dispose](): void;
  }
  
  export class Message implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * What it is.
    */
    kind(): Kind;
    /**
    * The length of its content, in bytes.
    */
    size(): bigint;
    /**
    * Its content as text; bytes that are not UTF-8 are replaced. Of a close: the reason.
    */
    text(): string;
    /**
    * Its content.
    */
    bytes(): Uint8Array;
    /**
    * The time of the read that completed it, on the run's clock (`timing.now`).
    */
    at(): bigint;
    /**
    * Of a close: its code, or 1005 if it has none. Otherwise 0.
    */
    code(): number;
    [Symbol.dispose](): void;
  }
}
