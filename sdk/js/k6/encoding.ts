// The module `k6/encoding`.

import { bytesOf, decodeUtf8, encodeUtf8 } from '../src/text.ts';

/** Base64's kinds: with padding or without, for URLs or not. */
export type Encoding = 'std' | 'rawstd' | 'url' | 'rawurl';

/** Encodes text or bytes. */
export function b64encode(input: string | ArrayBuffer | ArrayBufferView, given?: Encoding | null): string {
  const encoding = given ?? 'std';
  const bytes = typeof input === 'string' ? encodeUtf8(input) : bytesOf(input);
  return bytes.toBase64({ alphabet: encoding.endsWith('url') ? 'base64url' : 'base64', omitPadding: encoding.startsWith('raw') });
}

/** Decodes: to bytes, or with the format `'s'` to text. */
export function b64decode(input: string, given?: Encoding | null, format?: string): ArrayBuffer | string {
  const encoding = given ?? 'std';
  const bytes = Uint8Array.fromBase64(input, { alphabet: encoding.endsWith('url') ? 'base64url' : 'base64' });
  return format === 's' ? decodeUtf8(bytes) : (bytes.buffer as ArrayBuffer);
}

export default { b64encode, b64decode };
