/// <reference path="./squall-scenario-data.d.ts" />
declare module 'squall:scenario/http@0.1.0' {
  /**
   * Sends a request, follows redirects, and waits for the complete response.
   * 
   * 307 and 308 repeat the request; 301, 302 and 303 make it a GET without a body (a HEAD stays one). Credentials end
   * at the origin. Another scheme, host or port gets neither `authorization`, `proxy-authorization`, the request's own
   * `cookie` nor its own `host`.
   */
  export function send(request: Request): Response;
  /**
   * Sends a GET with only a URL, and waits for the complete response: the same as `send` with a request that has no
   * headers and no body. Most requests are like that, and without a record they cost an interpreted guest less.
   */
  export function get(url: string, options: RequestOptions | undefined): Response;
  /**
   * Sends several requests at once, as a browser does, and waits for all of them. Results are in the order of the
   * requests. The host limits the number of concurrent ones (default 6 to one origin).
   */
  export function sendAll(requests: Array<Request>): Array<Result<Response, Error>>;
  /**
   * The settings of requests without their own, in this instance from now on. Later changes of `options` do not count.
   */
  export function setDefaultOptions(options: RequestOptions): void;
  /**
   * Forgets the cookies in the jar of this virtual user.
   */
  export function clearCookies(): void;
  export type Blob = import('squall:scenario/data@0.1.0').Blob;
  /**
   * The version of HTTP of a request.
   * # Variants
   * 
   * ## `"negotiated"`
   * 
   * What the server prefers of 2 and 1.1, with TLS; 1.1 without.
   * ## `"http1"`
   * 
   * HTTP/1.1.
   * ## `"http2"`
   * 
   * HTTP/2, agreed on by TLS. A server that does not speak it is the error `protocol`, a URL without TLS
   * `invalid-request`.
   * ## `"http2-prior-knowledge"`
   * 
   * HTTP/2, also without TLS.
   * ## `"http3"`
   * 
   * HTTP/3, over QUIC (experimental). A URL without TLS is `invalid-request`.
   */
  export type HttpVersion = 'negotiated' | 'http1' | 'http2' | 'http2-prior-knowledge' | 'http3';
  /**
   * One request.
   */
  export interface Request {
    /**
     * The method, in capitals: "GET".
     */
    method: string,
    /**
     * An absolute URL ("https://host/path?query"), or a path ("/path?query") below the run's `--target`.
     */
    url: string,
    /**
     * Header fields in the order in which they are sent. `host`, `content-length` and `user-agent` are added where
     * they are missing; an empty `user-agent` sends none. The host decides on the transfer of the body
     * (`transfer-encoding`).
     */
    headers: Array<[string, string]>,
    /**
     * The body, if any. Its length is sent as `content-length`.
     */
    body?: Uint8Array,
    /**
     * Settings that differ from the defaults.
     */
    options?: RequestOptions,
  }
  /**
   * The time that one request spent in each phase, in nanoseconds. After redirects: the last request of the chain.
   */
  export interface Timings {
    /**
     * Waiting for a free connection, name look-up included (`http_req_blocked`).
     */
    blocked: bigint,
    /**
     * Opening the TCP connection (`http_req_connecting`); 0 on a connection that was already open.
     */
    connecting: bigint,
    /**
     * The TLS handshake (`http_req_tls_handshaking`); 0 without TLS or on an open connection.
     */
    tlsHandshaking: bigint,
    /**
     * Writing the request (`http_req_sending`).
     */
    sending: bigint,
    /**
     * From the last byte written to the first byte read (`http_req_waiting`).
     */
    waiting: bigint,
    /**
     * From the first byte read to the last (`http_req_receiving`).
     */
    receiving: bigint,
  }
  /**
   * The reasons why there is no response. The sample is still recorded, with its elapsed time and its class.
   */
  export type Error = ErrorTimeout | ErrorDns | ErrorConnect | ErrorTls | ErrorReset | ErrorProtocol | ErrorTooLarge | ErrorTooManyRedirects | ErrorRefusedByPolicy | ErrorInvalidRequest | ErrorOther;
  /**
   * The time limit of the request passed.
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
   * The connection was closed or reset before the response was complete.
   */
  export interface ErrorReset {
    tag: 'reset',
    val: string,
  }
  /**
   * The response is not HTTP, or breaks its rules.
   */
  export interface ErrorProtocol {
    tag: 'protocol',
    val: string,
  }
  /**
   * The response is larger than the host allows.
   */
  export interface ErrorTooLarge {
    tag: 'too-large',
    val: string,
  }
  /**
   * More redirects than allowed.
   */
  export interface ErrorTooManyRedirects {
    tag: 'too-many-redirects',
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
   * The request is invalid (bad URL, header or method). Nothing was sent.
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
  export type Result<T, E> = { tag: 'ok', val: T } | { tag: 'err', val: E };
  
  export class CookieJar implements Disposable {
    /**
    * An empty jar.
    */
    constructor()
    /**
    * The jar of this virtual user.
    */
    static ofVirtualUser(): CookieJar;
    /**
    * Takes a cookie as if a response of that URL had set it: "id=7; Path=/; Max-Age=60". Returns whether it was taken.
    */
    set(url: string, cookie: string): boolean;
    /**
    * The names and values that a request of that URL would send, in that order.
    */
    get(url: string): Array<[string, string]>;
    /**
    * Forgets all cookies.
    */
    clear(): void;
    [Symbol.dispose](): void;
  }
  
  export class RequestOptions implements Disposable {
    /**
    * Options at their defaults.
    */
    constructor()
    /**
    * The name under which the request is counted, instead of its URL. Give one to every request whose URL contains an
    * identifier ("/products/17"), or each URL becomes a separate series.
    */
    setName(name: string): void;
    /**
    * The time limit of the request, redirects included, in nanoseconds. Default: 60 s or the plan's.
    */
    setTimeout(ns: bigint): void;
    /**
    * The most redirects that are followed; 0 returns the 3xx response to the guest. Default: 10 or the plan's.
    */
    setRedirects(count: number): void;
    /**
    * With `true`, the response that would be one redirect too many is returned to the guest. With `false`, the
    * default, it is the error `too-many-redirects`.
    */
    setReturnLastRedirect(returned: boolean): void;
    /**
    * With `true` the body is read off the connection, measured, and discarded. Default: `false`, or the plan's.
    */
    setDiscardBody(discard: boolean): void;
    /**
    * The expected status codes (`http_req_failed` is the share of the others), as closed ranges. They apply to
    * redirects that are followed, too. Default: 200 to 399.
    */
    setExpectedStatuses(ranges: Array<[number, number]>): void;
    /**
    * Tags of the request, instead of those that `metrics.set-tags` gave the virtual user.
    */
    setTags(tags: Array<[string, string]>): void;
    /**
    * The version of HTTP. Default: the plan's, which is `negotiated` unless it says otherwise.
    */
    setHttpVersion(version: HttpVersion): void;
    /**
    * The body of requests without their own. It is sent from the host's memory, and never enters the guest.
    */
    setBodyFrom(blob: Blob): void;
    /**
    * The jar that provides the request's cookies, and that keeps those of its responses.
    */
    setCookieJar(jar: CookieJar): void;
    /**
    * Names of cookies that the jar does not add, because the request brings its own.
    */
    setReplacedCookies(names: Array<string>): void;
    [Symbol.dispose](): void;
  }
  
  export class Response implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * The status code.
    */
    status(): number;
    /**
    * The reason phrase after it, as the server wrote it ("Not Found"); often empty.
    */
    reason(): string;
    /**
    * The value of the first header field of that name (in any case), as text; bytes that are not UTF-8 are replaced.
    */
    header(name: string): string | undefined;
    /**
    * All header fields in the order of their arrival, names in lower case.
    */
    headers(): Array<[string, string]>;
    /**
    * The body, decoded (gzip, deflate, br, zstd). Empty if it was discarded.
    */
    body(): Uint8Array;
    /**
    * The number of bytes that `body` would return, without copying them.
    */
    size(): bigint;
    /**
    * The body as text; bytes that are not UTF-8 are replaced.
    */
    text(): string;
    /**
    * The URL of the response: after redirects, the last one.
    */
    url(): string;
    /**
    * The protocol that it came in: "HTTP/1.1", "HTTP/2.0" or "HTTP/3.0".
    */
    protocol(): string;
    /**
    * The time spent in each phase.
    */
    timings(): Timings;
    [Symbol.dispose](): void;
  }
}
