// The content of a binary message as browsers hand it out. The engine has no Blob.

import { bytesOf, decodeUtf8, encodeUtf8 } from '../text.ts';

type Part = string | ArrayBuffer | ArrayBufferView | BinaryBlob;

/** Bytes that do not change. */
export class BinaryBlob {
  readonly #bytes: Uint8Array;
  readonly type: string;

  constructor(parts: readonly Part[] = [], { type = '' }: { type?: string } = {}) {
    const pieces = parts.map(pieceOf);
    this.#bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      this.#bytes.set(piece, at);
      at += piece.length;
    }
    this.type = String(type);
  }

  get size(): number {
    return this.#bytes.length;
  }

  text(): Promise<string> {
    return Promise.resolve(decodeUtf8(this.#bytes));
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return Promise.resolve(this.#bytes.slice().buffer);
  }

  bytes(): Promise<Uint8Array> {
    return Promise.resolve(this.#bytes.slice());
  }

  slice(start?: number, end?: number, type?: string): BinaryBlob {
    return new BinaryBlob([this.#bytes.slice(start, end)], { type });
  }

  /** @internal */
  held(): Uint8Array {
    return this.#bytes;
  }

  get [Symbol.toStringTag](): string {
    return 'Blob';
  }
}

function pieceOf(part: Part): Uint8Array {
  if (part instanceof BinaryBlob) return part.held();
  return typeof part === 'string' ? encodeUtf8(part) : bytesOf(part);
}
