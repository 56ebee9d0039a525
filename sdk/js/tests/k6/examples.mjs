// Builds k6's own examples and runs them against the test server: `node tests/k6/examples.mjs FOLDER [name ...]`, where
// FOLDER is `examples` of github.com/grafana/k6. Nothing of them is kept here. Prints the table of docs/k6-compat.md,
// and fails if fewer than 30 of them run.
//
// The hosts that they ask are replaced by the test server's, in a copy, and long runs are cut to two iterations.

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { serve } from '../server.mjs';

const [source, ...names] = process.argv.slice(2);
if (source === undefined) throw new Error('name the folder of examples');
const folder = mkdtempSync(join(tmpdir(), 'squall-k6-'));
cpSync(source, folder, { recursive: true });
const server = await serve();
const build = fileURLToPath(new URL('../../build.mjs', import.meta.url));
const HOSTS = /https?:\/\/((?:[\w.%-]+:[\w.%-]+@)?)(?:httpbin\.(?:test\.k6\.io|org)|quickpizza\.grafana\.com|test\.k6\.io|test-api\.k6\.io|httpbin\.org|stackoverflow\.com|sha256\.badssl\.com|expired\.badssl\.com|self-signed\.badssl\.com|www\.example\.com|example\.com|localhost:\d+|127\.0\.0\.1:\d+|api\.github\.com|dev-li-david\.pantheonsite\.io|http2\.akamai\.com|test\.loadimpact\.com)/g;

const files = (path) => readdirSync(path).flatMap((name) => (statSync(join(path, name)).isDirectory() ? files(join(path, name)) : [join(path, name)]));
const run = (program, ...words) =>
  new Promise((done) => execFile(program, words, { timeout: 60_000, maxBuffer: 1 << 26 }, (error, stdout, stderr) => done({ status: error ? (error.code ?? 'timeout') : 0, text: stdout + stderr })));

const scripts = files(folder).filter((path) => /\.(js|ts)$/.test(path));
for (const path of scripts) writeFileSync(path, readFileSync(path, 'utf8').replace(HOSTS, (_, user) => `http://${user}127.0.0.1:${server.port}`));
let runs = 0;
let all = 0;
for (const path of scripts.sort()) {
  const name = relative(folder, path);
  if (names.length > 0 && !names.some((part) => name.includes(part))) continue;
  if (!/export\s+default|exports\.default/.test(readFileSync(path, 'utf8'))) continue;
  all++;
  const wasm = join(folder, 'example.wasm');
  const built = await run('node', build, '--compat', 'k6', path, '-o', wasm);
  let outcome;
  if (built.status !== 0) {
    outcome = `does not build: ${built.text.split('\n').filter((line) => line.trim() !== '' && !/cannot be built:$/.test(line))[0]?.replace(/.*?(?=there is no|the script|open\(|https?:)/, '')}`;
  } else {
    const ran = await run(process.env.SQUALL ?? 'squall', 'run', wasm, '--no-save', '--allow', `127.0.0.1:${server.port}`, '-u', '1', '-i', '1', '--graceful-stop', '1s', '--threads', '1');
    const errors = [...ran.text.matchAll(/^\s*\d+× (.*)$/gm)].map(([, text]) => text);
    const failed = [...ran.text.matchAll(/^ +✗ (.*)$/gm)].map(([, text]) => text.trim()).filter((text) => !/: \d+$/.test(text));
    outcome = ran.status === 108 ? 'runs; ends the run, as it says' : errors[0] ? `error: ${errors[0]}` : ![0, 99].includes(ran.status) ? `exit ${ran.status}: ${ran.text.match(/error: .*/)?.[0] ?? ''}` : failed.length > 0 ? `runs; fails: ${failed.join('; ')}` : 'runs';
  }
  if (outcome.startsWith('runs')) runs++;
  console.log(`| \`${name}\` | ${outcome} |`);
}
console.log(`\n${runs} of ${all} run`);
// The promised number; for a selection, the caller knows it.
process.exitCode = names.length === 0 && runs < 30 ? 1 : 0;
server.close();
rmSync(folder, { recursive: true, force: true });
