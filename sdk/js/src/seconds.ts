// Lengths of time as authors write them.

/** A length of time: a number of seconds (`1.5`), or text with a unit (`'500ms'`, `'1m30s'`). */
export type Seconds = number | string;

const UNITS: Record<string, number> = { ns: 1, us: 1e3, 'µs': 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9, d: 86400e9 };

/** The length in nanoseconds. Negative numbers and NaN count as 0; text that is not a length is an error. */
export function nanoseconds(time: Seconds): number {
  if (typeof time === 'number') return time > 0 ? time * 1e9 : 0;
  let total = 0;
  const rest = time.replace(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)/g, (_, count: string, unit: string) => {
    total += Number(count) * (UNITS[unit] ?? 0);
    return '';
  });
  if (rest.trim() !== '' || time.trim() === '') {
    throw new TypeError(`${JSON.stringify(time)} is not a length of time: write '30s', '1m30s' or '500ms', or a number of seconds`);
  }
  return total;
}
