// Runs tests of JavaScript's own features, and of k6's layer, against the test server, with the `squall` on the PATH
// (or in SQUALL). `npm run engine`; `-- --engine starlingmonkey` for the other engine.

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { serve } from '../server.mjs';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'squall-engine-'));
const server = await serve();
let failures = 0;

const run = (program, ...words) =>
  new Promise((done) =>
    execFile(program, words, { timeout: 120_000 }, (error, stdout, stderr) => done({ status: error ? error.code : 0, stdout, stderr })),
  );

function expect(what, is, should = true) {
  const passed = JSON.stringify(is) === JSON.stringify(should);
  console.log(`${passed ? 'ok  ' : 'FAIL'} ${what}${passed ? '' : `: is ${JSON.stringify(is)}, should be ${JSON.stringify(should)}`}`);
  if (!passed) failures++;
}

async function squall(script, { build = [], more = [] } = {}) {
  const wasm = join(folder, 'scenario.wasm');
  const summary = join(folder, 'summary.json');
  rmSync(summary, { force: true });
  const built = await run('node', here('../../build.mjs'), here(script), '-o', wasm, ...build, ...process.argv.slice(2));
  if (built.status !== 0) throw new Error(built.stderr);
  const ran = await run(process.env.SQUALL ?? 'squall', 'run', wasm, '--target', `http://127.0.0.1:${server.port}`, '--allow', 'nowhere.invalid', '--allow', '127.0.0.1:1', '-e', 'COLOUR=blue', '-e', `HOST=127.0.0.1:${server.port}`, '--summary-export', summary, '-v', ...more);
  let metrics;
  try {
    ({ metrics } = JSON.parse(readFileSync(summary, 'utf8')));
  } catch {
    console.log(ran.stderr);
  }
  return { ...ran, metrics };
}

try {
  const { status, stderr, metrics } = await squall('scenario.ts');
  const failed = (text) => text.split('\n').filter((line) => line.includes(': is '));
  expect('the scenario runs', [status, failed(stderr)], [0, []]);
  expect('all checks pass', metrics.checks?.fails, 0);
  expect('all iterations ended well', metrics.iterations_failed?.passes ?? 0, 0);
  expect('logs arrive', stderr.includes('logged {"a":1}') && stderr.includes('teardown got Grüße'));
  for (const [flow, text] of [['throws', 'TypeError: as asked (scenario.ts:'], ['throwsLater', 'later, as asked (scenario.ts:']]) {
    const { stdout, stderr } = await squall('scenario.ts', { more: ['--flow', flow, '-i', '1'] });
    expect(`${flow}: the error has its place`, (stdout + stderr).includes(text));
  }
  const k6 = await squall('../k6/compat.js', { build: ['--compat', 'k6'], more: ['-i', '2'] });
  expect('the k6 script runs', [k6.status, failed(k6.stderr)], [0, []]);
  expect('all its checks pass', k6.metrics?.checks?.fails, 0);
} finally {
  server.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failures > 0 ? 1 : 0;
