// Features of the engines beyond the language, and modules whose types TypeScript cannot find by itself.

declare function atob(text: string): string;
declare function btoa(text: string): string;
declare function queueMicrotask(job: () => void): void;
declare function setTimeout(job: (...values: any[]) => void, milliseconds?: number, ...values: any[]): number;
declare function setInterval(job: (...values: any[]) => void, milliseconds?: number, ...values: any[]): number;
declare function clearTimeout(timer: number): void;
declare function clearInterval(timer: number): void;

/** There with `--engine starlingmonkey`. URLs are whole: `fetch(target() + '/products')`. */
declare function fetch(
  url: string,
  options?: { method?: string; headers?: Record<string, string>; body?: string | ArrayBuffer | ArrayBufferView },
): Promise<FetchResponse>;

interface FetchResponse {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
  json(): Promise<any>;
  arrayBuffer(): Promise<ArrayBuffer>;
}

declare var console: Record<'log' | 'info' | 'debug' | 'warn' | 'error' | 'trace', (...values: unknown[]) => void>;

interface TextEncoder {
  readonly encoding: string;
  encode(text?: string): Uint8Array;
}
declare var TextEncoder: { new (): TextEncoder };

interface TextDecoder {
  readonly encoding: string;
  decode(data?: ArrayBuffer | ArrayBufferView): string;
}
declare var TextDecoder: { new (): TextDecoder };

interface Uint8Array {
  toBase64(options?: { alphabet?: 'base64' | 'base64url'; omitPadding?: boolean }): string;
  toHex(): string;
}

interface Uint8ArrayConstructor {
  fromBase64(text: string, options?: { alphabet?: 'base64' | 'base64url' }): Uint8Array;
  fromHex(text: string): Uint8Array;
}

/** `.proto` files are imported as their texts. */
declare module '*.proto' {
  const text: string;
  export default text;
}

declare module 'promise-polyfill' {
  const PromiseOfLibrary: PromiseConstructor & {
    _immediateFn(job: () => void): void;
    _unhandledRejectionFn(error: unknown): void;
  };
  export default PromiseOfLibrary;
}
