-- The healthy database: the shop's tables, their indexes, and their rows. Faults are added by faults.py.

CREATE TABLE categories (id int PRIMARY KEY, name text NOT NULL UNIQUE, products int NOT NULL DEFAULT 0);

-- The first ten are what the first hundred products are.
INSERT INTO categories
SELECT number, name FROM unnest(string_to_array(
    'mug lamp blanket chair teapot shelf cushion desk rug clock '
    'bench vase mirror stool basket candle curtain towel bowl plate '
    'kettle tray frame hook ladder bottle jar pillow duvet sheet '
    'sofa table cabinet drawer hanger bin pot planter doormat fan '
    'heater radio speaker toaster grinder scale timer apron knife spoon', ' ')) WITH ORDINALITY AS names (name, number);

CREATE TABLE products (
    id int PRIMARY KEY, category_id int NOT NULL, name text NOT NULL, price float8 NOT NULL,
    description text NOT NULL);

WITH constants AS (
    SELECT string_to_array(
               'Harbour Meadow Juniper Linden Slate Amber Northern Willow Copper Heather', ' ') AS collections,
           array[12.5, 59, 84.5, 249, 38, 72, 27.5, 389, 119, 46] AS prices)
INSERT INTO products
SELECT number, categories.id, collections[1 + (number - 1) / 10] || ' ' || initcap(categories.name),
       prices[categories.id] + (number - 1) / 10, repeat(md5(number::text), 2)
FROM constants, generate_series(1, 100) AS number JOIN categories ON categories.id = 1 + (number - 1) % 10
UNION ALL
SELECT number, categories.id, collections[1 + number / 50 % 10] || ' ' || initcap(categories.name) || ' ' || number,
       20 + number::bigint * 7919 % 40000 / 100.0, repeat(md5(number::text), 2)
FROM constants, generate_series(101, 200000) AS number JOIN categories ON categories.id = 1 + number % 50;

CREATE INDEX products_by_category ON products (category_id, price);
UPDATE categories SET products = counts.products
FROM (SELECT category_id, count(*) AS products FROM products GROUP BY category_id) AS counts WHERE category_id = id;

CREATE TABLE reviews (id int PRIMARY KEY, product_id int NOT NULL, stars int NOT NULL);
INSERT INTO reviews SELECT id, 1 + id % 200000, 1 + id % 5 FROM generate_series(1, 200000) AS id;
CREATE INDEX reviews_by_product ON reviews (product_id);

CREATE TABLE baskets (session text, product_id int, quantity int NOT NULL, PRIMARY KEY (session, product_id));

CREATE TABLE orders (
    id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    invoice bigint NOT NULL, session text NOT NULL, total float8 NOT NULL,
    letter text NOT NULL DEFAULT rpad('Thank you for your order. ', 1600, '.'));
ALTER TABLE orders ALTER letter SET STORAGE plain;
INSERT INTO orders (invoice, session, total)
SELECT number, 'earlier-' || number * 7919 % 1000, number * 7919 % 10007 / 10.0 FROM generate_series(1, 5000) AS number;

CREATE TABLE order_lines (order_id int NOT NULL, product_id int NOT NULL, quantity int NOT NULL);
INSERT INTO order_lines
SELECT 1 + line % 5000, 1 + (line::bigint * 7919 % 1000) * (line::bigint * 104729 % 1000) / 500, 1 + line % 3
FROM generate_series(1, 200000) AS line;

-- Invoices have no gaps in their numbers, so the last one is a row and not a sequence.
CREATE TABLE invoices (series text PRIMARY KEY, last bigint NOT NULL);
INSERT INTO invoices VALUES ('shop', 5000);

-- A report's summary. A real shop would refresh it by a schedule.
CREATE MATERIALIZED VIEW best_sellers AS
SELECT product_id, sum(quantity) AS sold FROM order_lines GROUP BY product_id ORDER BY sold DESC LIMIT 10;

-- The offers of the day, on the home page.
CREATE TABLE offers (product_id int PRIMARY KEY, views int NOT NULL, text text NOT NULL);
INSERT INTO offers
SELECT number, number * 7919 % 1000, rpad('A good offer. ', 400, '.') FROM generate_series(1, 100) AS number;
