// Readers and editors of Kinto: pages, filters, single records, clients that ask for changes, and some writes.
//
//     squall diagnose load.js --compat k6 --target http://127.0.0.1:8080 --vus 6 -d 45s --database postgresql://...
import http from 'k6/http';
import { check, sleep } from 'k6';
import encoding from 'k6/encoding';

const COLLECTIONS = '/v1/buckets/news/collections';
// Each virtual user has an account of its own.
const HEADERS = {
  'Content-Type': 'application/json',
  Authorization: `Basic ${encoding.b64encode(`editor${1 + (__VU % 100)}:secret`)}`,
};
const NEWEST = Date.UTC(2026, 0, 2) + 1000 * 60000;

function random(most) {
  return 1 + Math.floor(Math.random() * most);
}

function good(response) {
  check(response, { 'is good': (answer) => answer.status >= 200 && answer.status < 300 });
}

function get(path, name) {
  good(http.get(COLLECTIONS + path, { headers: HEADERS, tags: { name } }));
}

function article() {
  const title = `Article ${random(100000)}`;
  return { title, category: random(25) - 1, rank: random(1000), text: 'Text. '.repeat(60) };
}

export default function () {
  const records = `/c${random(20)}/records`;
  get(`${records}?_limit=20&_sort=-last_modified`, 'page');
  sleep(0.1 * Math.random());
  get(`${records}/a${random(1000)}`, 'record');
  get(`${records}/a${random(1000)}`, 'record');
  sleep(0.1 * Math.random());
  get(`${records}?category=${random(25) - 1}&_limit=50`, 'filter');
  get(`${records}?_since=${NEWEST - random(100) * 60000}`, 'changes');
  if (Math.random() < 0.2) {
    const body = JSON.stringify({ data: article() });
    good(http.post(COLLECTIONS + records, body, { headers: HEADERS, tags: { name: 'create' } }));
  }
  if (Math.random() < 0.2) {
    const body = JSON.stringify({ data: { rank: random(1000) } });
    good(http.patch(`${COLLECTIONS}${records}/a${random(1000)}`, body, { headers: HEADERS, tags: { name: 'patch' } }));
  }
  if (Math.random() < 0.1) {
    const requests = Array.from({ length: 10 }, () =>
      ({ method: 'POST', path: COLLECTIONS + records, body: { data: article() } }));
    good(http.post('/v1/batch', JSON.stringify({ requests }), { headers: HEADERS, tags: { name: 'batch' } }));
  }
  sleep(0.1 * Math.random());
}
