-- name: put
WITH turn AS (
    INSERT INTO notice_board AS b (creator, last) VALUES (%(creator)s, 1)
    ON CONFLICT (creator) DO UPDATE SET last = b.last + 1
    RETURNING b.last
)

INSERT INTO notice (creator, number, place, kind, at, cause, data)
SELECT %(creator)s::bigint, turn.last, %(place)s::bigint, %(kind)s, %(at)s::timestamptz, %(cause)s::uuid, %(data)s::json
FROM turn;
