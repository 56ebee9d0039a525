// Files of the project: read when the script is built, and part of the component since.

import { isBuilding } from '../src/phase.ts';

/** By kind and name: `t users.csv` as text, `b logo.png` as base64. Filled by the build tool. */
export const files: Record<string, string> = {};

/** k6's `open`: the content of a file, as text, or with `'b'` as bytes. */
export function open(name: string, mode?: string): string | ArrayBuffer {
  const key = `${mode === 'b' ? 'b' : 't'} ${name}`;
  const content = files[key];
  // The build tool reads this, and tries again with the file.
  if (content === undefined && isBuilding()) throw new Error(`squall:open ${key}`);
  if (content === undefined) {
    throw new Error(`open(${JSON.stringify(name)}): only files that the script opens when it is built are there`);
  }
  return mode === 'b' ? (Uint8Array.fromBase64(content).buffer as ArrayBuffer) : content;
}
