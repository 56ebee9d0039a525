// Files of the project: read when the script is built, and part of the component since, but for large ones.

import { isBuilding } from '../src/phase.ts';
import { HeldFile } from './held.ts';

/** By kind and name: `t users.csv` as text, `b logo.png` as base64. Filled by the build tool. */
export const files: Record<string, string> = {};

/** Large files, by name: what the run has to call each, and its size in bytes. Filled by the build tool. */
export const held: Record<string, { data: string; size: number }> = {};

/** k6's `open`: the content of a file, as text, or with `'b'` as bytes. */
export function open(name: string, mode?: string): string | ArrayBuffer {
  const key = `${mode === 'b' ? 'b' : 't'} ${name}`;
  const content = files[key];
  const large = mode === 'b' ? held[name] : undefined;
  if (content === undefined && large !== undefined) {
    return new HeldFile(name, large.data, large.size) as unknown as ArrayBuffer;
  }
  // The build tool reads this, and tries again with the file.
  if (content === undefined && isBuilding()) throw new Error(`squall:open ${key}`);
  if (content === undefined) {
    throw new Error(`open(${JSON.stringify(name)}): only files that the script opens when it is built are there`);
  }
  return mode === 'b' ? (Uint8Array.fromBase64(content).buffer as ArrayBuffer) : content;
}

/** The data that a run has to be given for the large files, in the words of a plan. */
export function dataNeeded(): Record<string, { format: 'file' }> {
  return Object.fromEntries(Object.values(held).map(({ data }) => [data, { format: 'file' }]));
}
