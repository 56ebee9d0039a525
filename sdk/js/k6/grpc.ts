// The module `k6/net/grpc`.

import * as grpc from '../src/grpc.ts';
import { HttpError, type HttpErrorCode } from '../src/http/error.ts';
import { log } from '../src/log.ts';
import { isBuilding } from '../src/phase.ts';
import { bytesOf, type HeldFile } from './held.ts';
import { open } from './open.ts';
import { duration } from './options.ts';
import { loadProtos } from './protos.ts';
import { tagsOf } from './tags.ts';

export const StatusOK = 0;
export const StatusCanceled = 1;
export const StatusUnknown = 2;
export const StatusInvalidArgument = 3;
export const StatusDeadlineExceeded = 4;
export const StatusNotFound = 5;
export const StatusAlreadyExists = 6;
export const StatusPermissionDenied = 7;
export const StatusResourceExhausted = 8;
export const StatusFailedPrecondition = 9;
export const StatusAborted = 10;
export const StatusOutOfRange = 11;
export const StatusUnimplemented = 12;
export const StatusInternal = 13;
export const StatusUnavailable = 14;
export const StatusDataLoss = 15;
export const StatusUnauthenticated = 16;

export const HealthCheckUnknown = 0;
export const HealthCheckServing = 1;
export const HealthCheckNotServing = 2;
// As k6 spells it.
export const HealthCheckServiceUnkown = 3;

const SERVING = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
/** How long a unary call may take, in seconds. */
const TIMEOUT = 120;

/** What stands for the status of a call that has none. */
const CODES: Partial<Record<HttpErrorCode, number>> = {
  timeout: StatusDeadlineExceeded,
  'too-large': StatusResourceExhausted,
  protocol: StatusInternal,
};

export interface ConnectParams {
  plaintext?: boolean;
  reflect?: boolean;
  reflectMetadata?: Metadata;
  timeout?: string | number;
  maxReceiveSize?: number;
  maxSendSize?: number;
  tls?: Record<string, unknown>;
  authority?: string;
  connectionSharing?: boolean;
}

export interface Params {
  metadata?: Metadata;
  tags?: Record<string, unknown>;
  timeout?: string | number;
  discardResponseMessage?: boolean;
}

type Metadata = Record<string, string | ArrayBuffer | ArrayBufferView>;

export interface GrpcError {
  code: number;
  message: string;
  details: any[];
}

export interface Response {
  status: number;
  message: any;
  headers: Record<string, string[]>;
  trailers: Record<string, string[]>;
  error: GrpcError | null;
}

const CONNECT_PARAMS = [
  'plaintext', 'reflect', 'reflectMetadata', 'timeout', 'maxReceiveSize', 'maxSendSize', 'tls', 'authority', 'connectionSharing',
];
const CALL_PARAMS = ['metadata', 'tags', 'timeout', 'discardResponseMessage'];

/** A client: its `.proto` files are loaded at the top level of the script, its connection is opened by the first call. */
export class Client {
  #protos: Record<string, string> = {};
  #sets: ArrayBuffer[] = [];
  #schemas: grpc.Schema[] | undefined;
  #reflected: grpc.Schema | undefined;
  #channel: grpc.Channel | undefined;

  /** Loads `.proto` files, which are looked for in the folders of `importPaths`, or beside the script. */
  load(importPaths: readonly string[] | null | undefined, ...names: string[]): void {
    Object.assign(this.#protos, loadProtos(importPaths ?? [], names));
    this.#schemas = undefined;
  }

  /** Loads a file of descriptors. */
  loadProtoset(name: string): void {
    const content = open(name, 'b') as ArrayBuffer | HeldFile;
    this.#sets.push(bytesOf(content).slice().buffer as ArrayBuffer);
    this.#schemas = undefined;
  }

  connect(address: string, params?: ConnectParams | null): boolean {
    if (isBuilding()) throw new Error('connecting to a gRPC server in the init context is not supported');
    const own = known(params, CONNECT_PARAMS, 'connect param');
    if (own.tls) log.warn('the parameter "tls" of connect is ignored: certificates are options of the run (--client-cert, --cacert)');
    this.close();
    this.#channel = grpc.connect(address, {
      // Otherwise the address would have to say so.
      plaintext: own.plaintext === true,
      authority: own.authority || undefined,
      receiveLimit: own.maxReceiveSize || undefined,
      sendLimit: own.maxSendSize || undefined,
    });
    if (own.reflect) {
      const options = { metadata: metadataOf(own.reflectMetadata), timeout: timeOf(own.timeout) ?? 60 };
      this.#reflected = grpc.Schema.reflect(this.#channel, options);
    }
    return true;
  }

  /** Makes a unary call. */
  invoke(method: string, message: object, params?: Params | null): Response {
    const { channel, found } = this.call(method);
    if (message === null || message === undefined) throw new Error('request cannot be nil');
    const own = known(params, CALL_PARAMS, 'param');
    try {
      return responseOf(channel.invoke(found, message, { ...optionsOf(own), timeout: timeOf(own.timeout) ?? TIMEOUT }));
    } catch (error) {
      if (!(error instanceof HttpError) || error.code === 'invalid-request') throw error;
      return failed(error);
    }
  }

  /** The same, as a promise. */
  asyncInvoke(method: string, message: object, params?: Params | null): Promise<Response> {
    return new Promise((resolve) => resolve(this.invoke(method, message, params)));
  }

  /** Asks the server's health service for a service, or for the whole server. */
  healthCheck(service = ''): { status: number } {
    const { status, message, error } = this.invoke('grpc.health.v1.Health/Check', { service });
    if (status !== StatusOK) throw new Error(`rpc error: code = ${status} desc = ${error?.message ?? ''}`);
    return { status: SERVING.indexOf(message.status) };
  }

  /** No calls can be made until the next `connect`. */
  close(): void {
    this.#channel?.close();
    this.#channel = undefined;
  }

  /** The channel, and the method of that name. @internal */
  call(name: string): { channel: grpc.Channel; found: grpc.Method } {
    if (this.#channel === undefined) throw new Error('no gRPC connection, you must call connect first');
    return { channel: this.#channel, found: this.#method(name) };
  }

  #method(name: string): grpc.Method {
    if (!name) throw new Error('method to invoke cannot be empty');
    let failure: unknown;
    for (const schema of [...this.#loaded(), ...(this.#reflected ? [this.#reflected] : [])]) {
      try {
        return schema.method(name);
      } catch (error) {
        failure = error;
      }
    }
    const reason = failure instanceof HttpError ? failure.detail : '';
    throw new Error(`method "${name.startsWith('/') ? name : `/${name}`}" not found in file descriptors: ${reason}`);
  }

  /** The schemas of what was loaded: made in the run, where the host has them for all virtual users. */
  #loaded(): grpc.Schema[] {
    this.#schemas ??= [
      grpc.Schema.parse(this.#protos),
      ...this.#sets.map((set) => grpc.Schema.load(set)),
    ];
    return this.#schemas;
  }
}

type Handler = (value: any, metadata: { ts: number }) => unknown;

/** A call with streams. Its handlers are called while the script waits, and at the end of the iteration. */
export class Stream {
  readonly #call: grpc.Call;
  readonly #handlers: Record<string, Handler[]> = { data: [], error: [], end: [] };
  /** Whether the first message is the last. */
  readonly #isSingle: boolean;
  #isWriting = true;

  constructor(client: Client, method: string, params?: Params | null) {
    if (!(client instanceof Client)) throw new Error("invalid GRPC Stream's client: not a gRPC client");
    const { channel, found } = client.call(method);
    const own = known(params, CALL_PARAMS, 'param');
    this.#call = channel.start(found, { ...optionsOf(own), timeout: timeOf(own.timeout) });
    this.#isSingle = !found.clientStreams;
    this.#call.watch(() => this.#come());
  }

  /** Sets a handler for `data`, `error` or `end`. */
  on(event: string, handler: Handler): void {
    if (typeof handler !== 'function') throw new Error(`handler for "${event}" event isn't a callable function`);
    const handlers = this.#handlers[event];
    if (handlers === undefined) log.warn(`can't register ${event} event handler: unknown event`);
    else handlers.push(handler);
  }

  /** Sends a message. */
  write(message: object): void {
    if (!this.#isWriting) return;
    if (message === null || message === undefined) {
      log.warn("can't send empty message");
      return;
    }
    try {
      this.#call.send(message);
      if (this.#isSingle) this.end();
    } catch (error) {
      // A call that has ended says so by its own events.
      if (!(error instanceof HttpError) || error.code === 'invalid-request') log.warn(`can't send message: ${String(error)}`);
    }
  }

  /** Ends the messages of the client. */
  end(): void {
    if (this.#isWriting) this.#call.finish();
    this.#isWriting = false;
  }

  /** Something has come: a message, or the end. */
  #come(): void {
    let message: grpc.Message | undefined;
    try {
      message = this.#call.receive(0);
    } catch (error) {
      if (error instanceof HttpError && error.code === 'timeout') return;
      if (!(error instanceof HttpError)) throw error;
      return this.#finish(errorWithout(error));
    }
    if (message === undefined) {
      const reply = this.#call.reply;
      return this.#finish(reply === undefined || reply.ok ? undefined : errorOf(reply));
    }
    try {
      this.#tell('data', message.json());
    } finally {
      message.close();
    }
  }

  #finish(error: GrpcError | undefined): void {
    this.#isWriting = false;
    this.#call.unwatch();
    this.#call.close();
    if (error !== undefined) {
      if (this.#handlers.error!.length === 0) log.warn(`no handlers for error registered, but an error happened: ${error.message}`);
      this.#tell('error', error);
    }
    this.#tell('end', {});
  }

  #tell(event: 'data' | 'error' | 'end', value: unknown): void {
    const metadata = { ts: Math.floor(Date.now() / 1e3) };
    for (const handler of this.#handlers[event]!) handler(value, metadata);
  }
}

/** Fails for settings that k6 does not have. */
function known<T extends object>(params: T | null | undefined, names: readonly string[], what: string): Partial<T> {
  for (const name in params) if (!names.includes(name)) throw new Error(`unknown ${what}: "${name}"`);
  return params ?? {};
}

/** @internal */
export function optionsOf(own: Params): grpc.CallOptions {
  const name = own.tags?.name;
  return {
    name: name === undefined ? undefined : String(name),
    tags: tagsOf(own.tags),
    metadata: metadataOf(own.metadata),
    discard: own.discardResponseMessage || undefined,
  };
}

/** k6's durations, `'5s'` or milliseconds, as text with a unit. */
function timeOf(value: string | number | undefined): string | undefined {
  return value === undefined || value === null || value === 0 ? undefined : String(duration(value));
}

function metadataOf(metadata: Metadata | null | undefined): Record<string, string | Uint8Array> | undefined {
  if (metadata === null || metadata === undefined) return undefined;
  const lowered: Record<string, string | Uint8Array> = {};
  for (const key in metadata) {
    const value = metadata[key]!;
    const isBinary = key.endsWith('-bin');
    if (isBinary === (typeof value === 'string')) {
      throw new Error(`metadata param: "${key}" value must be ${isBinary ? 'binary' : 'a string'}`);
    }
    lowered[key] = typeof value === 'string' ? value : bytesOf(value);
  }
  return lowered;
}

function responseOf(reply: grpc.Reply): Response {
  const { status } = reply;
  try {
    return {
      status,
      message: reply.json() ?? null,
      headers: fieldsOf(reply.headers),
      trailers: fieldsOf(reply.trailers),
      error: status === StatusOK ? null : errorOf(reply),
    };
  } finally {
    reply.close();
  }
}

/** @internal */
export function errorOf(reply: grpc.Reply): GrpcError {
  return { code: reply.status, message: reply.statusMessage, details: reply.details };
}

/** What stands for the answer to a call that has none. */
function failed(error: HttpError): Response {
  return { status: codeOf(error), message: null, headers: {}, trailers: {}, error: errorWithout(error) };
}

function codeOf(error: HttpError): number {
  return CODES[error.code] ?? StatusUnavailable;
}

/** @internal */
export function errorWithout(error: HttpError): GrpcError {
  return { code: codeOf(error), message: error.message, details: [] };
}

/** Fields by name. Values of `-bin` are the bytes, one for each letter, as k6 has them. */
function fieldsOf(pairs: readonly (readonly [string, string])[]): Record<string, string[]> {
  const fields: Record<string, string[]> = {};
  for (const [name, value] of pairs) (fields[name] ??= []).push(name.endsWith('-bin') ? binary(value) : value);
  return fields;
}

function binary(value: string): string {
  try {
    return atob(value);
  } catch {
    return value;
  }
}

export default {
  Client,
  Stream,
  StatusOK,
  StatusCanceled,
  StatusUnknown,
  StatusInvalidArgument,
  StatusDeadlineExceeded,
  StatusNotFound,
  StatusAlreadyExists,
  StatusPermissionDenied,
  StatusResourceExhausted,
  StatusFailedPrecondition,
  StatusAborted,
  StatusOutOfRange,
  StatusUnimplemented,
  StatusInternal,
  StatusUnavailable,
  StatusDataLoss,
  StatusUnauthenticated,
  HealthCheckUnknown,
  HealthCheckServing,
  HealthCheckNotServing,
  HealthCheckServiceUnkown,
};
