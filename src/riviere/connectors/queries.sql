-- Imports of recorded gifts, and the money posted behind them.

-- name: lock_imports
SELECT pg_advisory_xact_lock(7312);

-- name: read_import
SELECT
    i.id,
    i.format,
    i.source,
    i.policy,
    p.amount AS rate,
    i.opened_at,
    i.opened_by
FROM import AS i
INNER JOIN policy AS p ON p.id = i.policy
WHERE i.format = %(format)s AND i.first_record = %(first_record)s;

-- name: list_imports
SELECT
    i.id,
    i.format,
    i.source,
    i.policy,
    p.amount AS rate,
    i.opened_at,
    i.opened_by
FROM import AS i
INNER JOIN policy AS p ON p.id = i.policy
ORDER BY i.id;

-- name: next_import
SELECT coalesce(max(i.id), 0) + 1 AS id FROM import AS i;

-- name: add_import
INSERT INTO import (id, format, first_record, source, policy, opened_at, opened_by)
VALUES (%(id)s, %(format)s, %(first_record)s, %(source)s, %(policy)s, %(opened_at)s, %(opened_by)s);

-- name: list_backings
SELECT
    b.number,
    b.entry,
    b.posted_at,
    b.posted_by
FROM backing AS b
WHERE b.import = %(import)s
ORDER BY b.number;

-- name: add_backing
INSERT INTO backing (import, number, entry, posted_at, posted_by)
VALUES (%(import)s, %(number)s, %(entry)s, %(posted_at)s, %(posted_by)s);

-- name: sum_unbacked
-- What an import brought each creator in thousandths of a diamond, up to an instant, less what was released of it
-- against earlier backings.
SELECT
    s.creator,
    sum(s.diamonds)::bigint AS diamonds
FROM (
    SELECT
        e.credit_user AS creator,
        e.credit_amount AS diamonds
    FROM entry AS e
    WHERE e.route = 13 AND e.policy = %(policy)s AND e.booked_at <= %(upto)s
    UNION ALL
    SELECT
        e.debit_user,
        -e.debit_amount
    FROM entry AS e
    WHERE e.route = 32 AND e.cause = any(%(earlier)s::uuid[])
) AS s
GROUP BY s.creator
HAVING sum(s.diamonds) > 0
ORDER BY s.creator;
