// Lines for the run's log, tagged with virtual user and flow by the host. `console` writes there, too.

import { context } from './host.ts';
import { isBuilding } from './phase.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** A value as text: strings as they are, errors by their message, objects as JSON. */
export function show(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'function') return `[function ${value.name}]`;
  if (typeof value === 'object' && value !== null) {
    try {
      return JSON.stringify(value) ?? String(value);
    } catch {
      return String(value); // Circular, or a bigint in it.
    }
  }
  return String(value);
}

function write(level: Level, values: unknown[]): void {
  // A log has no readers while the component is built.
  if (!isBuilding()) context.log(level, values.map(show).join(' '));
}

/** Writes lines: `log.info('basket of', items.length, 'items')`. Values are joined by spaces. */
export const log = {
  /** For the scenario's author. Shown with `-v`. */
  debug: (...values: unknown[]): void => write('debug', values),
  /** Worth knowing. */
  info: (...values: unknown[]): void => write('info', values),
  /** Odd, but the run goes on as meant. */
  warn: (...values: unknown[]): void => write('warn', values),
  /** Wrong. */
  error: (...values: unknown[]): void => write('error', values),
};
