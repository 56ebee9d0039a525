// Paths of gjson's that were damaged, randomly or on purpose, always in the same way: each gives a value or undefined,
// never an error, and quickly. The counterpart of tests/fuzzing, which is for the parsers in Rust.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { select } from '../k6/gjson/select.ts';

interface Known {
  document: unknown;
  answers: [path: string, ...answer: unknown[]][];
}

const known: Known = JSON.parse(readFileSync(new URL('./k6/json-paths.json', import.meta.url), 'utf8'));
const PATHS = known.answers.map(([path]) => path);
const PIECES = ['#(', ')#', '#', '.', '|', '@', '@reverse', '\\', '"', '{', '}', '[', ']', '*', '?', '==', '!%', ':', '~true', '\0', '99999999999999999999'];
const INPUTS = 5_000;
/** Generous: other programs may have the machine. */
const MOST_MILLISECONDS = 2_000;

/** Mulberry32: numbers that look random, below `end`. */
function random(seed: number): (end: number) => number {
  return (end) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(end, 1);
  };
}

function damaged(number: number): string {
  const below = random(number);
  let path = PATHS[below(PATHS.length)] ?? '';
  for (let times = below(5); times >= 0; times -= 1) {
    const place = below(path.length + 1);
    const piece = PIECES[below(PIECES.length)] ?? '';
    const kinds = [
      () => path.slice(0, place),
      () => path.slice(0, place) + path.slice(place + below(8)),
      () => path.slice(0, place) + piece + path.slice(place),
      () => path.slice(0, place) + piece.repeat(below(2_000)) + path.slice(place),
      () => path.slice(0, place) + (PATHS[below(PATHS.length)] ?? ''),
    ];
    path = kinds[below(kinds.length)]?.() ?? path;
  }
  return path;
}

test('damaged paths have an answer', () => {
  for (let number = 0; number < INPUTS; number += 1) {
    const path = damaged(number);
    const began = performance.now();
    expect(() => select(known.document, path), `${number}: ${JSON.stringify(path.slice(0, 300))}`).not.toThrow();
    expect(performance.now() - began, `${number}: ${JSON.stringify(path.slice(0, 300))}`).toBeLessThan(MOST_MILLISECONDS);
  }
});

test('a long name takes no time without end', () => {
  const began = performance.now();
  expect(select({ a: 1 }, `{${'a'.repeat(60_000)}.b,a}`)).toEqual({ a: 1 });
  expect(performance.now() - began).toBeLessThan(MOST_MILLISECONDS);
});

test('a pattern of many stars takes no time without end', () => {
  const document = { name: 'a'.repeat(5_000) };
  const began = performance.now();
  expect(select([document], `#(name%"${'*a'.repeat(30)}*b")`)).toBeUndefined();
  expect(select([document], `#(name%"${'*a'.repeat(30)}*").name`)).toBe(document.name);
  expect(performance.now() - began).toBeLessThan(MOST_MILLISECONDS);
  expect(select({ name: 1 }, 'n'.repeat(100_000) + '*')).toBeUndefined();
});
