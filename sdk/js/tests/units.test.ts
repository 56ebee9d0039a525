// Everything that can be tested without an engine: options as a plan, lengths of time, paths, URLs, cookies. The rest
// is in `conformance/`.

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { gunzipSync, inflateSync } from 'node:zlib';

import { expect, test } from 'vitest';

import { compress } from '../k6/compress.ts';
import { cookieValue, readCookie } from '../k6/cookie.ts';
import { goDuration } from '../k6/consolidated.ts';
import { select } from '../k6/gjson/select.ts';
import { parseHTML } from '../k6/html.ts';
import { type K6Options, translate } from '../k6/options.ts';
import { parseUrl, resolveUrl } from '../k6/url.ts';
import { placeOf } from '../src/errors.ts';
import { type Options, planOf, type ScenarioOptions } from '../src/plan.ts';
import { nanoseconds } from '../src/seconds.ts';

test('lengths of time come in many shapes', () => {
  expect(nanoseconds(1.5)).toBe(1.5e9);
  expect(nanoseconds('1m30s')).toBe(90e9);
  expect(nanoseconds('500ms')).toBe(5e8);
  expect(nanoseconds(-1)).toBe(0);
  expect(() => nanoseconds('soon')).toThrow('is not a length of time');
  expect(() => nanoseconds('')).toThrow();
});

test('simple options pass as they are', () => {
  const options = { vus: 10, duration: '30s', thresholds: { checks: 'rate>0.9' }, maxRedirects: 0 };
  expect(planOf(options)).toEqual({
    plan: { vus: 10, duration: '30s', maxRedirects: 0, thresholds: { checks: ['rate>0.9'] } },
    flows: [],
    warnings: [],
  });
});

test('every option that may be suggested is in the plan', () => {
  const load: Required<Omit<ScenarioOptions, 'exec' | 'startTime'>> = {
    vus: 10, duration: '30s', iterations: 100, stages: [{ duration: '10s', target: 5 }], executor: 'ramping-arrival-rate',
    maxDuration: '5m', gracefulStop: '10s', gracefulRampDown: '5s', startVUs: 1, rate: '90/m', timeUnit: '1m', startRate: 5,
    preAllocatedVUs: 20, maxVUs: 200, arrival: 'poisson', maxBacklog: '2s', weights: { browse: 3 },
    thinkTime: { browse: '1s..3s' }, thresholds: { checks: ['rate>0.99'] }, env: { KEY: 'value' }, tags: { release: '1.2' },
    minIterationDuration: '1s',
  };
  const run: Required<Omit<Options, keyof typeof load | 'scenarios' | 'batchPerHost'>> = {
    warmup: 'auto', pacing: 'spin', flow: 'browse', target: 'http://localhost:8080',
    data: { users: { policy: 'shuffle', at_end: 'stop' } }, seed: 7, threads: 2, setupTimeout: '20s', teardownTimeout: '30s',
    maxSeries: 500, insecureSkipTLSVerify: false, requestTimeout: '5s', connectTimeout: '2s', maxRedirects: 0,
    noConnectionReuse: true, discardResponseBodies: true, userAgent: 'mine/1', sharedConnections: 8, batchPerOrigin: 4,
    noVUConnectionReuse: true,
  };
  expect(planOf({ ...run, ...load })).toEqual({ plan: { ...run, ...load }, flows: [], warnings: [] });
  const { plan, warnings } = planOf({ ...run, scenarios: { readers: { ...load, exec: 'browse', startTime: '5s' } } });
  const renamed = { weights: { readers: 3 }, thinkTime: { readers: '1s..3s' } };
  expect(plan).toEqual({ ...run, scenarios: { readers: { ...load, ...renamed, flow: 'readers', startTime: '5s' } } });
  expect(warnings).toEqual([]);
});

test('a scenario becomes a scenario of the plan, and a flow', () => {
  const { plan, flows, warnings } = planOf({
    scenarios: { contacts: { executor: 'ramping-vus', exec: 'contacts', stages: [{ duration: '5s', target: 10 }] } },
    thresholds: { 'http_req_duration{scenario:contacts}': ['p(95)<5'] },
  });
  expect(plan).toEqual({
    scenarios: {
      contacts: { executor: 'ramping-vus', startVUs: 1, stages: [{ duration: '5s', target: 10 }], flow: 'contacts' },
    },
    thresholds: { 'http_req_duration{scenario:contacts}': ['p(95)<5'] },
  });
  expect(flows).toEqual([{ name: 'contacts', exec: 'contacts', weight: 1, env: {} }]);
  expect(warnings).toEqual([]);
});

test('several scenarios keep their executors, times, environments and tags', () => {
  const { plan, flows, warnings } = planOf({
    scenarios: {
      'some readers': { executor: 'constant-vus', vus: 3, duration: '1s', env: { A: 'b' }, tags: { team: 'web' } },
      buyers: { executor: 'constant-arrival-rate', rate: 30, timeUnit: '1m', duration: '1m', preAllocatedVUs: 2, startTime: '5s', exec: 'buy' },
      once: { executor: 'shared-iterations' },
    },
    thresholds: { 'checks{team:web}': 'rate>0.9', 'http_reqs{scenario:some readers}': 'count>1' },
  });
  expect(plan.scenarios).toEqual({
    some_readers: { executor: 'constant-vus', vus: 3, duration: '1s', env: { A: 'b' }, tags: { team: 'web' }, flow: 'some_readers' },
    buyers: { executor: 'constant-arrival-rate', rate: 30, timeUnit: '1m', duration: '1m', preAllocatedVUs: 2, startTime: '5s', flow: 'buyers' },
    once: { executor: 'shared-iterations', vus: 1, iterations: 1, flow: 'once' },
  });
  expect(plan.thresholds).toEqual({ 'checks{team:web}': ['rate>0.9'], 'http_reqs{scenario:some_readers}': ['count>1'] });
  expect(flows.map((flow) => [flow.name, flow.exec])).toEqual([['some_readers', 'default'], ['buyers', 'buy'], ['once', 'default']]);
  expect(warnings).toEqual([]);
});

test('what cannot be done is said', () => {
  const { warnings } = planOf({
    blacklistIPs: ['10.0.0.0/8'],
  } as object);
  expect(warnings.join('\n')).toMatch(/blacklistIPs/);
});

test('no threshold is left out: whether samples can have its tags is for the host to say', () => {
  const { plan } = planOf({ thresholds: { 'checks{ kind : "x" }': 'rate>0.9', 'http_req_duration{system:main}': ['p(95)<5'] } });
  expect(plan.thresholds).toEqual({ 'checks{kind:x}': ['rate>0.9'], 'http_req_duration{system:main}': ['p(95)<5'] });
});

test('thresholds on groups are on transactions', () => {
  const { plan } = planOf({ thresholds: { "group_duration{group:::cart::pay}": ['avg<1'] } });
  expect(plan.thresholds).toEqual({ 'transaction_duration{transaction:cart::pay}': ['avg<1'] });
});

test('JSON paths', () => {
  const value = { users: [{ name: 'ann', age: 1 }, { name: 'bob' }], 'a.b': { c: 3 } };
  expect(select(value, 'users.1.name')).toBe('bob');
  expect(select(value, 'users.#')).toBe(2);
  expect(select(value, 'users.#.name')).toEqual(['ann', 'bob']);
  expect(select(value, 'users.#.age')).toEqual([1]);
  expect(select(value, 'a\\.b.c')).toBe(3);
  expect(select(value, 'us*.0.age')).toBe(1);
  expect(select(value, 'none.x')).toBeUndefined();
});

test('links lead where browsers go', () => {
  const base = 'http://host:8080/a/b?x=1';
  expect(resolveUrl(base, '/c')).toBe('http://host:8080/c');
  expect(resolveUrl(base, 'c?y=2')).toBe('http://host:8080/a/c?y=2');
  expect(resolveUrl(base, '../c/')).toBe('http://host:8080/c/');
  expect(resolveUrl(base, '?z')).toBe('http://host:8080/a/b?z');
  expect(resolveUrl(base, '//other/c')).toBe('http://other/c');
  expect(resolveUrl(base, 'https://x/')).toBe('https://x/');
  expect(parseUrl('http://u:p@Host/x').user).toBe('u:p');
});

// The answers are k6's own (1.8.1).
test('a set-cookie field is read as k6 reads it', () => {
  const plain = { name: 'p', domain: '', path: '', http_only: false, secure: false, max_age: 0, expires: -6795364578871 };
  expect(readCookie('p=1; Domain=a.test; Path=/x; Max-Age=10; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax')).toEqual(
    { name: 'p', value: '1', domain: 'a.test', path: '/x', http_only: true, secure: true, max_age: 10, expires: 4102444800000 },
  );
  expect(readCookie('p=1')).toEqual({ ...plain, value: '1' });
  expect(readCookie('p="q r"; Max-Age=0')).toEqual({ ...plain, value: 'q r', max_age: -1 });
  expect(readCookie('p=a=b==; path=; domain=.A.b')).toEqual({ ...plain, value: 'a=b==', domain: '.A.b' });
  expect(readCookie('p=1; Expires=Fri, 01-Jan-2100 00:00:00 GMT')?.expires).toBe(4102444800000);
  expect(readCookie('p=1; Expires=tomorrow')).toEqual({ ...plain, value: '1' });
  expect([readCookie('p'), readCookie('=v')]).toEqual([undefined, undefined]);
});

test('a cookie is written as k6 writes it', () => {
  for (const [value, written] of [['1', '1'], [3, '3'], [true, 'true'], ['x y', '"x y"'], ['x,y', '"x,y"'], ['x;y', 'xy'], ['"q"', 'q'], ['é', ''], ['x\\y', 'xy'], ['a=b%20', 'a=b%20']]) {
    expect(cookieValue(value)).toBe(written);
  }
});

test('a path of JSON finds what k6 finds', () => {
  const { document, answers } = JSON.parse(readFileSync(new URL('k6/json-paths.json', import.meta.url), 'utf8'));
  const different = answers.filter(([path, answer]: [string, unknown]) => !isDeepStrictEqual(select(document, path), answer));
  expect(different.map(([path, answer]: [string, unknown]) => ({ path, answer, found: select(document, path) }))).toEqual([]);
});

test('elements are written as k6 writes them', () => {
  const page = parseHTML(`<!doctype html><head><title>Tïtle &amp; &eacute;</title><script>if (a < b && c) "x"</script></head><body>
<p title='q"u&eacute;é'>é &lt;b&gt; "q" 'a' &amp; &nbsp;|</p><p>two<br>lines<img src=a.png hidden></p><pre>

a</pre><form><select multiple name=m><option selected>a<option selected>b</select><input name=n></form><!-- note --></body>`);
  const html = (selector: string): string => page.find(selector).html();
  // k6 1.8.1's result for each.
  expect(html('p')).toBe('é &lt;b&gt; &#34;q&#34; &#39;a&#39; &amp; \u00a0|');
  expect(page.find('p').eq(1).html()).toBe('two<br/>lines<img src="a.png" hidden=""/>');
  expect(html('title')).toBe('Tïtle &amp; é');
  expect(html('script')).toBe('if (a &lt; b &amp;&amp; c) &#34;x&#34;');
  expect(html('none')).toBe('');
  expect(html('head')).toContain('<script>if (a < b && c) "x"</script>');
  expect(html('body')).toContain('<p title="q&#34;uéé">é');
  expect(html('body')).toContain('</form><!-- note -->');
  expect(page.find('form').serializeObject()).toEqual({ m: ['a', 'b'], n: '' });
  expect(page.find('input').val()).toBe('');
});

test('a stack is read as a place in the file', () => {
  globalThis.__squallLines = { files: ['shop.ts'], lines: '5,2,0,10;5,20,0,11;9,0,0,30' };
  expect(placeOf('    at pay (user.js:5:25)\n')).toBe('shop.ts:11');
  expect(placeOf('    at sdk (user.js:2:5)\n    at pay (user.js:9:3)')).toBe('shop.ts:30');
  expect(placeOf('    at sdk (user.js:2:5)')).toBeUndefined();
});

test('k6 takes counts as text, and durations without a unit as milliseconds, wherever there are some', () => {
  const { options, warnings } = translate({
    setupTimeout: 2000, teardownTimeout: '3000', minIterationDuration: 0.5, maxRedirects: '4', batchPerHost: '2',
    scenarios: {
      a: { executor: 'constant-arrival-rate', rate: '50', timeUnit: 1000, duration: '1e3', preAllocatedVUs: '2', maxVUs: '3', startTime: '10', gracefulStop: 100.5 },
      b: { executor: 'ramping-vus', startVUs: '1', stages: [{ duration: 100, target: '1' }, { duration: '5s', target: 0 }, { target: 9 }], gracefulRampDown: '60' },
      c: { executor: 'per-vu-iterations', vus: '2', iterations: '', maxDuration: 90000 },
    },
    thresholds: { checks: ['rate>0.9', { threshold: 'rate>0.5', abortOnFail: true, delayAbortEval: '1500' }] },
  } as unknown as K6Options);
  expect(warnings).toEqual([]);
  expect(options).toEqual({
    setupTimeout: '2000ms', teardownTimeout: '3000ms', minIterationDuration: '0.5ms', maxRedirects: 4, batchPerHost: 2,
    scenarios: {
      a: { executor: 'constant-arrival-rate', rate: 50, timeUnit: '1000ms', duration: '1000ms', preAllocatedVUs: 2, maxVUs: 3, startTime: '10ms', gracefulStop: '100.5ms' },
      b: { executor: 'ramping-vus', startVUs: 1, stages: [{ duration: '100ms', target: 1 }, { duration: '5s', target: 0 }], gracefulRampDown: '60ms' },
      c: { executor: 'per-vu-iterations', vus: 2, iterations: undefined, maxDuration: '90000ms' },
    },
    thresholds: { checks: ['rate>0.9', { threshold: 'rate>0.5', abortOnFail: true, delayAbortEval: '1500ms' }] },
  });
});

/** Every option of k6 1.8.1's `lib.Options`. */
const OPTIONS_OF_K6 = [
  'paused', 'vus', 'duration', 'iterations', 'stages', 'scenarios', 'executionSegment', 'executionSegmentSequence', 'noSetup',
  'setupTimeout', 'noTeardown', 'teardownTimeout', 'rps', 'dns', 'maxRedirects', 'userAgent', 'batch', 'batchPerHost',
  'httpDebug', 'insecureSkipTLSVerify', 'tlsCipherSuites', 'tlsVersion', 'tlsAuth', 'throw', 'thresholds', 'blacklistIPs',
  'blockHostnames', 'hosts', 'noConnectionReuse', 'noVUConnectionReuse', 'minIterationDuration', 'cloud', 'ext',
  'summaryTrendStats', 'summaryTimeUnit', 'systemTags', 'tags', 'metricSamplesBufferSize', 'noCookiesReset',
  'discardResponseBodies',
];

test('an option of k6 is done, or named', () => {
  const done = [
    'vus', 'duration', 'iterations', 'stages', 'scenarios', 'noSetup', 'setupTimeout', 'noTeardown', 'teardownTimeout',
    'maxRedirects', 'userAgent', 'batchPerHost', 'insecureSkipTLSVerify', 'throw', 'thresholds', 'noConnectionReuse',
    'noVUConnectionReuse', 'minIterationDuration', 'tags', 'noCookiesReset', 'discardResponseBodies', 'dns', 'hosts',
    'tlsVersion', 'tlsCipherSuites', 'tlsAuth',
  ];
  // Those of Grafana's own services have no effect in a local run of k6 either.
  const others = OPTIONS_OF_K6.filter((name) => !done.includes(name) && name !== 'cloud' && name !== 'ext');
  for (const name of others) {
    const { options, warnings } = translate({ [name]: 1 } as K6Options);
    const told = [...warnings, ...planOf(options).warnings];
    expect(told, name).toHaveLength(1);
    expect(told[0]).toMatch(new RegExp(`^option ${name} `));
  }
  const values: Record<string, unknown> = {
    stages: [], scenarios: {}, thresholds: {}, tags: {}, dns: { ttl: '1m' }, hosts: { 'shop.test': '10.0.0.1' },
    tlsVersion: 'tls1.3', tlsCipherSuites: ['TLS_AES_128_GCM_SHA256'],
    tlsAuth: [{ domains: ['shop.test'], cert: '-----BEGIN CERTIFICATE-----', key: '-----BEGIN PRIVATE KEY-----' }],
  };
  for (const name of done) {
    const { options, warnings } = translate({ [name]: values[name] ?? 1 } as K6Options);
    expect([...warnings, ...planOf(options).warnings], name).toEqual([]);
  }
});

test('options of connections are those of a plan', () => {
  const { options, warnings } = translate({
    dns: { ttl: 5000, select: 'first', policy: 'onlyIPv4' },
    hosts: { 'shop.test:443': '10.0.0.1:8443' },
    tlsVersion: { min: 'tls1.0', max: 'tls1.2' },
    tlsCipherSuites: ['TLS_RSA_WITH_RC4_128_SHA', 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
    tlsAuth: [{ cert: 'a', key: 'b', password: 'c' }],
  } as unknown as K6Options);
  expect(options).toEqual({
    dns: { ttl: '5000ms', select: 'first', policy: 'onlyIPv4' },
    hosts: { 'shop.test:443': '10.0.0.1:8443' },
    tls_max: 'tls1.2',
    tlsCipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
    tlsAuth: [{ domains: [], cert: 'a', key: 'b' }],
  });
  expect(warnings).toHaveLength(2);
  expect(warnings[0]).toContain('TLS_RSA_WITH_RC4_128_SHA');
  expect(warnings[1]).toContain('passwords');
  const exact = translate({ tlsVersion: 'tls1.3', tlsCipherSuites: ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'] } as K6Options);
  expect(exact.options).toMatchObject({ tls_min: 'tls1.3', tls_max: 'tls1.3' });
  expect(exact.options.tlsCipherSuites).toContain('TLS_AES_256_GCM_SHA384');
});

test('an option that is off or empty needs no word', () => {
  const off = { hosts: {}, blacklistIPs: [], httpDebug: '', paused: false, rps: 0, dns: { ttl: null }, systemTags: null };
  expect(translate(off as unknown as K6Options)).toEqual({ options: {}, warnings: [] });
});

test('the requests of a batch are bounded to each host as to all of them', () => {
  const bounded = (options: K6Options) => translate(options).options.batchPerHost;
  expect(bounded({ batch: 3 })).toBe(3);
  expect(bounded({ batch: 30 })).toBe(6);
  expect(bounded({ batch: 30, batchPerHost: 10 })).toBe(10);
});

test('durations are shown as Go writes them', () => {
  const texts = ['0s', '500ms', '1.5s', '90s', '1h', '25h', '1m0.25s', '1500us', '3ns'].map(goDuration);
  expect(texts).toEqual(['0s', '500ms', '1.5s', '1m30s', '1h0m0s', '25h0m0s', '1m0.25s', '1.5ms', '3ns']);
});

test('a body is compressed as its request asks for it', () => {
  const text = new TextEncoder().encode('{"a": 1}'.repeat(100));
  const gzip = compress(text, 'gzip');
  expect(gzip.encoding).toBe('gzip');
  expect(gunzipSync(gzip.body)).toEqual(Buffer.from(text));
  const both = compress(text, 'deflate, gzip');
  expect(both.encoding).toBe('deflate, gzip');
  expect(inflateSync(gunzipSync(both.body))).toEqual(Buffer.from(text));
  expect(() => compress(text, 'br')).toThrow('unknown compression algorithm br');
});
