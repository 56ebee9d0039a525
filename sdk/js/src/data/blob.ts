// Bytes that the host holds.

import { data as host, number, u64 } from '../host.ts';
import { needHost } from '../phase.ts';
import { lifted } from './error.ts';

let made = 0;

/**
 * Bytes that the host holds: a file (`--data video=file:video.mp4`), or a field of a row. As the `body` of a request
 * they are sent without ever entering the scenario.
 */
export class Blob {
  #handle?: host.Blob;
  /** Distinguishes settings that send different blobs. */
  readonly serial = ++made;

  /** The file that the run was given under that name. */
  constructor(readonly name: string) {}

  /** A field of a row. */
  static of(handle: host.Blob): Blob {
    const blob = new Blob('');
    blob.#handle = handle;
    return blob;
  }

  /** The number of bytes. */
  get length(): number {
    return number(this.held().length());
  }

  /** A copy of at most `length` bytes from `offset` on; fewer, or none, at the end. */
  read(offset: number, length: number): Uint8Array {
    return this.held().read(u64(offset), length);
  }

  /** The host's handle. */
  held(): host.Blob {
    needHost('a Blob');
    return (this.#handle ??= lifted(() => host.Blob.open(this.name)));
  }
}
