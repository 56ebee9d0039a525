// A mixed load for the shop on PostgreSQL: users who browse, search, look at a product, and buy. Runs under Squall and k6.
//
//     squall diagnose load.js --compat k6 --target http://127.0.0.1:8080 --vus 10 -d 60s --database postgresql://...
import http from 'k6/http';
import { check, sleep } from 'k6';

export const options = { vus: 10, duration: '60s' };

// Squall sends a path to its --target; k6 needs a whole address.
const SHOP = __ENV.SHOP || '';
const TERMS = ['Mug', 'Lamp', 'Blanket', 'Chair', 'Teapot'];

function random(most) {
  return 1 + Math.floor(Math.random() * most);
}

function get(path, name) {
  const response = http.get(SHOP + path, { tags: { name } });
  check(response, { 'is good': (answer) => answer.status === 200 });
}

function buy() {
  const headers = { 'Content-Type': 'application/json' };
  const post = (path, body, name) =>
    http.post(SHOP + path, JSON.stringify(body), { headers, tags: { name } });
  post('/basket', { product_id: random(100), quantity: 1 }, '/basket');
  get('/basket', '/basket');
  const order = post('/checkout', { payment: 'card' }, '/checkout');
  check(order, { 'is bought': (answer) => answer.status === 201 });
}

export default function () {
  get(`/products?page=${random(5)}&per_page=${20 * random(10)}`, '/products');
  sleep(0.1 * Math.random());
  get(`/search?q=${TERMS[random(5) - 1]}`, '/search');
  get(`/categories/${random(20)}/products`, '/categories/{id}/products');
  sleep(0.1 * Math.random());
  get(`/products/${random(100)}`, '/products/{id}');
  if (Math.random() < 0.5) buy();
  if (Math.random() < 0.1) get('/reports/best-sellers', '/reports/best-sellers');
  sleep(0.2 * Math.random());
}
