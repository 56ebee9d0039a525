/// <reference path="./squall-scenario-data.d.ts" />
/// <reference path="./squall-scenario-http.d.ts" />
declare module 'squall:scenario/streaming@0.1.0' {
  export type Request = import('squall:scenario/http@0.1.0').Request;
  export type Response = import('squall:scenario/http@0.1.0').Response;
  export type Error = import('squall:scenario/http@0.1.0').Error;
  export type Blob = import('squall:scenario/data@0.1.0').Blob;
  
  export class Event implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Its type: "message" if it has none.
    */
    name(): string;
    /**
    * The id of the last event that had one, which may be this one; empty if there was none.
    */
    id(): string;
    /**
    * Its data.
    */
    data(): string;
    /**
    * The value at a JSON pointer ("/choices/0/delta/content") in its data: text unchanged, other values as JSON ("42",
    * "null", "[1,2]"). None if there is no such value, or if the data is not JSON.
    */
    get(pointer: string): string | undefined;
    /**
    * The time of the read that completed it, on the run's clock (`timing.now`).
    */
    at(): bigint;
    [Symbol.dispose](): void;
  }
  
  export class Incoming implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Sends a request, follows redirects, and waits for the head of the response. The time limit of the request ends
    * with the head.
    */
    static open(request: Request): Incoming;
    /**
    * As `open`, without waiting. An invalid request is an error of `head`.
    */
    static start(request: Request): Incoming;
    /**
    * As `open`, for a stream of events that goes on where `previous` ended: the id of its last event is sent as
    * `last-event-id`, and it counts as a reconnect (`http_stream_reconnects`). Does not wait before (see `retry`).
    */
    static reopen(previous: Incoming, request: Request): Incoming;
    /**
    * Waits for the head of the response. The returned response has no body, and its timings are those up to the head.
    */
    head(ns: bigint): Response;
    /**
    * The next bytes of the body as they came (not decoded), at most `most` of them; none at the end. A response is read
    * either by `read` or by `next-event`.
    */
    read(most: number, ns: bigint): Uint8Array | undefined;
    /**
    * The next server-sent event; none at the end of the stream. Comments are left out.
    */
    nextEvent(ns: bigint): Event | undefined;
    /**
    * Counts tokens of a language model from the first event on that was not taken: an event has tokens if its data is
    * JSON with a text that is not empty at the JSON pointer `text` ("/choices/0/delta/content"). At the pointer `total`
    * ("/usage/completion_tokens") is the server's own count; without one, each event with tokens counts as one. May be
    * called again for texts in other places, up to 8 in all.
    */
    countTokens(text: string, total: string | undefined): void;
    /**
    * The id of the last event that came, or of the stream that this one continues; empty if there was none.
    */
    lastEventId(): string;
    /**
    * How long the stream asks its clients to wait before they reconnect, in nanoseconds; none if it has not asked.
    */
    retry(): bigint | undefined;
    /**
    * For `waiting`. Ready when the head has come and was not taken; after that, when a piece or an event has come, or the
    * end.
    */
    key(): number;
    [Symbol.dispose](): void;
  }
  
  export class Outgoing implements Disposable {
    /**
     * This type does not have a public constructor.
     */
    private constructor();
    /**
    * Begins a request, which brings no body of its own. With a length, that many bytes must be written; without one,
    * the body is sent in chunks. Redirects are not followed: the body could not be sent again.
    */
    static start(request: Request, length: bigint | undefined): Outgoing;
    /**
    * Sends a piece. Waits while more than 64 KiB are unsent.
    */
    write(piece: Uint8Array): void;
    /**
    * As `write`, from the host's memory: the bytes never enter the guest.
    */
    writeFrom(blob: Blob): void;
    /**
    * Ends the body.
    */
    finish(): void;
    /**
    * The response, which may come before the end of the body. At most one call.
    */
    response(): Incoming;
    [Symbol.dispose](): void;
  }
}
