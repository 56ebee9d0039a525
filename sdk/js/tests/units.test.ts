// What can be tested without an engine: options as a plan, lengths of time, paths, URLs, cookies. All else is in
// `conformance/`.

import { expect, test } from 'vitest';

import { CookieJar, readCookie } from '../k6/cookies.ts';
import { select } from '../k6/json-path.ts';
import { parseUrl, resolveUrl } from '../k6/url.ts';
import { placeOf } from '../src/errors.ts';
import { planOf } from '../src/plan.ts';
import { nanoseconds } from '../src/seconds.ts';

test('lengths of time come in many shapes', () => {
  expect(nanoseconds(1.5)).toBe(1.5e9);
  expect(nanoseconds('1m30s')).toBe(90e9);
  expect(nanoseconds('500ms')).toBe(5e8);
  expect(nanoseconds(-1)).toBe(0);
  expect(() => nanoseconds('soon')).toThrow('is no length of time');
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

test('a jar keeps cookies to their domain and path', () => {
  const jar = new CookieJar();
  jar.set('http://a.test/x/', 'one', '1');
  jar.set('http://a.test/', 'two', '2', { domain: 'a.test' });
  expect(jar.set('http://a.test/', 'bad', '3', { domain: 'b.test' })).toBe(false);
  expect(jar.cookiesForURL('http://a.test/x/y')).toEqual({ one: ['1'], two: ['2'] });
  expect(jar.cookiesForURL('http://sub.a.test/')).toEqual({ two: ['2'] });
  jar.keep('http://a.test/', readCookie('two=; Domain=a.test; Max-Age=0; Path=/')!);
  expect(jar.cookiesForURL('http://a.test/')).toEqual({});
});

test('a stack is read as a place in the file', () => {
  globalThis.__squallLines = { files: ['shop.ts'], lines: '5,2,0,10;5,20,0,11;9,0,0,30' };
  expect(placeOf('    at pay (user.js:5:25)\n')).toBe('shop.ts:11');
  expect(placeOf('    at sdk (user.js:2:5)\n    at pay (user.js:9:3)')).toBe('shop.ts:30');
  expect(placeOf('    at sdk (user.js:2:5)')).toBeUndefined();
});
