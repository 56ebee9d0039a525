declare module 'squall:scenario/waiting@0.1.0' {
  /**
   * The key of a ready stream of this virtual user; none if none is ready within `ns` nanoseconds. With 0 it returns at
   * once. Without any stream it is `timing.sleep`.
   */
  export function next(ns: bigint): number | undefined;
  /**
   * The same, among the streams with these keys. Of keys beyond the first 1,000 none is named.
   */
  export function nextOf(keys: Uint32Array, ns: bigint): number | undefined;
}
