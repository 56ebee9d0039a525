// The paths of `response.json(path)`: k6's are gjson's. `users.0.name`, `users.#.name`, `users.#`, `a\.b`, `us*`.

/** The value at the path; undefined if there is none. */
export function select(value: unknown, path: string): unknown {
  const [first, ...rest] = path.match(/(?:\\.|[^.\\])+/g) ?? [];
  if (first === undefined) return value;
  const further = rest.join('.');
  if (Array.isArray(value)) {
    if (first === '#') {
      if (rest.length === 0) return value.length;
      return value.map((element) => select(element, further)).filter((element) => element !== undefined);
    }
    return /^\d+$/.test(first) ? next(value[Number(first)], further) : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const object = value as Record<string, unknown>;
  if (/(^|[^\\])[*?]/.test(first)) {
    const pattern = new RegExp(`^${first.replace(/[.+^${}()|[\]]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')}$`);
    const key = Object.keys(object).find((key) => pattern.test(key));
    return key === undefined ? undefined : next(object[key], further);
  }
  return next(object[first.replace(/\\(.)/g, '$1')], further);
}

function next(value: unknown, path: string): unknown {
  return path === '' || value === undefined ? value : select(value, path);
}
