-- 5,000 users with a session each, who share the password of the first; 5,000 posts and 20,000 comments.
INSERT INTO "_User" ("objectId", "createdAt", "updatedAt", username, email, _hashed_password, _rperm, _wperm)
SELECT 'user' || n, now() - n * interval '1 minute', now(), 'user' || n, 'user' || n || '@example.com',
       first._hashed_password, '{*}', ARRAY['user' || n]
FROM (SELECT _hashed_password FROM "_User" WHERE username = 'first') first, generate_series(1, 5000) n;

INSERT INTO "_Session" ("objectId", "createdAt", "updatedAt", "user", "sessionToken", "expiresAt")
SELECT 'session' || n, now(), now(), 'user' || n, 'r:' || md5('user' || n), now() + interval '1 year'
FROM generate_series(1, 5000) n;

INSERT INTO "Post" ("objectId", "createdAt", "updatedAt", title, body, category, views, author)
SELECT 'post' || n, now() - n * interval '1 minute', now(), 'Post ' || n, repeat(md5(n::text), 20), n % 25, 0,
       'user' || 1 + n % 5000
FROM generate_series(1, 5000) n;

INSERT INTO "Comment" ("objectId", "createdAt", "updatedAt", text, author, post)
SELECT 'comment' || n, now() - n * interval '10 seconds', now(), repeat(md5(n::text), 3), 'user' || 1 + n * 7 % 5000,
       'post' || 1 + n % 5000
FROM generate_series(1, 20000) n;

-- "Properly index your tables": what the load sorts and filters by.
CREATE INDEX ON "Post" ("createdAt");
CREATE INDEX ON "Post" (category, "createdAt");
CREATE INDEX ON "Comment" (post, "createdAt");
CREATE INDEX ON "_Session" ("sessionToken");
