// A small shop, as its customers see it: most look around, some search, few buy.
//
// Think times are between half of and one and a half times `THINK` seconds (`-e THINK=0` switches them off).

import { check, Counter, env, type Flows, http, type Options, pick, randomInt, Rate, think, transaction, Trend } from 'squall';

export const options: Options = {
  vus: 10,
  duration: '30s',
  thresholds: {
    http_req_failed: 'rate<0.01',
    http_req_duration: 'p(95)<500',
    checks: 'rate>0.99',
  },
};

export const flows: Flows = {
  browse: { weight: 60, run: browse },
  search: { weight: 25, run: search },
  checkout: { weight: 15, run: checkout },
};

const ordersPlaced = new Counter('orders_placed');
const basketValue = new Trend('basket_value');
const cacheHit = new Rate('cache_hit');

const PRODUCTS = 100;
const TERMS = ['lamp', 'chair', 'desk', 'shelf', 'rug'];

interface Product {
  id: number;
  price: number;
}

interface Listing {
  products: Product[];
  pages: number;
}

/** Opens the home page, leafs through the products, and looks at one of them. */
function browse() {
  const home = http.get('/', { name: '/', discardBody: true });
  check('home page is there', home.status === 200);
  pause();

  const first = listProducts(1);
  pause();
  const listing = listProducts(randomInt(1, first.pages));
  check('page has products', listing.products.length > 0);
  pause();

  viewProduct(listing.products[0]?.id ?? 1);
}

/** Searches, and looks at the first thing that is found. */
function search() {
  const response = http.get('/search', { query: { q: pick(TERMS) }, name: '/search' });
  check('search answers', response.status === 200);
  const { results } = response.json<{ results: Product[] }>();
  pause();

  if (results[0]) viewProduct(results[0].id);
}

/** Looks at a product, then buys one or two. */
function checkout() {
  viewProduct(randomInt(1, PRODUCTS));
  pause();

  const total = transaction('checkout', () => {
    for (let left = randomInt(1, 2); left > 0; left--) {
      const basket = addToBasket(randomInt(1, PRODUCTS));
      check('basket is not empty', basket.items > 0);
      pause();
    }
    const basket = http.get('/basket', { discardBody: true });
    check('basket is shown', basket.status === 200);
    return pay();
  });
  ordersPlaced.add(1);
  basketValue.add(total);
}

function listProducts(page: number): Listing {
  const response = http.get(`/products?page=${page}`, { name: '/products?page={page}' });
  check('products are listed', response.status === 200);
  countCacheHit(response);
  return response.json<Listing>();
}

function viewProduct(id: number) {
  const response = http.get(`/products/${id}`, { name: '/products/{id}' });
  check('product is there', response.status === 200);
  countCacheHit(response);
  check('product has a price', response.json<Product>().price > 0);
}

function addToBasket(product_id: number): { items: number } {
  const response = http.post('/basket', { json: { product_id, quantity: randomInt(1, 3) } });
  check('product is in the basket', response.status === 201);
  return response.json();
}

/** Pays for the basket and returns what it cost. */
function pay(): number {
  const response = http.post('/checkout', { json: { payment: 'card' } });
  if (!check('order is placed', response.status === 201)) throw new Error('the shop did not take the order');
  const { total } = response.json<{ total: number }>();
  check('order has a price', total > 0);
  return total;
}

function countCacheHit(response: http.Response) {
  cacheHit.add(response.header('x-cache') === 'HIT');
}

function pause() {
  const seconds = Number(env('THINK') ?? 1);
  think(0.5 * seconds, 1.5 * seconds);
}
