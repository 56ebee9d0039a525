// Readers and writers of a blog on Parse Server: pages, a post with its author, its comments, and some writes.
//
//     squall diagnose load.js --compat k6 --target http://127.0.0.1:8080 --vus 6 -d 45s --database postgresql://...
import http from 'k6/http';
import { check, sleep } from 'k6';
import crypto from 'k6/crypto';

const USERS = 5000;

function random(most) {
  return 1 + Math.floor(Math.random() * most);
}

function good(response) {
  check(response, { 'is good': (answer) => answer.status >= 200 && answer.status < 300 });
}

function pointer(className, objectId) {
  return { __type: 'Pointer', className, objectId };
}

export default function () {
  const user = `user${random(USERS)}`;
  const headers = {
    'Content-Type': 'application/json',
    'X-Parse-Application-Id': 'app',
    'X-Parse-REST-API-Key': 'rest',
    'X-Parse-Session-Token': `r:${crypto.md5(user, 'hex')}`,
  };
  const get = (path, name) => good(http.get(`/parse${path}`, { headers, tags: { name } }));
  const send = (method, path, body, name) =>
    good(http.request(method, `/parse${path}`, JSON.stringify(body), { headers, tags: { name } }));
  const where = (condition) => `where=${encodeURIComponent(JSON.stringify(condition))}`;

  if (Math.random() < 0.05) send('POST', '/login', { username: user, password: 'secret' }, 'login');
  get('/users/me', 'me');
  get('/classes/Post?order=-createdAt&limit=20&include=author', 'posts');
  sleep(0.1 * Math.random());
  get(`/classes/Post?${where({ category: random(25) - 1 })}&order=-createdAt&limit=50&keys=title,views`, 'category');
  const post = `post${random(5000)}`;
  get(`/classes/Post/${post}?include=author`, 'post');
  const ofPost = where({ post: pointer('Post', post) });
  get(`/classes/Comment?${ofPost}&order=-createdAt&limit=20&include=author`, 'comments');
  sleep(0.1 * Math.random());
  if (Math.random() < 0.2) {
    const comment = { text: 'A comment', author: pointer('_User', user), post: pointer('Post', post) };
    send('POST', '/classes/Comment', comment, 'comment');
  }
  if (Math.random() < 0.2) send('PUT', `/classes/Post/${post}`, { views: { __op: 'Increment', amount: 1 } }, 'view');
  sleep(0.1 * Math.random());
}
