// A large file that the script opens: the host holds it, once for all virtual users.

import type { Blob } from '../src/data/blob.ts';
import { isBuilding } from '../src/phase.ts';
import { bytesOf as bytesOfBuffer } from '../src/text.ts';

/** The most bytes that a read copies at once. */
const PIECE = 1 << 30;

/**
 * Stands for the `ArrayBuffer` of `open(name, 'b')`. As the body of a request it is sent from the host's memory;
 * reading it makes a copy, of no more than the part that is read.
 */
export class HeldFile {
  readonly #name: string;
  readonly #blob: Blob;

  constructor(
    name: string,
    blob: Blob,
    readonly byteLength: number,
  ) {
    this.#name = name;
    this.#blob = blob;
  }

  /** For a request that sends it. */
  get blob(): Blob {
    return this.#blob;
  }

  /** A copy of a part, as an `ArrayBuffer` makes it. */
  slice(from = 0, to = this.byteLength): ArrayBuffer {
    // The build tool reads this, and tries again with the file's content in the component.
    if (isBuilding()) throw new Error(`squall:read ${this.#name}`);
    const place = (index: number): number => Math.min(Math.max(index < 0 ? this.byteLength + index : index, 0), this.byteLength);
    const [first, end] = [place(from), place(to)];
    const copy = new Uint8Array(Math.max(end - first, 0));
    for (let at = 0; at < copy.length; ) {
      const piece = this.#blob.read(first + at, Math.min(copy.length - at, PIECE));
      if (piece.length === 0) throw new Error(`${this.#name} has become shorter since the script was built`);
      copy.set(piece, at);
      at += piece.length;
    }
    return copy.buffer;
  }

  /** For `new Uint8Array(file)`. */
  *[Symbol.iterator](): Iterator<number> {
    yield* new Uint8Array(this.slice());
  }
}

// So that `instanceof ArrayBuffer` is true.
Object.setPrototypeOf(HeldFile.prototype, ArrayBuffer.prototype);

/** The bytes of any container of bytes, this class included. */
export function bytesOf(data: ArrayBuffer | ArrayBufferView | HeldFile): Uint8Array {
  return bytesOfBuffer(data instanceof HeldFile ? data.slice() : data);
}
