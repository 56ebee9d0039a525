// The counterpart of guest-examples/json: ten headers out, 2 KB of JSON in, parsed.
import http from 'k6/http';
import { check } from 'k6';

const target = `${__ENV.TARGET}/json`;
const parameters = {
  headers: {
    'accept': 'application/json',
    'accept-language': 'en-GB,en;q=0.8',
    'authorization': 'Bearer 0123456789abcdef0123456789abcdef',
    'cache-control': 'no-cache',
    'origin': 'https://shop.example.test',
    'referer': 'https://shop.example.test/products?page=3',
    'x-client': 'squall-json',
    'x-client-version': '0.1.0',
    'x-request-source': 'benchmark',
    'x-trace': '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  },
};

export default function () {
  const response = http.get(target, parameters);
  check(response, { 'status is 200': (response) => response.status === 200 });
  const body = response.json();
  check(body, { 'items have prices': (body) => body.items.every((item) => item.price > 0) });
}
