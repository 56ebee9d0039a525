// The module `k6/data`.

/**
 * An array that all virtual users share. Made when the script is built, it is part of the component, of which they share
 * the memory; an element is parsed when it is asked for, and is a copy.
 */
export const SharedArray = function (name: string, make: () => unknown[]): unknown[] {
  if (typeof make !== 'function') throw new TypeError(`SharedArray ${name} needs a function that returns an array`);
  const made = make();
  if (!Array.isArray(made)) throw new TypeError(`the function of SharedArray ${name} must return an array`);
  const texts = made.map((element) => JSON.stringify(element) ?? 'null');
  const element = (index: number): unknown => JSON.parse(texts[index]!);
  const read = (name: string | symbol): number => (typeof name === 'string' && /^\d+$/.test(name) ? Number(name) : -1);
  const readOnly = (): never => {
    throw new TypeError(`SharedArray ${name} cannot be changed`);
  };
  return new Proxy([] as unknown[], {
    get(target, property, receiver) {
      if (property === 'length') return texts.length;
      const index = read(property);
      if (index >= 0) return index < texts.length ? element(index) : undefined;
      return Reflect.get(target, property, receiver);
    },
    has: (target, property) => (read(property) >= 0 ? read(property) < texts.length : Reflect.has(target, property)),
    set: readOnly,
    deleteProperty: readOnly,
    defineProperty: readOnly,
  });
} as unknown as new (name: string, make: () => unknown[]) => unknown[];

export default { SharedArray };
