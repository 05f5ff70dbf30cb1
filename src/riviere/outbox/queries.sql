-- name: put
-- A subject's number is at least the time in milliseconds, so it grows on even after the counter was dropped.
WITH turn AS (
    INSERT INTO subject AS s (name, number)
    VALUES (%(subject)s, floor(extract(EPOCH FROM %(at)s::timestamptz) * 1000)::bigint)
    ON CONFLICT (name) DO UPDATE SET number = greatest(s.number + 1, excluded.number)
    RETURNING s.name, s.number
)

INSERT INTO outbox (subject, number, id, kind, at, data)
SELECT turn.name, turn.number, %(id)s::text, %(kind)s::text, %(at)s::timestamptz, %(data)s::json FROM turn;

-- name: take
-- In the order of numbers, so that what is left of a subject is later than what was taken of it.
DELETE FROM outbox AS o
USING (SELECT subject, number FROM outbox ORDER BY number, subject LIMIT %(most)s) AS first
WHERE o.subject = first.subject AND o.number = first.number
RETURNING o.subject, o.number, o.id, o.kind, o.at, o.data::text;

-- name: forget_subjects
DELETE FROM subject WHERE number < floor(extract(EPOCH FROM %(before)s::timestamptz) * 1000)::bigint;
