-- 20 collections of 1,000 articles each, in the bucket `news`.
INSERT INTO objects (id, parent_id, resource_name, last_modified, data, deleted)
SELECT 'c' || c, '/buckets/news', 'collection', '2026-01-01'::timestamp + c * interval '1 minute', '{}', false
FROM generate_series(1, 20) c;

INSERT INTO objects (id, parent_id, resource_name, last_modified, data, deleted)
SELECT 'a' || a, '/buckets/news/collections/c' || c, 'record', '2026-01-02'::timestamp + a * interval '1 minute',
       jsonb_build_object('title', 'Article ' || a, 'category', a % 25, 'rank', a * 7 % 1000,
                          'text', repeat(md5(a::text || c), 12)),
       false
FROM generate_series(1, 20) c, generate_series(1, 1000) a;

-- 100 accounts with the password of the first.
INSERT INTO objects (id, parent_id, resource_name, last_modified, data, deleted)
SELECT 'editor' || n, 'editor' || n, 'account', '2026-01-03'::timestamp + n * interval '1 minute',
       data || jsonb_build_object('id', 'editor' || n), false
FROM objects, generate_series(1, 100) n WHERE resource_name = 'account' AND id = 'editor';
