// The paths of `response.json(path)`, which k6 takes from gjson: `users.0.name`, `users.#.name`,
// `users.#(age>40)#.name`, `a\.b`, `us*`, `users|@reverse`, `{users.#,name}`.

import { MODIFIERS } from './modifiers.ts';
import { nameOf, parseArrayComponent, parseComponent, parseLiteral, parseModifier, parseSubSelectors, type Query, splitPipe } from './path.ts';

/** Most paths are keys and indices. */
const PLAIN = /^[\w-]+(?:\.[\w-]+)*$/;

/** The found value, and the path that is applied to it. */
interface Search {
  found: unknown;
  pipe: string | undefined;
}

/** The value at the path, or undefined. */
export function select(value: unknown, path: string): unknown {
  if (PLAIN.test(path)) return walk(value, path.split('.'));
  if (path.length > 1) {
    if (path[0] === '@') {
      const modifier = parseModifier(path);
      if (modifier) return goOn(MODIFIERS[modifier.name]!(value, modifier.argument), modifier.rest);
    }
    if (path[0] === '!') {
      const literal = parseLiteral(path);
      if (literal) return goOn(literal.value, literal.rest);
    }
    if (path[0] === '[' || path[0] === '{') {
      const several = parseSubSelectors(path);
      if (several && /^(?:$|[.|])/.test(several.rest)) return goOn(selectSeveral(value, path[0], several.selectors), several.rest);
      path = several?.rest ?? '';
    }
  }
  const search: Search = { found: undefined, pipe: undefined };
  if (path.startsWith('..')) searchArray(search, [value], path.slice(2));
  else if (Array.isArray(value)) searchArray(search, value, path);
  else if (typeof value === 'object' && value !== null) searchObject(search, value as Record<string, unknown>, path);
  return search.pipe === undefined ? search.found : select(search.found, search.pipe);
}

function walk(value: unknown, parts: string[]): unknown {
  for (const part of parts) {
    if (typeof value !== 'object' || value === null) return undefined;
    if (Array.isArray(value)) value = /^\d+$/.test(part) ? value[Number(part)] : undefined;
    else value = Object.hasOwn(value, part) ? (value as Record<string, unknown>)[part] : undefined;
  }
  return value;
}

function goOn(value: unknown, rest: string): unknown {
  return rest[0] === '.' || rest[0] === '|' ? select(value, rest.slice(1)) : value;
}

function selectSeveral(value: unknown, kind: string, selectors: { name: string; path: string }[]): unknown {
  const found = selectors.map((selector) => [nameOf(selector), select(value, selector.path)] as const).filter(([, one]) => one !== undefined);
  // Of names that are there twice, gjson reads the first.
  return kind === '[' ? found.map(([, one]) => one) : Object.fromEntries(found.reverse());
}

/** Looks into an object. Returns whether the search is over. */
function searchObject(search: Search, object: Record<string, unknown>, path: string): boolean {
  const { part, wild, rest, pipe } = parseComponent(path);
  if (pipe !== undefined) search.pipe = pipe;
  const matching = wild ? Object.keys(object).filter(globbing(part)) : Object.hasOwn(object, part) ? [part] : [];
  return matching.some((key) => searchNext(search, object[key], rest));
}

function searchNext(search: Search, value: unknown, rest: string | undefined): boolean {
  if (rest === undefined) {
    search.found = value;
    return true;
  }
  if (Array.isArray(value)) return searchArray(search, value, rest);
  return typeof value === 'object' && value !== null && searchObject(search, value as Record<string, unknown>, rest);
}

/** Looks into an array. Returns whether the search is over. */
function searchArray(search: Search, array: unknown[], path: string): boolean {
  const { part, hash, each, query, rest, pipe } = parseArrayComponent(path);
  if (pipe !== undefined) search.pipe = pipe;
  if (query) return searchMatching(search, array, query, rest);
  if (each !== undefined) {
    const [own, pipe] = splitPipe(each);
    if (pipe !== undefined) search.pipe = pipe;
    return searchNext(search, array.map((element) => select(element, own)).filter((one) => one !== undefined), undefined);
  }
  if (part === '#') return searchNext(search, array.length, undefined);
  return !hash && /^\d+$/.test(part) && Number(part) < array.length && searchNext(search, array[Number(part)], rest);
}

function searchMatching(search: Search, array: unknown[], query: Query, rest: string | undefined): boolean {
  const all: unknown[] = [];
  for (const element of array) {
    if (!isMatch(element, query)) continue;
    let found: unknown = element;
    if (rest !== undefined) {
      const [own, pipe] = splitPipe(rest);
      if (pipe !== undefined) search.pipe = pipe;
      found = select(element, own);
    }
    if (!query.all) {
      search.found = found;
      return true;
    }
    if (found !== undefined) all.push(found);
  }
  // Not the end: of several keys that a wildcard matches, a later one may have more to it.
  if (query.all && search.found === undefined) search.found = all;
  return false;
}

function isMatch(element: unknown, { path, op, value: operand }: Query): boolean {
  const isContainer = typeof element === 'object' && element !== null;
  if (!isContainer && path !== '') return false;
  let value = isContainer ? select(element, path) : element;
  if (operand[0] === '~') {
    const truth = isLike(value, operand.slice(1));
    if (truth === undefined) return false;
    value = truth;
    operand = 'true';
  }
  if (value === undefined) return false;
  if (op === '') return true;
  switch (typeof value) {
    case 'string':
      if (op === '%') return globbing(operand)(value);
      return op === '!%' ? !globbing(operand)(value) : compares(value, op, operand);
    case 'number': return compares(value, op, Number(operand) || 0);
    case 'boolean': return comparesTruth(value, op, operand);
    default: return false;
  }
}

function compares<T extends string | number>(value: T, op: string, operand: T): boolean {
  switch (op) {
    case '=': return value === operand;
    case '!=': return value !== operand;
    case '<': return value < operand;
    case '<=': return value <= operand;
    case '>': return value > operand;
    case '>=': return value >= operand;
    default: return false;
  }
}

function comparesTruth(value: boolean, op: string, operand: string): boolean {
  switch (op) {
    case '=': return operand === String(value);
    case '!=': return operand !== String(value);
    case '>': return value && operand === 'false';
    case '>=': return value;
    case '<': return !value && operand === 'true';
    case '<=': return !value;
    default: return false;
  }
}

/** Whether a value is something like true, false or null, or there at all (`*`); undefined for other words. */
function isLike(value: unknown, word: string): boolean | undefined {
  const text = typeof value === 'string' ? value.toLowerCase() : undefined;
  switch (word) {
    case '*': return value !== undefined;
    case 'null': return value === undefined || value === null;
    case 'true': return value === true || text === '1' || text === 't' || text === 'true' || (typeof value === 'number' && value !== 0);
    case 'false': return value === undefined || value === null || value === false || value === 0 || text === '0' || text === 'f' || text === 'false';
    default: return undefined;
  }
}

/** Whether a text matches a pattern with `*` and `?`, in a time that grows with the product of their lengths at most. */
function globbing(pattern: string): (text: string) => boolean {
  const signs = [...pattern.matchAll(/\\(.)|(.)/gsu)].map(([, escaped, plain]) => ({
    star: plain === '*',
    any: plain === '?',
    letter: escaped ?? plain,
  }));
  return (text) => {
    const letters = [...text];
    let [sign, letter] = [0, 0];
    // The text for the last star ends here: only its length has to be tried.
    let [star, end] = [-1, 0];
    while (letter < letters.length) {
      const wanted = signs[sign];
      if (wanted?.star) {
        sign += 1;
        [star, end] = [sign, letter];
      } else if (wanted !== undefined && (wanted.any || wanted.letter === letters[letter])) {
        sign += 1;
        letter += 1;
      } else if (star >= 0) {
        end += 1;
        [sign, letter] = [star, end];
      } else {
        return false;
      }
    }
    return signs.slice(sign).every((rest) => rest.star);
  };
}
