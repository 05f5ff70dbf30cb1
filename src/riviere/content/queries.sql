-- The statements of posters.

-- name: put_poster
INSERT INTO poster (creator, place, title, player) VALUES (%(creator)s, %(place)s, %(title)s, %(player)s)
ON CONFLICT (creator, place) DO UPDATE SET title = excluded.title, player = excluded.player;

-- name: read_posters
SELECT p.creator, p.place, p.title, p.player
FROM unnest(%(creators)s::bigint[], %(places)s::bigint[]) AS w (creator, place)
INNER JOIN poster AS p ON p.creator = w.creator AND p.place = w.place;

-- name: read_live
SELECT s.creator, s.id, s.external_id, s.opened_at, p.external_id AS name
FROM place AS s
INNER JOIN person AS p ON p.user_id = s.creator
WHERE s.kind = 'stream' AND s.ended_at IS NULL AND NOT s.imported
ORDER BY s.opened_at DESC, s.id DESC
LIMIT %(most)s;
