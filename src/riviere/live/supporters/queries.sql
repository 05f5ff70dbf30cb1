-- The statements of supporters.

-- name: find_live
-- Creators who are live, or were a moment ago, and got something, or had something undone, behind their marks.
SELECT DISTINCT p.creator
FROM place AS p
INNER JOIN account AS a ON a.user_id = p.creator AND a.kind IN (11, 13)
LEFT JOIN support_mark AS m ON m.creator = p.creator
WHERE
    p.kind = 'stream' AND NOT p.imported AND coalesce(p.ended_at, 'infinity') > %(ended)s
    AND a.seq > coalesce(CASE a.kind WHEN 11 THEN m.given ELSE m.undone END, 0)
    AND (m.counted_at IS NULL OR m.counted_at <= %(before)s)
ORDER BY p.creator;

-- name: add_marks
-- Only what is missing: to find a row in conflict that somebody else is at would be to wait for them.
INSERT INTO support_mark (creator, given, undone, counted_at)
SELECT want.creator, 0 AS given, 0 AS undone, %(before)s::timestamptz AS counted_at
FROM unnest(%(creators)s::bigint[]) AS want (creator)
WHERE NOT EXISTS (SELECT 1 FROM support_mark AS m WHERE m.creator = want.creator)
ORDER BY want.creator
ON CONFLICT (creator) DO NOTHING;

-- name: lock_marks
-- Those of the creators that nobody else is at, and that nobody was at meanwhile.
SELECT m.creator
FROM unnest(%(creators)s::bigint[]) AS want (creator)
INNER JOIN support_mark AS m ON m.creator = want.creator
WHERE m.counted_at <= %(before)s
ORDER BY m.creator
FOR UPDATE OF m SKIP LOCKED;

-- name: add_support
-- Adds what these creators got behind their marks, `most` gifts each, and moves the marks with it, in one snapshot. Answers
-- the streams that something was added to. OFFSET 0: as in the view untallied.
WITH due AS MATERIALIZED (
    SELECT
        m.creator, m.given, m.undone,
        least(coalesce(d.seq, 0), m.given + %(most)s::bigint) AS given_upto,
        coalesce(o.seq, 0) AS undone_upto
    FROM unnest(%(creators)s::bigint[]) AS want (creator)
    INNER JOIN support_mark AS m ON m.creator = want.creator
    LEFT JOIN account AS d ON d.user_id = m.creator AND d.kind = 11
    LEFT JOIN account AS o ON o.user_id = m.creator AND o.kind = 13
),

moved AS MATERIALIZED (
    SELECT c.*
    FROM due
    CROSS JOIN
        LATERAL (VALUES (11, due.given, due.given_upto), (13, due.undone, due.undone_upto)) AS axis (kind, mark, upto)
    CROSS JOIN
        LATERAL (
            SELECT w.* FROM counted AS w
            WHERE w.creator = due.creator AND w.kind = axis.kind AND w.seq > axis.mark AND w.seq <= axis.upto
            OFFSET 0
        ) AS c
),

added AS (
    INSERT INTO support AS s (creator, axis, key, supporter, pieces, coins, diamonds)
    SELECT
        m.creator, 0 AS axis, m.place AS key, m.supporter,
        sum(m.pieces)::bigint AS pieces, sum(m.coins)::bigint AS coins, sum(m.diamonds)::bigint AS diamonds
    FROM moved AS m
    INNER JOIN place AS p ON p.creator = m.creator AND p.id = m.place AND p.kind = 'stream'
    GROUP BY m.creator, m.place, m.supporter
    UNION ALL
    SELECT
        m.creator, 1, extract(EPOCH FROM date_trunc('hour', m.gift_booked_at, 'UTC'))::bigint AS hour, m.supporter,
        sum(m.pieces)::bigint, sum(m.coins)::bigint, sum(m.diamonds)::bigint
    FROM moved AS m
    WHERE m.gift_booked_at >= %(kept)s
    GROUP BY m.creator, hour, m.supporter
    ON CONFLICT (creator, axis, key, supporter) DO UPDATE
        SET
            pieces = s.pieces + excluded.pieces,
            coins = s.coins + excluded.coins,
            diamonds = s.diamonds + excluded.diamonds
    RETURNING s.creator, s.axis, s.key
),

marked AS (
    UPDATE support_mark AS m SET given = due.given_upto, undone = due.undone_upto, counted_at = %(now)s
    FROM due WHERE m.creator = due.creator
)

SELECT DISTINCT a.creator, a.key AS place FROM added AS a WHERE a.axis = 0
ORDER BY a.creator, place;

-- name: drop_old_hours
DELETE FROM support WHERE creator = any(%(creators)s::bigint[]) AND axis = 1 AND key < extract(EPOCH FROM %(kept)s)::bigint;

-- name: read_tops
-- Who leads in these streams, of those that are live or were a moment ago, and who was told to lead.
SELECT p.creator, p.id AS place, coalesce(l.top, '{}') AS told, t.supporter, t.pieces, t.coins, t.diamonds
FROM unnest(%(creators)s::bigint[], %(places)s::bigint[]) AS want (creator, place)
INNER JOIN place AS p ON p.creator = want.creator AND p.id = want.place
LEFT JOIN leaderboard AS l ON l.creator = p.creator AND l.place = p.id
LEFT JOIN
    LATERAL (
        SELECT s.supporter, s.pieces, s.coins, s.diamonds
        FROM support AS s
        WHERE s.creator = p.creator AND s.axis = 0 AND s.key = p.id AND s.diamonds > 0 AND s.supporter > 0
        ORDER BY s.diamonds DESC, s.supporter
        LIMIT %(most)s
    ) AS t
    ON TRUE
WHERE NOT p.imported AND coalesce(p.ended_at, 'infinity') > %(ended)s
ORDER BY p.creator, p.id, t.diamonds DESC, t.supporter;

-- name: save_top
INSERT INTO leaderboard (creator, place, top) VALUES (%(creator)s, %(place)s, %(top)s::bigint[])
ON CONFLICT (creator, place) DO UPDATE SET top = excluded.top;

-- name: read_marks
-- How far support goes and the creator's accounts go: entries behind the one and up to the other are not in it yet.
SELECT
    coalesce(m.given, 0) AS given, coalesce(m.undone, 0) AS undone,
    coalesce(d.seq, 0) AS given_upto, coalesce(o.seq, 0) AS undone_upto
FROM (SELECT %(creator)s::bigint AS id) AS c
LEFT JOIN support_mark AS m ON m.creator = c.id
LEFT JOIN account AS d ON d.user_id = c.id AND d.kind = 11
LEFT JOIN account AS o ON o.user_id = c.id AND o.kind = 13;

-- name: rank_stream
-- A stream's supporters, most diamonds first, with what lies behind the marks. As rank_tallies of the economy: `late` has
-- those who gave since, and of the others the first `most` lie among so many more rows in the index's order.
WITH late AS MATERIALIZED (
    SELECT
        c.supporter,
        sum(c.pieces)::bigint AS pieces, sum(c.coins)::bigint AS coins, sum(c.diamonds)::bigint AS diamonds
    FROM
        (VALUES (11, %(given)s::bigint, %(given_upto)s::bigint), (13, %(undone)s::bigint, %(undone_upto)s::bigint))
            AS axis (kind, mark, upto)
    CROSS JOIN
        LATERAL (
            SELECT w.* FROM counted AS w
            WHERE w.creator = %(creator)s AND w.kind = axis.kind AND w.seq > axis.mark AND w.seq <= axis.upto
            OFFSET 0
        ) AS c
    WHERE c.place = %(place)s AND c.supporter > 0
    GROUP BY c.supporter
),

ahead AS MATERIALIZED (
    SELECT s.supporter, s.pieces, s.coins, s.diamonds
    FROM support AS s
    WHERE s.creator = %(creator)s AND s.axis = 0 AND s.key = %(place)s AND s.supporter > 0
    ORDER BY s.diamonds DESC, s.supporter
    LIMIT %(most)s::bigint + (SELECT count(*) FROM late)
),

ranked AS (
    SELECT a.* FROM ahead AS a WHERE a.supporter NOT IN (SELECT l.supporter FROM late AS l)
    UNION ALL
    SELECT
        l.supporter,
        l.pieces + coalesce(t.pieces, 0) AS pieces,
        l.coins + coalesce(t.coins, 0) AS coins,
        l.diamonds + coalesce(t.diamonds, 0) AS diamonds
    FROM late AS l
    LEFT JOIN
        LATERAL (
            SELECT s.* FROM support AS s
            WHERE s.creator = %(creator)s AND s.axis = 0 AND s.key = %(place)s AND s.supporter = l.supporter
            OFFSET 0
        ) AS t
        ON TRUE
)

SELECT r.supporter, r.pieces, r.coins, r.diamonds FROM ranked AS r
WHERE r.diamonds > 0
ORDER BY r.diamonds DESC, r.supporter
LIMIT %(most)s;

-- name: rank_hours
-- Supporters by what they gave from an hour on, most diamonds first, with what lies behind the marks.
WITH given AS (
    SELECT s.supporter, s.pieces, s.coins, s.diamonds
    FROM support AS s
    WHERE s.creator = %(creator)s AND s.axis = 1 AND s.key >= extract(EPOCH FROM %(since)s)::bigint
    UNION ALL
    SELECT c.supporter, c.pieces, c.coins, c.diamonds
    FROM
        (VALUES (11, %(given)s::bigint, %(given_upto)s::bigint), (13, %(undone)s::bigint, %(undone_upto)s::bigint))
            AS axis (kind, mark, upto)
    CROSS JOIN
        LATERAL (
            SELECT w.* FROM counted AS w
            WHERE w.creator = %(creator)s AND w.kind = axis.kind AND w.seq > axis.mark AND w.seq <= axis.upto
            OFFSET 0
        ) AS c
    WHERE c.gift_booked_at >= %(since)s
)

SELECT
    g.supporter,
    sum(g.pieces)::bigint AS pieces, sum(g.coins)::bigint AS coins, sum(g.diamonds)::bigint AS diamonds
FROM given AS g
WHERE g.supporter > 0
GROUP BY g.supporter
HAVING sum(g.diamonds) > 0
ORDER BY diamonds DESC, g.supporter
LIMIT %(most)s;

-- name: read_standing
-- What one supporter gave a creator of all time, and their rank. `summed` has those with something that is not in the
-- tallies yet; the others are counted in the index's order.
WITH late AS MATERIALIZED (
    SELECT
        u.supporter AS key,
        sum(u.pieces)::bigint AS pieces, sum(u.coins)::bigint AS coins, sum(u.diamonds)::bigint AS diamonds
    FROM untallied AS u
    WHERE u.creator = %(creator)s
    GROUP BY u.supporter
),

summed AS MATERIALIZED (
    SELECT
        l.key,
        l.pieces + coalesce(t.pieces, 0) AS pieces,
        l.coins + coalesce(t.coins, 0) AS coins,
        l.diamonds + coalesce(t.diamonds, 0) AS diamonds
    FROM late AS l
    LEFT JOIN
        LATERAL (
            SELECT w.* FROM tally AS w WHERE w.creator = %(creator)s AND w.axis = 4 AND w.key = l.key
            OFFSET 0
        ) AS t
        ON TRUE
),

mine AS MATERIALIZED (
    SELECT s.pieces, s.coins, s.diamonds FROM summed AS s WHERE s.key = %(supporter)s
    UNION ALL
    SELECT t.pieces, t.coins, t.diamonds FROM tally AS t
    WHERE
        t.creator = %(creator)s AND t.axis = 4 AND t.key = %(supporter)s
        AND NOT EXISTS (SELECT 1 FROM summed AS s WHERE s.key = %(supporter)s)
)

SELECT
    m.pieces, m.coins, m.diamonds,
    1 + (
        SELECT count(*) FROM tally AS t
        WHERE
            t.creator = %(creator)s AND t.axis = 4 AND t.key > 0 AND t.diamonds >= m.diamonds
            AND (t.diamonds > m.diamonds OR t.key < %(supporter)s)
            AND t.key NOT IN (SELECT s.key FROM summed AS s)
    ) + (
        SELECT count(*) FROM summed AS s
        WHERE s.key > 0 AND (s.diamonds > m.diamonds OR (s.diamonds = m.diamonds AND s.key < %(supporter)s))
    ) AS rank
FROM mine AS m;

-- name: read_days
-- The days (UTC) on which somebody gave a creator something that was not undone. It reads what they ever gave to anybody.
SELECT DISTINCT (e.booked_at AT TIME ZONE 'UTC')::date AS day
FROM entry AS e
WHERE
    e.debit_user = %(supporter)s AND e.debit_seq > 0 AND e.route IN (11, 12) AND e.credit_user = %(creator)s
    AND e.id NOT IN (
        SELECT r.cause FROM entry AS r
        WHERE r.credit_user = %(supporter)s AND r.credit_kind <= 2 AND r.route IN (14, 15) AND r.cause IS NOT NULL
    );

-- name: wrong_support
-- Rows, how many of them are not what the journal says up to the marks, and the first of these.
-- One pass over the journal; without any marks nothing of it is read.
WITH moved AS (
    SELECT
        c.creator, c.supporter, c.pieces, c.coins, c.diamonds,
        CASE WHEN p.kind = 'stream' THEN c.place END AS stream,
        CASE
            WHEN c.gift_booked_at >= date_trunc('hour', m.counted_at - %(kept)s::interval, 'UTC')
                THEN extract(EPOCH FROM date_trunc('hour', c.gift_booked_at, 'UTC'))::bigint
        END AS hour
    FROM counted AS c
    INNER JOIN support_mark AS m ON m.creator = c.creator AND c.seq <= CASE c.kind WHEN 11 THEN m.given ELSE m.undone END
    LEFT JOIN place AS p ON p.creator = c.creator AND p.id = c.place
    WHERE EXISTS (SELECT 1 FROM support_mark)
),

summed AS (
    SELECT
        m.creator, grouping(m.stream)::smallint AS axis, coalesce(m.stream, m.hour) AS key, m.supporter,
        ARRAY[sum(m.pieces), sum(m.coins), sum(m.diamonds)]::bigint[] AS figures
    FROM moved AS m
    GROUP BY GROUPING SETS ((m.creator, m.stream, m.supporter), (m.creator, m.hour, m.supporter))
),

expected AS (
    SELECT s.* FROM summed AS s WHERE s.key IS NOT NULL
),

told AS (
    SELECT s.creator, s.axis, s.key, s.supporter, ARRAY[s.pieces, s.coins, s.diamonds] AS figures
    FROM support AS s
),

compared AS (
    SELECT creator, axis, key, supporter, t.figures AS there, e.figures AS expected
    FROM expected AS e
    FULL JOIN told AS t USING (creator, axis, key, supporter)
)

SELECT
    count(*),
    count(*) FILTER (WHERE c.there IS DISTINCT FROM c.expected),
    min(ARRAY[c.creator, c.axis, c.key, c.supporter]) FILTER (WHERE c.there IS DISTINCT FROM c.expected)
FROM compared AS c;

-- name: wrong_support_marks
-- Marks ahead of what there is: what comes next would be taken for counted.
SELECT
    format(
        'support of <%s> is counted up to gift %s and reversal %s, the last ones are %s and %s',
        m.creator, m.given, m.undone, coalesce(d.seq, 0), coalesce(o.seq, 0)
    )
FROM support_mark AS m
LEFT JOIN account AS d ON d.user_id = m.creator AND d.kind = 11
LEFT JOIN account AS o ON o.user_id = m.creator AND o.kind = 13
WHERE m.given > coalesce(d.seq, 0) OR m.undone > coalesce(o.seq, 0)
ORDER BY m.creator
LIMIT 1;
