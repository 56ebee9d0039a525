/// <reference path="./squall-scenario-data.d.ts" />
/// <reference path="./squall-scenario-http.d.ts" />
declare module 'squall:scenario/grpc@0.1.0' {
  /**
   * Makes a unary call, and waits for its end.
   */
  export function invoke(channel: Channel, method: Method, message: Payload, options: CallOptions | undefined): Reply;
  export type Blob = import('squall:scenario/data@0.1.0').Blob;
  export type Timings = import('squall:scenario/http@0.1.0').Timings;
  /**
   * Why there is no status.
   */
  export type Error = ErrorTimeout | ErrorDns | ErrorConnect | ErrorTls | ErrorReset | ErrorProtocol | ErrorTooLarge | ErrorRefusedByPolicy | ErrorInvalidRequest | ErrorOther;
  /**
   * The time allowed was over.
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
   * No connection.
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
   * The server reset the call, or the connection was lost.
   */
  export interface ErrorReset {
    tag: 'reset',
    val: string,
  }
  /**
   * The response breaks the rules of HTTP/2 or gRPC, or a message is not of its type.
   */
  export interface ErrorProtocol {
    tag: 'protocol',
    val: string,
  }
  /**
   * A message, or a response, is larger than allowed.
   */
  export interface ErrorTooLarge {
    tag: 'too-large',
    val: string,
  }
  /**
   * The run's policy does not allow the server. Nothing was sent.
   */
  export interface ErrorRefusedByPolicy {
    tag: 'refused-by-policy',
    val: string,
  }
  /**
   * There is no such method, the message is not of its type, or a setting is wrong. Nothing was sent.
   */
  export interface ErrorInvalidRequest {
    tag: 'invalid-request',
    val: string,
  }
  /**
   * Anything else.
   */
  export interface ErrorOther {
    tag: 'other',
    val: string,
  }
  /**
   * A message to send.
   */
  export type Payload = PayloadJson | PayloadBinary | PayloadHeld;
  /**
   * By protobuf's JSON mapping. Empty text is a message without fields.
   */
  export interface PayloadJson {
    tag: 'json',
    val: string,
  }
  /**
   * As it is sent, without its frame.
   */
  export interface PayloadBinary {
    tag: 'binary',
    val: Uint8Array,
  }
  /**
   * The same, from the host's memory.
   */
  export interface PayloadHeld {
    tag: 'held',
    val: Blob,
  }
  
  export class Call implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Begins the call. Does not wait for a connection.
    */
    static start(channel: Channel, method: Method, options: CallOptions | undefined): Call;
    /**
    * Sends a message. Waits while more than 64 KiB are unsent.
    */
    send(message: Payload): void;
    /**
    * Ends the messages of the client. The server's may go on.
    */
    finish(): void;
    /**
    * The next message; none when the server has ended the call: see `reply`. At most 1 MiB waits for the guest; beyond that
    * the host stops reading.
    */
    receive(ns: bigint): Message | undefined;
    /**
    * How the call ended; none before its end.
    */
    reply(): Reply | undefined;
    /**
    * Its key for `waiting`.
    */
    key(): number;
    [Symbol.dispose](): void;
  }
  
  export class CallOptions implements Disposable {
    constructor()
    /**
    * What the call is counted under, in place of "package.Service/Method".
    */
    setName(name: string): void;
    /**
    * Tags for thresholds, as `http.request-options.set-tags` has them.
    */
    setTags(tags: Array<[string, string]>): void;
    /**
    * How long the call may take in all, in nanoseconds. Sent as `grpc-timeout`, too. Default: that of requests for unary
    * calls, and none for streams.
    */
    setTimeout(ns: bigint): void;
    /**
    * Adds metadata. Keys are put into lower case.
    */
    addMetadata(key: string, value: string): void;
    /**
    * Adds metadata whose key ends in "-bin".
    */
    addBinaryMetadata(key: string, value: Uint8Array): void;
    /**
    * Which status codes count as expected. Default: 0.
    */
    setExpectedStatuses(codes: Uint32Array): void;
    /**
    * Whether messages that come are measured and thrown away. Default: `false`.
    */
    setDiscard(discard: boolean): void;
    /**
    * Whether messages are sent compressed. Those that come may always be.
    */
    setGzip(gzip: boolean): void;
    [Symbol.dispose](): void;
  }
  
  export class Channel implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Of "host:port", "grpc://host:port" (without TLS) or "grpcs://host:port". Default: the run's target.
    */
    static open(target: string | undefined, options: ChannelOptions | undefined): Channel;
    [Symbol.dispose](): void;
  }
  
  export class ChannelOptions implements Disposable {
    constructor()
    /**
    * Whether there is no TLS, where the target does not say so. Default: `false`.
    */
    setPlaintext(plaintext: boolean): void;
    /**
    * What is sent as `:authority`, in place of host and port of the target.
    */
    setAuthority(authority: string): void;
    /**
    * The largest message that is sent, in bytes. Default: 2 GiB.
    */
    setSendLimit(bytes: bigint): void;
    /**
    * The largest message that is received, in bytes. Default: 4 MiB.
    */
    setReceiveLimit(bytes: bigint): void;
    [Symbol.dispose](): void;
  }
  
  export class Message implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * By protobuf's JSON mapping. Fields that are not set have their defaults; messages and `optional` fields that are not
    * set are left out.
    */
    json(): string;
    /**
    * As it came, without its frame.
    */
    bytes(): Uint8Array;
    /**
    * The time of the read that completed it, on the run's clock (`timing.now`).
    */
    at(): bigint;
    [Symbol.dispose](): void;
  }
  
  export class Method implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Whether the client may send several messages.
    */
    clientStreams(): boolean;
    /**
    * Whether the server may send several messages.
    */
    serverStreams(): boolean;
    [Symbol.dispose](): void;
  }
  
  export class Reply implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * The status code; 0 is OK.
    */
    status(): number;
    /**
    * The server's text about it.
    */
    statusMessage(): string;
    /**
    * The details of the status (`grpc-status-details-bin`) as a JSON array. Types that the schema lacks have their bytes in
    * base64.
    */
    details(): string;
    /**
    * The message of a unary call, if there is one.
    */
    message(): Message | undefined;
    /**
    * What came before the messages, names in lower case. Values of "-bin" are in base64.
    */
    headers(): Array<[string, string]>;
    /**
    * What came after them.
    */
    trailers(): Array<[string, string]>;
    /**
    * How long each phase took.
    */
    timings(): Timings;
    [Symbol.dispose](): void;
  }
  
  export class Schema implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Of `.proto` files: their names, as they are imported, and their texts.
    */
    static parse(files: Array<[string, string]>): Schema;
    /**
    * Of a serialised `FileDescriptorSet` (`protoc --include_imports --descriptor_set_out`).
    */
    static load(descriptors: Uint8Array): Schema;
    /**
    * What the server tells of itself: by its reflection service, v1 or else v1alpha. Asked once for
    * all virtual users; the questions are no part of the load, and are not counted.
    */
    static reflect(channel: Channel, options: CallOptions | undefined): Schema;
    /**
    * The method of that full name: "package.Service/Method".
    */
    method(name: string): Method;
    /**
    * The full names of all methods, sorted.
    */
    methods(): Array<string>;
    [Symbol.dispose](): void;
  }
}
