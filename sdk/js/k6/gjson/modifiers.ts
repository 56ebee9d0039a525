// gjson's modifiers, `@reverse` and the like: from a value (or undefined) to another one.

import { parsed } from './path.ts';
import { select } from './select.ts';

type Modifier = (value: unknown, argument: string) => unknown;
type Members = Record<string, unknown>;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value of a setting in a JSON argument. */
const asks = (argument: string, setting: string): boolean => {
  const settings = parsed(argument);
  return isObject(settings) && settings[setting] === true;
};

const same: Modifier = (value) => value;

export const MODIFIERS: Record<string, Modifier> = {
  // They change only JSON's layout, and scripts do not get text.
  __proto__: null as never,
  this: same,
  pretty: same,
  ugly: same,
  valid: same,
  reverse: (value) => {
    if (Array.isArray(value)) return [...value].reverse();
    return isObject(value) ? Object.fromEntries(Object.entries(value).reverse()) : value;
  },
  flatten: (value, argument) => (Array.isArray(value) ? value.flat(asks(argument, 'deep') ? Infinity : 1) : value),
  keys: (value) => {
    if (value === undefined) return [];
    if (isObject(value)) return Object.keys(value);
    return (Array.isArray(value) ? value : [value]).map(() => null);
  },
  values: (value) => {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value;
    return isObject(value) ? Object.values(value) : [value];
  },
  join: (value, argument) => {
    if (!Array.isArray(value)) return value;
    const objects = value.filter(isObject);
    // Of keys that are there twice, the last value counts; if all are preserved, the first is found first.
    const joined: Members = {};
    for (const object of objects) for (const [key, member] of Object.entries(object)) if (!asks(argument, 'preserve') || !(key in joined)) joined[key] = member;
    return joined;
  },
  tostr: (value) => (value === undefined ? '' : JSON.stringify(value)),
  fromstr: (value) => (typeof value === 'string' ? parsed(value) : value),
  group: (value) => {
    if (!isObject(value)) return undefined;
    const groups: Members[] = [];
    for (const [key, members] of Object.entries(value)) {
      if (Array.isArray(members)) members.forEach((member, index) => ((groups[index] ??= {})[key] = member));
    }
    return groups;
  },
  dig: (value, path) => [...dig(value, path)],
};

/** The values at the path, in the value and in all nested ones. */
function* dig(value: unknown, path: string): Generator<unknown> {
  const found = select(value, path);
  if (found !== undefined) yield found;
  if (typeof value === 'object' && value !== null) for (const member of Object.values(value)) yield* dig(member, path);
}
