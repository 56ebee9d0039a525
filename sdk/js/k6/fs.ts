// The module `k6/experimental/fs`: files that the script opens when it is built.

import { bytesOf } from './held.ts';
import { open as read } from './open.ts';

/** The origin of `seek`. */
export const SeekMode = { Start: 0, Current: 1, End: 2 } as const;

/** An open file. */
export class File {
  readonly #bytes: ArrayBuffer;
  #at = 0;

  constructor(readonly path: string, bytes: ArrayBuffer) {
    this.#bytes = bytes;
  }

  async stat(): Promise<{ name: string; size: number }> {
    return { name: this.path.replace(/^.*\//, ''), size: this.#bytes.byteLength };
  }

  /** Fills the buffer as far as the file goes; the number of bytes, or null at the end. */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#at >= this.#bytes.byteLength) return null;
    const piece = new Uint8Array(this.#bytes.slice(this.#at, this.#at + buffer.length));
    buffer.set(piece);
    this.#at += piece.length;
    return piece.length;
  }

  async seek(offset: number, whence: number): Promise<number> {
    const from = whence === SeekMode.Start ? 0 : whence === SeekMode.Current ? this.#at : this.#bytes.byteLength;
    if (from + offset < 0 || from + offset > this.#bytes.byteLength) throw new Error(`cannot seek to ${from + offset} in ${this.path}`);
    return (this.#at = from + offset);
  }

  /** The whole content. @internal */
  get content(): Uint8Array {
    return bytesOf(this.#bytes);
  }
}

export async function open(path: string): Promise<File> {
  return new File(path, read(path, 'b') as ArrayBuffer);
}

export default { open, SeekMode };
