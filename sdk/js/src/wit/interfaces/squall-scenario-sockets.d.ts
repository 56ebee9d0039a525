/// <reference path="./squall-scenario-http.d.ts" />
declare module 'squall:scenario/sockets@0.1.0' {
  export type Error = import('squall:scenario/http@0.1.0').Error;
  
  export class Tcp implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Opens a connection within `ns` nanoseconds. With `tls`, the name of the server (empty: the address's host), it
    * speaks TLS; no protocol is offered (ALPN).
    */
    static open(name: string, address: string, tls: string | undefined, ns: bigint): Tcp;
    /**
    * Sends bytes. Waits only while more than 64 KiB are unsent. Returns the time at which the last byte was written, on
    * the run's clock (`timing.now`); if the socket does not take it now, the time of the call.
    */
    send(bytes: Uint8Array): bigint;
    /**
    * The bytes that have come, at most `most` of them; none at the end of the connection.
    */
    receive(most: number, ns: bigint): Uint8Array | undefined;
    /**
    * The bytes up to a delimiter of at most 256 bytes, and the delimiter; `too-large` if it is not within `most` bytes.
    * None if the connection has ended; `reset` if it ended after the first byte. Bytes without a delimiter stay, for
    * `receive`.
    */
    receiveUntil(delimiter: Uint8Array, most: number, ns: bigint): Uint8Array | undefined;
    /**
    * Exactly that many bytes. Otherwise as `receive-until`.
    */
    receiveExactly(count: number, ns: bigint): Uint8Array | undefined;
    /**
    * The time of the read that brought the last byte received, on the run's clock.
    */
    at(): bigint;
    /**
    * Ends sending, as soon as all is written: `send` is an invalid request from now on. The server can still send.
    */
    finish(): void;
    /**
    * For `waiting`. Ready when bytes have come, or the end; after a call that had to wait, when that call would return.
    */
    key(): number;
    [Symbol.dispose](): void;
  }
  
  export class Udp implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Opens a socket. Nothing is sent.
    */
    static open(name: string, address: string): Udp;
    /**
    * Sends a datagram of at most 65,507 bytes. Returns when, on the run's clock.
    */
    send(datagram: Uint8Array): bigint;
    /**
    * The next datagram.
    */
    receive(ns: bigint): Uint8Array;
    /**
    * The time at which the last datagram received had come, on the run's clock.
    */
    at(): bigint;
    /**
    * For `waiting`. Ready when a datagram has come.
    */
    key(): number;
    [Symbol.dispose](): void;
  }
}
