// `await` at the top level of a script: `const file = await open('users.csv')`.
//
// It cannot be lowered to promises, as `async` functions are, because there is no function around it. But there is a
// loop that can run until a promise is settled. So it becomes a call of that loop, at the places where the bundler
// reports errors.

import { readFile } from 'node:fs/promises';

const COMPLAINT = /^Top-level await is not available|^Top-level await is currently not supported/;
/** The bundler reports that many complaints at a time at most. */
const MOST_ROUNDS = 100;

/** The places of top-level awaits, by file, and the esbuild plugin that rewrites them. */
export class Awaits {
  #places = new Map();
  #rounds = 0;

  /** Takes the bundler's errors; false if there is one of another kind, or no new one. */
  learn(errors) {
    if (++this.#rounds > MOST_ROUNDS) return false;
    let news = false;
    const seen = new Set();
    for (const { location } of errors.filter(({ text }) => COMPLAINT.test(text))) {
      // Places are those of the rewritten text: one at a time from a file.
      if (seen.has(location.file)) continue;
      seen.add(location.file);
      const places = this.#places.get(location.file) ?? [];
      const last = places.at(-1);
      if (last?.line === location.line && last?.column === location.column) return false; // It could not be rewritten.
      this.#places.set(location.file, [...places, location]);
      news = true;
    }
    return news;
  }

  plugin = {
    name: 'squall-awaits',
    setup: (build) => {
      build.onLoad({ filter: /\.[mc]?[jt]s$/ }, async ({ path }) => {
        const found = [...this.#places].find(([file]) => path.endsWith(file.replace(/^(\.\.\/)+/, '/')) || path === file);
        if (found === undefined) return undefined;
        let text = await readFile(path, 'utf8');
        for (const location of found[1]) text = rewrite(text, location);
        return { contents: text, loader: path.endsWith('ts') ? 'ts' : 'js' };
      });
    },
  };
}

/** `await open(x)` at that place becomes `__squallSettle(open(x))`. Other operands are left, and complained of. */
function rewrite(text, { line, column }) {
  const lines = text.split('\n');
  const start = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0) + Buffer.from(lines[line - 1]).subarray(0, column).toString().length;
  const call = /^await\s+([\w$]+(?:\s*\.\s*[\w$]+)*\s*)\(/.exec(text.slice(start));
  if (call === null) return text;
  const open = start + call[0].length - 1;
  const end = closing(text, open);
  return `${text.slice(0, start)}__squallSettle(${text.slice(start, end + 1).replace(/^await\s+/, '')})${text.slice(end + 1)}`;
}

/** The index of the matching closing parenthesis; strings are skipped. */
function closing(text, open) {
  let depth = 0;
  let quote;
  for (let at = open; at < text.length; at++) {
    const character = text[at];
    if (quote !== undefined) {
      if (character === '\\') at++;
      else if (character === quote) quote = undefined;
    } else if (character === '"' || character === "'" || character === '`') quote = character;
    else if (character === '(') depth++;
    else if (character === ')' && --depth === 0) return at;
  }
  return text.length - 1;
}
