// Which lines of the bundle come from which lines of the author's files, in the form that `src/errors.ts` reads.

import { dirname, relative, resolve } from 'node:path';

import { tool } from './componentize.mjs';

/** The table: `{ files, lines }`. */
export async function lineTable(sourceMap, { mapFile, source, sdk }) {
  const { TraceMap, eachMapping } = await tool('@jridgewell/trace-mapping');
  const map = new TraceMap(sourceMap);
  const files = [];
  const entries = [];
  let last = '';
  eachMapping(map, (mapping) => {
    if (mapping.source === null) return;
    const path = resolve(dirname(mapFile), mapping.source);
    if (path.includes('node_modules') || [`${sdk}/src/`, `${sdk}/k6/`].some((own) => path.startsWith(own)) || mapping.source.includes(':')) return;
    const name = relative(dirname(source), path);
    let index = files.indexOf(name);
    if (index < 0) index = files.push(name) - 1;
    // One entry for each of the author's lines on each line of the bundle is enough: columns are not shown.
    const entry = `${mapping.generatedLine},${mapping.generatedColumn},${index},${mapping.originalLine}`;
    const place = `${mapping.generatedLine},${index},${mapping.originalLine}`;
    if (place !== last) entries.push(entry);
    last = place;
  });
  return { files, lines: entries.join(';') };
}
