// The grammar of gjson's paths: https://github.com/tidwall/gjson/blob/v1.18.0/SYNTAX.md. Where that page and the
// library differ, this follows the library.

import { MODIFIERS } from './modifiers.ts';

/** The first component of a path, as an object reads it. */
export interface Component {
  part: string;
  /** Whether the part has wildcards. */
  wild: boolean;
  /** The path after the dot; undefined if this is the last component. */
  rest: string | undefined;
  /** The path that is applied to the result. */
  pipe: string | undefined;
}

/** The first component of a path, as an array reads it. */
export interface ArrayComponent extends Omit<Component, 'wild'> {
  /** Whether there is a `#` in it. */
  hash: boolean;
  /** For `#.path`: the path that is taken from each element. */
  each: string | undefined;
  query: Query | undefined;
}

/** `#(path op value)`, or with `#` after it for all matches. */
export interface Query {
  path: string;
  op: string;
  value: string;
  all: boolean;
}

/** One of `{name:path,path}`. */
export interface SubSelector {
  name: string;
  path: string;
}

export function parseComponent(path: string): Component {
  let part = '';
  let wild = false;
  for (let at = 0; at < path.length; at++) {
    const character = path[at]!;
    if (character === '|') return { part, wild, rest: undefined, pipe: path.slice(at + 1) };
    if (character === '.') return { part, wild, ...afterDot(path.slice(at + 1)) };
    if (character === '*' || character === '?') wild = true;
    part += character === '\\' ? (path[++at] ?? '') : character;
  }
  return { part, wild, rest: undefined, pipe: undefined };
}

function afterDot(rest: string): Pick<Component, 'rest' | 'pipe'> {
  return isPiped(rest) ? { rest: undefined, pipe: rest } : { rest, pipe: undefined };
}

/** Whether a dot before that text is as good as a pipe: before modifiers and selections of several paths. */
function isPiped(text: string): boolean {
  return text[0] === '[' || text[0] === '{' || (text[0] === '@' && /^@([^.|:]*)/.exec(text)![1]! in MODIFIERS);
}

export function parseArrayComponent(path: string): ArrayComponent {
  const component: ArrayComponent = { part: path, hash: false, each: undefined, query: undefined, rest: undefined, pipe: undefined };
  for (let at = 0; at < path.length; at++) {
    const character = path[at]!;
    if (character === '|') return { ...component, part: path.slice(0, at), pipe: path.slice(at + 1) };
    if (character === '.') {
      const after = component.hash ? { rest: path.slice(at + 1), pipe: undefined } : afterDot(path.slice(at + 1));
      return { ...component, part: path.slice(0, at), ...after };
    }
    if (character !== '#') continue;
    component.hash = true;
    if (at > 0) continue;
    if (path[1] === '.') component.each = path.slice(2);
    if (path[1] !== '(' && path[1] !== '[') continue;
    const found = parseQuery(path);
    component.query = found?.query ?? { path: '', op: '', value: '', all: false };
    if (found === undefined) return component;
    at = found.end - 1;
    component.query.all = path[found.end] === '#';
  }
  return component;
}

/** Reads `#(path op value)`; the path continues at `end`. */
function parseQuery(text: string): { query: Query; end: number } | undefined {
  let operator = 0;
  let depth = 1;
  let at = 2;
  for (; at < text.length; at++) {
    const character = text[at]!;
    if (depth === 1 && operator === 0 && '!=<>%'.includes(character)) operator = at;
    else if (character === '\\') at++;
    else if (character === '[' || character === '(') depth++;
    else if (character === '"') at = endOfString(text, at);
    else if ((character === ']' || character === ')') && --depth === 0) break;
  }
  if (depth > 0) return undefined;
  const query: Query = { path: text.slice(2, operator || at).trim(), op: '', value: '', all: false };
  if (operator > 0) {
    const [, op, value] = /^(!=|!%|<=|>=|==|[=<>%]|.)(.*)$/s.exec(text.slice(operator, at).trim())!;
    query.op = op === '==' ? '=' : op!;
    query.value = unquoted(value!.trim());
  }
  return { query, end: at + 1 };
}

function unquoted(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  // Invalid escapes in JSON end the text.
  return parsed(text.replace(/\\(?!["\\/bfnrtu]).*$/s, '"')) as string ?? text.slice(1, -1);
}

/** The paths of a selection of several, `{a,b}` or `[a,b]`, and the rest after it. */
export function parseSubSelectors(path: string): { selectors: SubSelector[]; rest: string } | undefined {
  const selectors: SubSelector[] = [];
  let hasModifier = false;
  let colon = 0;
  let start = 1;
  let depth = 1;
  const push = (end: number): void => {
    selectors.push(colon === 0 ? { name: '', path: path.slice(start, end) } : { name: path.slice(start, colon), path: path.slice(colon + 1, end) });
    hasModifier = false;
    colon = 0;
    start = end + 1;
  };
  for (let at = 1; at < path.length; at++) {
    switch (path[at]) {
      case '\\': at++; break;
      case '@': hasModifier ||= path[at - 1] === '.' || path[at - 1] === '|'; break;
      case ':': if (!hasModifier && colon === 0 && depth === 1) colon = at; break;
      case ',': if (depth === 1) push(at); break;
      case '"': at = endOfString(path, at); break;
      case '[': case '(': case '{': depth++; break;
      case ']': case ')': case '}':
        if (--depth > 0) break;
        push(at);
        return { selectors, rest: path.slice(at + 1) };
    }
  }
  return undefined;
}

/** The default name of a path of `{...}`: that of its last component, if it is simple. */
export function nameOf({ name, path }: SubSelector): string {
  if (name !== '') return name[0] === '"' ? (parsed(name) as string ?? name) : name;
  const signs = path.replace(/\\./gs, '__');
  const written = path.slice(Math.max(signs.lastIndexOf('.'), signs.lastIndexOf('|')) + 1);
  // eslint-disable-next-line no-control-regex
  return /[\u0000-\u001f[\]{}()#|!]/.test(written) ? '_' : written;
}

/** A modifier at the beginning of a path, with its argument, and the rest after it. */
export function parseModifier(path: string): { name: string; argument: string; rest: string } | undefined {
  const [whole, name = '', colon] = /^@([^:.|]*)(:?)/.exec(path)!;
  if (!(name in MODIFIERS)) return undefined;
  const rest = path.slice(whole.length);
  if (!colon || rest === '') return { name, argument: '', rest };
  let end = 0;
  if ('{["'.includes(rest[0]!)) end = endOfValue(rest, 0);
  else for (; end < rest.length && rest[end] !== '|'; end++) if ('{["('.includes(rest[end]!)) end = endOfValue(rest, end) - 1;
  return { name, argument: rest.slice(0, end), rest: rest.slice(end) };
}

/** A literal value in the path (`!"text"`, `!true`), and the rest after it. */
export function parseLiteral(path: string): { value: unknown; rest: string } | undefined {
  const text = path.slice(1);
  if ('{["'.includes(text[0] ?? ' ')) {
    const end = endOfValue(text, 0);
    return { value: parsed(text.slice(0, end)), rest: text.slice(end) };
  }
  const number = /^[+-]?\d[\d.eE+-]*/.exec(text)?.[0];
  if (number !== undefined) return { value: Number(number), rest: '' };
  const word = /^[^.|]*/.exec(text)![0];
  if (!/^(true|false|null)$/i.test(word)) return undefined;
  return { value: parsed(word.toLowerCase()), rest: text.slice(word.length) };
}

/** Parts a path at its first pipe that is not inside a query. */
export function splitPipe(path: string): [before: string, pipe: string | undefined] {
  if (path[0] === '{') {
    const end = endOfValue(path, 0);
    return path[end] === '|' ? [path.slice(0, end), path.slice(end + 1)] : [path, undefined];
  }
  for (let at = 0; at < path.length; at++) {
    if (path[at] === '\\') at++;
    else if (path[at] === '|') return [path.slice(0, at), path.slice(at + 1)];
    else if (/^\.#[[(]/.test(path.slice(at, at + 3))) at = endOfValue(path, at + 2) - 1;
  }
  return [path, undefined];
}

/** The index after the matching closing bracket or quote. */
function endOfValue(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') at = endOfString(text, at);
    else if ('{[('.includes(character)) depth++;
    else if ('}])'.includes(character)) depth--;
    if (depth <= 0) return at + 1;
  }
  return text.length;
}

/** The end of the string that begins there: its second quote. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}

/** The value of a JSON text; undefined if it is none. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
