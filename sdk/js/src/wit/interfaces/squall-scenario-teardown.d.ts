declare module 'squall:scenario/teardown@0.1.0' {
  export function teardown(shared: Uint8Array): void;
}
