// The module `k6/timers`: the global timers by name.

export const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis as unknown as {
  setTimeout(job: (...values: unknown[]) => void, milliseconds?: number, ...values: unknown[]): number;
  setInterval(job: (...values: unknown[]) => void, milliseconds?: number, ...values: unknown[]): number;
  clearTimeout(timer: number): void;
  clearInterval(timer: number): void;
};

export default { setTimeout, setInterval, clearTimeout, clearInterval };
