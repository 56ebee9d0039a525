// The module `k6/crypto`.

import { hmac as makeHmac } from '@noble/hashes/hmac.js';
import { md5 as md5Hash, ripemd160 as ripemd160Hash, sha1 as sha1Hash } from '@noble/hashes/legacy.js';
import { sha256 as sha256Hash, sha384 as sha384Hash, sha512 as sha512Hash, sha512_224 as sha512_224Hash, sha512_256 as sha512_256Hash } from '@noble/hashes/sha2.js';
import type { CHash } from '@noble/hashes/utils.js';

import { encodeUtf8 } from '../src/text.ts';
import { bytesOf } from './held.ts';
import { webCrypto } from './webcrypto.ts';

type Input = string | ArrayBuffer | ArrayBufferView;
/** The encodings of a digest. */
export type Output = 'hex' | 'base64' | 'base64url' | 'base64rawurl' | 'binary';

const HASHES: Record<string, CHash> = {
  md5: md5Hash,
  sha1: sha1Hash,
  sha256: sha256Hash,
  sha384: sha384Hash,
  sha512: sha512Hash,
  sha512_224: sha512_224Hash,
  sha512_256: sha512_256Hash,
  ripemd160: ripemd160Hash,
};

const bytes = (input: Input): Uint8Array => (typeof input === 'string' ? encodeUtf8(input) : bytesOf(input));

function hashOf(algorithm: string): CHash {
  const hash = HASHES[algorithm];
  if (hash === undefined) throw new Error(`k6/crypto does not know ${algorithm}: known are ${Object.keys(HASHES).join(', ')}`);
  return hash;
}

function write(digest: Uint8Array, output: Output): string | ArrayBuffer {
  switch (output) {
    case 'hex':
      return digest.toHex();
    case 'base64':
      return digest.toBase64();
    case 'base64url':
      return digest.toBase64({ alphabet: 'base64url' });
    case 'base64rawurl':
      return digest.toBase64({ alphabet: 'base64url', omitPadding: true });
    case 'binary':
      return digest.slice().buffer as ArrayBuffer;
    default:
      throw new Error(`k6/crypto cannot write ${output}: hex, base64, base64url, base64rawurl or binary`);
  }
}

/** A digest that is fed piece by piece. */
class Hasher {
  readonly #pieces: { update(data: Uint8Array): unknown; clone(): { digest(): Uint8Array } };
  constructor(pieces: { update(data: Uint8Array): unknown; clone(): { digest(): Uint8Array } }) {
    this.#pieces = pieces;
  }
  update(input: Input): void {
    this.#pieces.update(bytes(input));
  }
  digest(output: Output): string | ArrayBuffer {
    return write(this.#pieces.clone().digest(), output);
  }
}

export const createHash = (algorithm: string): Hasher => new Hasher(hashOf(algorithm).create());
export const createHMAC = (algorithm: string, secret: Input): Hasher => new Hasher(makeHmac.create(hashOf(algorithm), bytes(secret)));
export const hmac = (algorithm: string, secret: Input, data: Input, output: Output): string | ArrayBuffer =>
  write(makeHmac(hashOf(algorithm), bytes(secret), bytes(data)), output);

const digest = (algorithm: string) => (input: Input, output: Output): string | ArrayBuffer => write(hashOf(algorithm)(bytes(input)), output);
export const md4 = (): never => hashOf('md4') as never;
export const md5 = digest('md5');
export const sha1 = digest('sha1');
export const sha256 = digest('sha256');
export const sha384 = digest('sha384');
export const sha512 = digest('sha512');
export const sha512_224 = digest('sha512_224');
export const sha512_256 = digest('sha512_256');
export const ripemd160 = digest('ripemd160');

/** That many random bytes, which the run's seed decides. */
export function randomBytes(size: number): ArrayBuffer {
  return webCrypto.getRandomValues(new Uint8Array(size)).buffer as ArrayBuffer;
}

export default { createHash, createHMAC, hmac, md4, md5, sha1, sha256, sha384, sha512, sha512_224, sha512_256, ripemd160, randomBytes };
