// Imports of k6 scripts, and their replacements here.

import { readFileSync } from 'node:fs';

/** k6's modules that there are, by file below `k6/`. */
const MODULES = {
  'k6': 'k6.ts',
  'k6/http': 'http.ts',
  'k6/metrics': 'metrics.ts',
  'k6/data': 'data.ts',
  'k6/encoding': 'encoding.ts',
  'k6/crypto': 'crypto.ts',
  'k6/execution': 'execution.ts',
  'k6/timers': 'timers.ts',
  'k6/ws': 'ws.ts',
  'k6/websockets': 'websockets.ts',
  'k6/experimental/websockets': 'websockets.ts',
  'k6/html': 'html.ts',
  'k6/secrets': 'secrets.ts',
  'k6/net/grpc': 'grpc.ts',
  'k6/experimental/fs': 'fs.ts',
  'k6/experimental/csv': 'csv.ts',
};

/** k6's modules that there are not, and why. */
const REASONS = [
  [/^k6\/(experimental\/)?browser/, 'Squall drives HTTP, not browsers'],
  [/^k6\/experimental\/grpc/, 'it has become k6/net/grpc'],
  [/^k6\/(experimental\/)?redis/, 'a scenario reaches nothing but its target over HTTP'],
  [/^k6\/x\//, 'extensions of k6 are Go programs'],
];

/** jslib's modules that are plain JavaScript, by their replacements. */
const JSLIB = [
  [/^k6-utils\//, 'k6/jslib-utils.ts'],
  [/^k6-summary\//, 'k6/jslib-summary.ts'],
  [/^papaparse\//, 'k6/jslib-papaparse.ts'],
];

/** Uses of the HTML module in a script. Its parser is large, so it is left out of scripts without them. */
const USES_HTML = /\.html\s*\(|\bparseHTML\b|\bsubmitForm\b|\bclickLink\b/;
/** Likewise for compression. */
const USES_COMPRESSION = /\bcompression\b/;

/** A script's knowledge of the large files. Their paths do not leave this machine. */
function heldOf(files) {
  return Object.fromEntries([...(files?.held ?? [])].map(([name, { data, size }]) => [name, { data, size }]));
}

/** The esbuild plugin that resolves all of them. `sdk` is this package's folder. */
export function k6Plugin(options, sdk) {
  return {
    name: 'squall-k6',
    setup(build) {
      build.onResolve({ filter: /^k6(\/|$)/ }, ({ path }) => {
        if (MODULES[path]) return { path: `${sdk}/k6/${MODULES[path]}` };
        const reason = REASONS.find(([pattern]) => pattern.test(path))?.[1] ?? `known are ${Object.keys(MODULES).join(', ')}`;
        return { errors: [{ text: `there is no module ${path}: ${reason}` }] };
      });
      build.onResolve({ filter: /^https?:\/\// }, ({ path }) => {
        const name = /^https:\/\/jslib\.k6\.io\/(.*)$/.exec(path)?.[1];
        const found = name && JSLIB.find(([pattern]) => pattern.test(name));
        if (found) return { path: `${sdk}/${found[1]}` };
        return { errors: [{ text: `${path} cannot be fetched while building: save it in the project, and import it from there` }] };
      });
      // Libraries that also run in Node look for its modules, and do without.
      build.onResolve({ filter: /^stream$/ }, () => ({ path: 'squall:nothing', namespace: 'squall-k6' }));
      build.onResolve({ filter: /^squall:(files|html|compress)$/ }, ({ path }) => ({ path, namespace: 'squall-k6' }));
      build.onLoad({ filter: /.*/, namespace: 'squall-k6' }, ({ path }) => {
        const source = readFileSync(options.source, 'utf8');
        const contents = {
          'squall:files': () => [
            `import { files, held } from ${JSON.stringify(`${sdk}/k6/open.ts`)};`,
            `Object.assign(files, ${JSON.stringify(Object.fromEntries(options.files?.embedded ?? []))});`,
            `Object.assign(held, ${JSON.stringify(heldOf(options.files))});`,
          ].join('\n'),
          'squall:html': () => (USES_HTML.test(source) ? `export { parseHTML } from ${JSON.stringify(`${sdk}/k6/html.ts`)};` : `export const parseHTML = undefined;`),
          'squall:compress': () => (USES_COMPRESSION.test(source) ? `export { compress } from ${JSON.stringify(`${sdk}/k6/compress.ts`)};` : `export const compress = undefined;`),
          'squall:nothing': () => `export default {};`,
        }[path]();
        return { contents, resolveDir: sdk };
      });
    },
  };
}
