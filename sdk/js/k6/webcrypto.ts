// The part of the global `crypto` that hashes and chance need. Keys and ciphers are not here.

import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';

import { randomInt } from '../src/random.ts';
import { bytesOf } from '../src/text.ts';

const HASHES: Record<string, (data: Uint8Array) => Uint8Array> = { 'SHA-1': sha1, 'SHA-256': sha256, 'SHA-384': sha384, 'SHA-512': sha512 };

/** Fills an array of whole numbers with random bytes, which the run's seed decides. */
function getRandomValues<T extends ArrayBufferView>(array: T): T {
  const bytes = bytesOf(array);
  for (let index = 0; index < bytes.length; index++) bytes[index] = randomInt(0, 255);
  return array;
}

function randomUUID(): string {
  const bytes = getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

async function digest(algorithm: string | { name: string }, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer> {
  const name = (typeof algorithm === 'string' ? algorithm : algorithm.name).toUpperCase();
  const hash = HASHES[name];
  if (hash === undefined) throw new Error(`crypto.subtle.digest does not know ${name}`);
  return hash(bytesOf(data)).slice().buffer as ArrayBuffer;
}

const subtle = new Proxy({ digest } as Record<string, unknown>, {
  get: (known, name) =>
    known[name as string] ??
    (() => {
      throw new Error(`crypto.subtle.${String(name)} is not supported: only digest is`);
    }),
});

export const webCrypto = { getRandomValues, randomUUID, subtle };
