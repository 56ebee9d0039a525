// A request with ten headers and 2 KB of JSON to parse: the cost of a scenario's own work, for benchmarks.

import { check, type Flows, http } from 'squall';

export const flows: Flows = { json };

interface Order {
  items: { price: number }[];
}

const headers = {
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
};

function json() {
  const response = http.get('/json', { headers });
  check('status is 200', response.status === 200);
  const order = response.json<Order>();
  check('items have prices', order.items.every((item) => item.price > 0));
}
