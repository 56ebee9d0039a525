// Files of the project: read when the script is built, and part of the component from then on, except for large ones;
// and files whose names only the run knows, which provides them.

import { Blob } from '../src/data/blob.ts';
import { DataError } from '../src/data/error.ts';
import { askedFor, isBuilding } from '../src/phase.ts';
import { decodeUtf8 } from '../src/text.ts';
import { HeldFile } from './held.ts';

/** By kind and name: `t users.csv` as text, `b logo.png` as base64. Filled by the build tool. */
export const files: Record<string, string> = {};

/** Large files, by name: each with its name in the run, and its size in bytes. Filled by the build tool. */
export const held: Record<string, { data: string; size: number }> = {};

/** A file that the run finds is copied into the script up to this size; a larger one stays in the host. */
const LARGE = 1 << 20;

/** k6's `open`: the content of a file, as text, or with `'b'` as bytes. */
export function open(name: string, mode?: string): string | ArrayBuffer {
  const key = `${mode === 'b' ? 'b' : 't'} ${name}`;
  const content = files[key];
  const large = mode === 'b' ? held[name] : undefined;
  if (content === undefined && large !== undefined) {
    return new HeldFile(name, new Blob(large.data), large.size) as unknown as ArrayBuffer;
  }
  if (content === undefined) return isBuilding() ? ask(key) : openInRun(name, mode);
  return mode === 'b' ? (Uint8Array.fromBase64(content).buffer as ArrayBuffer) : content;
}

/** The text of the first file that is there. */
export function openFirst(names: readonly string[]): string {
  const found = names.find((name) => files[`t ${name}`] !== undefined);
  if (found !== undefined) return files[`t ${found}`]!;
  if (isBuilding()) {
    // Read by the build tool, as below.
    const after = askedFor() === undefined ? '' : `\nsquall:after ${askedFor()}`;
    throw new Error(`squall:find ${JSON.stringify(names)}${after}`);
  }
  let failure: unknown;
  for (const name of names) {
    try {
      return openInRun(name) as string;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

/** The build tool reads this, and tries again with the file. One whose name comes from the run may not exist yet. */
function ask(key: string): never {
  const asked = askedFor();
  throw new Error(asked === undefined ? `squall:open ${key}` : `squall:open ${key}\nsquall:after ${asked}`);
}

/** A file that the build has not seen, because its name depends on the run. The host finds it, and holds it. */
function openInRun(name: string, mode?: string): string | ArrayBuffer {
  const file = find(name.replace(/^file:\/\//, ''));
  const size = file.length;
  if (mode === 'b' && size > LARGE) return new HeldFile(name, file, size) as unknown as ArrayBuffer;
  const bytes = file.read(0, size);
  return mode === 'b' ? (bytes.slice().buffer as ArrayBuffer) : decodeUtf8(bytes);
}

/** By the name that the script has for it, or else by that under which a run can be given it. */
function find(name: string): Blob {
  const beside = new Blob(name);
  try {
    beside.held();
    return beside;
  } catch (error) {
    if (!(error instanceof DataError) || error.code !== 'not-given') throw error;
  }
  const given = new Blob(name.replace(/^(\.\.?\/)+/, '').replace(/[^A-Za-z0-9_.-]/g, '_'));
  given.held();
  return given;
}

/** The data that a run has to be given for the large files, in the words of a plan. */
export function dataNeeded(): Record<string, { format: 'file' }> {
  return Object.fromEntries(Object.values(held).map(({ data }) => [data, { format: 'file' }]));
}
