-- What creators earned, from the tallies and the journal behind them.

-- name: sum_gifts
-- Gifts of a time, by creator, gift, place or supporter, out of the journal: every gift of those creators is read.
WITH told AS (
    SELECT
        g.*,
        CASE %(by)s
            WHEN 'creator' THEN g.creator
            WHEN 'gift' THEN g.gift
            WHEN 'place' THEN g.place
            WHEN 'supporter' THEN g.supporter
        END AS key
    FROM given AS g
    WHERE
        (%(creators)s::bigint[] IS NULL OR g.creator = any(%(creators)s::bigint[]))
        AND (%(since)s::timestamptz IS NULL OR g.at >= %(since)s::timestamptz)
        AND (%(until)s::timestamptz IS NULL OR g.at < %(until)s::timestamptz)
)

SELECT
    g.key,
    sum(g.gifts)::bigint AS gifts,
    sum(g.pieces)::bigint AS pieces,
    sum(g.coins)::bigint AS coins,
    sum(g.diamonds)::bigint AS diamonds,
    sum(g.reversed_gifts)::bigint AS reversed_gifts,
    sum(g.reversed_coins)::bigint AS reversed_coins,
    sum(g.reversed_diamonds)::bigint AS reversed_diamonds
FROM told AS g
GROUP BY g.key
ORDER BY diamonds DESC, g.key
LIMIT %(most)s;

-- name: sum_creators
-- The tallies of creators along one axis between two keys, and what is not in them yet.
WITH told AS (
    SELECT
        t.creator,
        t.gifts, t.pieces, t.coins, t.diamonds, t.reversed_gifts, t.reversed_coins, t.reversed_diamonds
    FROM tally AS t
    WHERE
        (%(creators)s::bigint[] IS NULL OR t.creator = any(%(creators)s::bigint[])) AND t.axis = %(axis)s
        AND t.key >= %(first)s AND t.key < %(last)s
    UNION ALL
    SELECT
        u.creator,
        u.gifts, u.pieces, u.coins, u.diamonds, u.reversed_gifts, u.reversed_coins, u.reversed_diamonds
    FROM untallied AS u
    WHERE
        (%(creators)s::bigint[] IS NULL OR u.creator = any(%(creators)s::bigint[]))
        AND (%(axis)s = 0 OR (u.hour >= %(first)s AND u.hour < %(last)s))
)

SELECT
    g.creator AS key,
    sum(g.gifts)::bigint AS gifts,
    sum(g.pieces)::bigint AS pieces,
    sum(g.coins)::bigint AS coins,
    sum(g.diamonds)::bigint AS diamonds,
    sum(g.reversed_gifts)::bigint AS reversed_gifts,
    sum(g.reversed_coins)::bigint AS reversed_coins,
    sum(g.reversed_diamonds)::bigint AS reversed_diamonds
FROM told AS g
GROUP BY g.creator
ORDER BY diamonds DESC, key;

-- name: sum_hours
-- A creator's hours in order of time between two keys: their tallies, and `late` what is not in them yet. How many keys
-- are late nobody can estimate: so they are hashed (NOT IN), and each is looked up by itself (LATERAL, OFFSET 0). Joined
-- as the planner liked, 212 late supporters among 63,000 took 1.1 s.
WITH late AS MATERIALIZED (
    SELECT
        u.hour AS key,
        sum(u.gifts)::bigint AS gifts,
        sum(u.pieces)::bigint AS pieces,
        sum(u.coins)::bigint AS coins,
        sum(u.diamonds)::bigint AS diamonds,
        sum(u.reversed_gifts)::bigint AS reversed_gifts,
        sum(u.reversed_coins)::bigint AS reversed_coins,
        sum(u.reversed_diamonds)::bigint AS reversed_diamonds
    FROM untallied AS u
    WHERE u.creator = %(creator)s AND u.hour >= %(first)s AND u.hour < %(last)s
    GROUP BY u.hour
)

SELECT
    t.key, t.gifts, t.pieces, t.coins, t.diamonds, t.reversed_gifts, t.reversed_coins, t.reversed_diamonds
FROM tally AS t
WHERE
    t.creator = %(creator)s AND t.axis = 1 AND t.key >= %(first)s AND t.key < %(last)s
    AND t.key NOT IN (SELECT l.key FROM late AS l)
UNION ALL
SELECT
    l.key,
    l.gifts + coalesce(t.gifts, 0) AS gifts,
    l.pieces + coalesce(t.pieces, 0) AS pieces,
    l.coins + coalesce(t.coins, 0) AS coins,
    l.diamonds + coalesce(t.diamonds, 0) AS diamonds,
    l.reversed_gifts + coalesce(t.reversed_gifts, 0) AS reversed_gifts,
    l.reversed_coins + coalesce(t.reversed_coins, 0) AS reversed_coins,
    l.reversed_diamonds + coalesce(t.reversed_diamonds, 0) AS reversed_diamonds
FROM late AS l
LEFT JOIN
    LATERAL (
        SELECT w.* FROM tally AS w WHERE w.creator = %(creator)s AND w.axis = 1 AND w.key = l.key
        OFFSET 0
    ) AS t
    ON TRUE
ORDER BY key
LIMIT %(most)s;

-- name: rank_tallies
-- A creator's tallies along one axis, most diamonds first. `late` has the keys with something that is not in them yet;
-- of the others, the first `most` lie among so many more rows in the index's order as there are late keys.
WITH late AS MATERIALIZED (
    SELECT
        CASE %(axis)s WHEN 2 THEN u.gift WHEN 3 THEN u.place ELSE u.supporter END AS key,
        sum(u.gifts)::bigint AS gifts,
        sum(u.pieces)::bigint AS pieces,
        sum(u.coins)::bigint AS coins,
        sum(u.diamonds)::bigint AS diamonds,
        sum(u.reversed_gifts)::bigint AS reversed_gifts,
        sum(u.reversed_coins)::bigint AS reversed_coins,
        sum(u.reversed_diamonds)::bigint AS reversed_diamonds
    FROM untallied AS u
    WHERE u.creator = %(creator)s
    GROUP BY key
),

ahead AS MATERIALIZED (
    SELECT
        t.key,
        t.gifts, t.pieces, t.coins, t.diamonds, t.reversed_gifts, t.reversed_coins, t.reversed_diamonds
    FROM tally AS t
    WHERE t.creator = %(creator)s AND t.axis = %(axis)s
    ORDER BY t.diamonds DESC, t.key
    LIMIT %(most)s::bigint + (SELECT count(*) FROM late)
),

ranked AS (
    SELECT a.* FROM ahead AS a
    WHERE a.key NOT IN (SELECT l.key FROM late AS l)
    UNION ALL
    SELECT
        l.key,
        l.gifts + coalesce(t.gifts, 0) AS gifts,
        l.pieces + coalesce(t.pieces, 0) AS pieces,
        l.coins + coalesce(t.coins, 0) AS coins,
        l.diamonds + coalesce(t.diamonds, 0) AS diamonds,
        l.reversed_gifts + coalesce(t.reversed_gifts, 0) AS reversed_gifts,
        l.reversed_coins + coalesce(t.reversed_coins, 0) AS reversed_coins,
        l.reversed_diamonds + coalesce(t.reversed_diamonds, 0) AS reversed_diamonds
    FROM late AS l
    LEFT JOIN
        LATERAL (
            SELECT w.* FROM tally AS w WHERE w.creator = %(creator)s AND w.axis = %(axis)s AND w.key = l.key
            OFFSET 0
        ) AS t
        ON TRUE
)

SELECT r.* FROM ranked AS r
ORDER BY r.diamonds DESC, r.key
LIMIT %(most)s;

-- name: find_gift
SELECT id FROM gift WHERE code = %(code)s;

-- name: sum_income
-- What one creator was given in a time, by hour, gift, place and supporter at once: of each the first `most` by diamonds
-- and how many there are, of hours (axis 1) every one where `with_hours`. Each account is read from a number on, by its
-- index, and only once.
WITH told AS MATERIALIZED (
    SELECT g.*
    FROM
        unnest(%(kinds)s::smallint[], %(after)s::bigint[]) AS span (kind, after),
        LATERAL (
            SELECT w.* FROM given AS w
            WHERE w.creator = %(creator)s AND w.kind = span.kind AND w.seq > span.after
            OFFSET 0
        ) AS g
    WHERE
        g.at >= %(since)s AND g.at < %(until)s
        AND (%(gift)s::bigint IS NULL OR g.gift = %(gift)s)
        AND (%(place)s::bigint IS NULL OR g.place = %(place)s)
        AND (%(supporter)s::bigint IS NULL OR g.supporter = %(supporter)s)
        -- 1 January 1970 was a Thursday: three days into a week.
        AND (%(hour_of_week)s::integer IS NULL OR mod(g.hour / 3600 + 72, 168) = %(hour_of_week)s)
),

summed AS (
    SELECT
        CASE grouping(g.hour, g.gift, g.place, g.supporter) WHEN 7 THEN 1 WHEN 11 THEN 2 WHEN 13 THEN 3 ELSE 4 END AS axis,
        coalesce(g.hour, g.gift, g.place, g.supporter) AS key,
        sum(g.gifts)::bigint AS gifts,
        sum(g.pieces)::bigint AS pieces,
        sum(g.coins)::bigint AS coins,
        sum(g.diamonds)::bigint AS diamonds,
        sum(g.reversed_gifts)::bigint AS reversed_gifts,
        sum(g.reversed_coins)::bigint AS reversed_coins,
        sum(g.reversed_diamonds)::bigint AS reversed_diamonds
    FROM told AS g
    GROUP BY GROUPING SETS ((g.hour), (g.gift), (g.place), (g.supporter))
),

ranked AS (
    SELECT
        s.*,
        row_number() OVER (PARTITION BY s.axis ORDER BY s.diamonds DESC, s.key) AS rank,
        count(*) OVER (PARTITION BY s.axis) AS there
    FROM summed AS s
)

SELECT
    r.axis, r.there, r.key,
    r.gifts, r.pieces, r.coins, r.diamonds, r.reversed_gifts, r.reversed_coins, r.reversed_diamonds
FROM ranked AS r
WHERE CASE r.axis WHEN 1 THEN %(with_hours)s ELSE r.rank <= %(most)s END
ORDER BY r.axis, CASE r.axis WHEN 1 THEN r.key ELSE r.rank END;

-- name: name_gifts
SELECT id, code, name FROM gift WHERE id = any(%(ids)s::integer[]);

-- name: name_places
SELECT id, kind, external_id FROM place WHERE creator = %(creator)s AND id = any(%(ids)s::bigint[]);
