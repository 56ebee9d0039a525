// The param `compression` of requests: the body as gzip or deflate, or one in the other.

import { gzipSync, zlibSync } from 'fflate';

const METHODS: Record<string, ((body: Uint8Array) => Uint8Array) | undefined> = {
  gzip: (body) => gzipSync(body),
  deflate: (body) => zlibSync(body),
};

/** The body as the param (`'gzip'`, `'deflate, gzip'`) asks for it, and the field `content-encoding` for it. */
export function compress(body: Uint8Array, compression: string): { body: Uint8Array; encoding: string } {
  const names = compression.split(',').map((name) => name.trim());
  for (const name of names) {
    if (METHODS[name]) body = METHODS[name](body);
    else throw new Error(`unknown compression algorithm ${name}, supported algorithms are ${Object.keys(METHODS).join(' and ')}`);
  }
  return { body, encoding: names.join(', ') };
}
