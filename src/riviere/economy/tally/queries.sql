-- The statements that keep the tallies up and hold them against the journal; ../queries.sql has those that read them.

-- name: try_tally
-- One at a time adds to the tallies; whoever comes second leaves it to the first.
SELECT pg_try_advisory_xact_lock(7311, 2);

-- name: add_tally_cursors
INSERT INTO tally_cursor (writer, batch)
SELECT w.id, 0 FROM writer AS w
WHERE NOT EXISTS (SELECT 1 FROM tally_cursor AS c WHERE c.writer = w.id);

-- name: next_spans
-- For each chain the batches behind its cursor, so many that they hold `entries` or a few more.
SELECT c.writer, c.batch AS passed, max(b.number) AS upto
FROM tally_cursor AS c
CROSS JOIN
    LATERAL (
        SELECT n.number, sum(n.count) OVER (ORDER BY n.number) - n.count AS before
        FROM batch AS n
        WHERE n.writer = c.writer AND n.number > c.batch AND n.number <= c.batch + %(batches)s
    ) AS b
WHERE b.before < %(entries)s
GROUP BY c.writer
ORDER BY c.writer;

-- name: read_due
-- The accounts with untallied entries of creators who were given something in the spans, where `least` entries wait.
-- OFFSET 0: span by span through the index. How much is in one nobody can estimate, and the guess of a planner that is
-- free to choose was to read all of a journal of ten million gifts at every look.
WITH met AS (
    SELECT DISTINCT CASE WHEN e.route IN (14, 15) THEN e.debit_user ELSE e.credit_user END AS creator
    FROM
        unnest(%(writers)s::smallint[], %(passed)s::bigint[], %(upto)s::bigint[]) AS span (writer, passed, upto),
        LATERAL (
            SELECT n.* FROM entry AS n
            WHERE n.writer = span.writer AND n.batch > span.passed AND n.batch <= span.upto
            OFFSET 0
        ) AS e
    WHERE e.route IN (11, 12, 13, 14, 15)
),

waiting AS (
    SELECT
        a.user_id AS creator, a.kind, coalesce(m.seq, 0) AS counted, a.seq,
        sum(a.seq - coalesce(m.seq, 0)) OVER (PARTITION BY a.user_id) AS entries
    FROM met
    INNER JOIN account AS a ON a.user_id = met.creator AND a.kind IN (11, 13, 14)
    LEFT JOIN tally_mark AS m ON m.creator = a.user_id AND m.kind = a.kind
)

SELECT w.creator, w.kind, w.counted, w.seq
FROM waiting AS w
WHERE w.entries >= %(least)s AND w.seq > w.counted
ORDER BY w.creator, w.kind;

-- name: add_tallies
-- OFFSET 0: as in the view untallied.
WITH moved AS (
    SELECT g.*
    FROM
        unnest(%(creators)s::bigint[], %(kinds)s::smallint[], %(counted)s::bigint[], %(upto)s::bigint[])
            AS want (creator, kind, counted, upto),
        LATERAL (
            SELECT w.* FROM given AS w
            WHERE w.creator = want.creator AND w.kind = want.kind AND w.seq > want.counted AND w.seq <= want.upto
            OFFSET 0
        ) AS g
)

INSERT INTO tally AS t (
    creator, axis, key, gifts, pieces, coins, diamonds, reversed_gifts, reversed_coins, reversed_diamonds
)
SELECT
    g.creator,
    CASE grouping(g.hour, g.gift, g.place, g.supporter)
        WHEN 15 THEN 0 WHEN 7 THEN 1 WHEN 11 THEN 2 WHEN 13 THEN 3 ELSE 4
    END AS axis,
    coalesce(g.hour, g.gift, g.place, g.supporter, 0) AS key,
    sum(g.gifts)::bigint AS gifts,
    sum(g.pieces)::bigint AS pieces,
    sum(g.coins)::bigint AS coins,
    sum(g.diamonds)::bigint AS diamonds,
    sum(g.reversed_gifts)::bigint AS reversed_gifts,
    sum(g.reversed_coins)::bigint AS reversed_coins,
    sum(g.reversed_diamonds)::bigint AS reversed_diamonds
FROM moved AS g
GROUP BY
    GROUPING SETS (
        (g.creator), (g.creator, g.hour), (g.creator, g.gift), (g.creator, g.place), (g.creator, g.supporter)
    )
ORDER BY creator, axis, key
ON CONFLICT (creator, axis, key) DO UPDATE
    SET
        gifts = t.gifts + excluded.gifts,
        pieces = t.pieces + excluded.pieces,
        coins = t.coins + excluded.coins,
        diamonds = t.diamonds + excluded.diamonds,
        reversed_gifts = t.reversed_gifts + excluded.reversed_gifts,
        reversed_coins = t.reversed_coins + excluded.reversed_coins,
        reversed_diamonds = t.reversed_diamonds + excluded.reversed_diamonds;

-- name: move_marks
INSERT INTO tally_mark (creator, kind, seq)
SELECT want.creator, want.kind, want.seq
FROM unnest(%(creators)s::bigint[], %(kinds)s::smallint[], %(upto)s::bigint[]) AS want (creator, kind, seq)
ORDER BY want.creator, want.kind
ON CONFLICT (creator, kind) DO UPDATE SET seq = excluded.seq;

-- name: move_tally_cursors
UPDATE tally_cursor AS c SET batch = span.upto
FROM unnest(%(writers)s::smallint[], %(upto)s::bigint[]) AS span (writer, upto)
WHERE c.writer = span.writer;

-- name: wrong_tallies
-- Rows, how many of them are not what the journal says, and the first of these.
WITH expected AS (
    SELECT
        g.creator,
        CASE grouping(g.hour, g.gift, g.place, g.supporter)
            WHEN 15 THEN 0 WHEN 7 THEN 1 WHEN 11 THEN 2 WHEN 13 THEN 3 ELSE 4
        END::smallint AS axis,
        coalesce(g.hour, g.gift, g.place, g.supporter, 0) AS key,
        ARRAY[
            sum(g.gifts), sum(g.pieces), sum(g.coins), sum(g.diamonds),
            sum(g.reversed_gifts), sum(g.reversed_coins), sum(g.reversed_diamonds)
        ]::bigint[] AS figures
    FROM given AS g
    INNER JOIN tally_mark AS m ON m.creator = g.creator AND m.kind = g.kind
    WHERE g.seq <= m.seq
    GROUP BY
        GROUPING SETS (
            (g.creator), (g.creator, g.hour), (g.creator, g.gift), (g.creator, g.place), (g.creator, g.supporter)
        )
),

told AS (
    SELECT
        t.creator, t.axis, t.key,
        ARRAY[t.gifts, t.pieces, t.coins, t.diamonds, t.reversed_gifts, t.reversed_coins, t.reversed_diamonds] AS figures
    FROM tally AS t
),

compared AS (
    SELECT creator, axis, key, t.figures AS there, e.figures AS expected
    FROM expected AS e
    FULL JOIN told AS t USING (creator, axis, key)
)

SELECT
    count(*),
    count(*) FILTER (WHERE c.there IS DISTINCT FROM c.expected),
    min(ARRAY[c.creator, c.axis, c.key]) FILTER (WHERE c.there IS DISTINCT FROM c.expected)
FROM compared AS c;

-- name: wrong_marks
-- Marks and cursors that lie behind what there is: what comes next would be taken for counted.
SELECT format('the mark of account %s of <%s> is %s, its last entry %s', m.kind, m.creator, m.seq, coalesce(a.seq, 0))
FROM tally_mark AS m
LEFT JOIN account AS a ON a.user_id = m.creator AND a.kind = m.kind
WHERE m.seq > coalesce(a.seq, 0)
UNION ALL
SELECT format('the cursor of chain %s is %s, its last batch %s', c.writer, c.batch, coalesce(w.number, 0))
FROM tally_cursor AS c
LEFT JOIN writer AS w ON w.id = c.writer
WHERE c.batch > coalesce(w.number, 0)
LIMIT 1;
