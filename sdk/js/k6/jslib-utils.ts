// jslib's `k6-utils`: the helpers that most scripts use.

import { pick, randomInt } from '../src/random.ts';
import { webCrypto } from './webcrypto.ts';

export const randomIntBetween = randomInt;
export const randomItem = pick;
export const uuidv4 = webCrypto.randomUUID;

/** Random text of that length, of those characters. */
export function randomString(length: number, characters = 'abcdefghijklmnopqrstuvwxyz'): string {
  let text = '';
  while (text.length < length) text += characters[randomInt(0, characters.length - 1)];
  return text;
}

/** The text between two others: the first match, or with `repeat` all of them. */
export function findBetween(content: string, left: string, right: string, repeat = false): string | string[] | null {
  const found: string[] = [];
  let at = 0;
  for (;;) {
    const start = content.indexOf(left, at);
    const end = start < 0 ? -1 : content.indexOf(right, start + left.length);
    if (end < 0) break;
    found.push(content.slice(start + left.length, end));
    if (!repeat) break;
    at = end + right.length;
  }
  return repeat ? found : (found[0] ?? null);
}
