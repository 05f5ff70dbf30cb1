-- The statements of goals.

-- name: lock_creator
-- One after the other: else two requests at once would both find room for one more.
SELECT FROM users WHERE id = %(creator)s FOR NO KEY UPDATE;

-- name: count_open
SELECT count(*) FROM goal WHERE creator = %(creator)s AND closed_at IS NULL;

-- name: read_gift
SELECT id FROM gift WHERE code = %(code)s;

-- name: add_goal
-- It counts what commits from now on.
INSERT INTO goal (creator, id, place, gift, title, target, opened_at, since, given, undone, counted_at)
SELECT
    %(creator)s::bigint, %(id)s::uuid, %(place)s::bigint, %(gift)s::integer, %(title)s, %(target)s::bigint,
    %(now)s::timestamptz, mark.given AS since, mark.given, mark.undone, %(now)s::timestamptz
FROM (
    SELECT
        coalesce(max(a.seq) FILTER (WHERE a.kind = 11), 0) AS given,
        coalesce(max(a.seq) FILTER (WHERE a.kind = 13), 0) AS undone
    FROM account AS a WHERE a.user_id = %(creator)s::bigint AND a.kind IN (11, 13)
) AS mark;

-- name: read_goals
SELECT
    g.creator, g.id, g.place, f.code AS gift, g.title, g.target, g.progress, g.opened_at, g.reached_at, g.closed_at
FROM unnest(%(creators)s::bigint[], %(ids)s::uuid[]) AS want (creator, id)
INNER JOIN goal AS g ON g.creator = want.creator AND g.id = want.id
LEFT JOIN gift AS f ON f.id = g.gift
ORDER BY g.creator, g.id;

-- name: page_goals
SELECT
    g.creator, g.id, g.place, f.code AS gift, g.title, g.target, g.progress, g.opened_at, g.reached_at, g.closed_at
FROM goal AS g
LEFT JOIN gift AS f ON f.id = g.gift
WHERE
    g.creator = %(creator)s
    AND (NOT %(only_open)s OR g.closed_at IS NULL)
    AND (%(id)s::uuid IS NULL OR (g.opened_at, g.id) < (%(at)s::timestamptz, %(id)s::uuid))
ORDER BY g.opened_at DESC, g.id DESC
LIMIT %(most)s;

-- name: find_goals_to_count
-- Open goals whose creators got something, or had something undone, behind their marks, or whose stream is over.
SELECT g.creator, g.id
FROM goal AS g
LEFT JOIN account AS d ON d.user_id = g.creator AND d.kind = 11
LEFT JOIN account AS o ON o.user_id = g.creator AND o.kind = 13
LEFT JOIN place AS p ON p.creator = g.creator AND p.id = g.place
WHERE
    g.closed_at IS NULL AND g.counted_at <= %(before)s
    AND (d.seq > g.given OR o.seq > g.undone OR p.ended_at <= %(ended)s);

-- name: lock_goals
-- Those of the goals that nobody else is at, and that nobody was at meanwhile.
SELECT g.creator, g.id
FROM unnest(%(creators)s::bigint[], %(ids)s::uuid[]) AS want (creator, id)
INNER JOIN goal AS g ON g.creator = want.creator AND g.id = want.id
WHERE g.closed_at IS NULL AND g.counted_at <= %(before)s
ORDER BY g.creator, g.id
FOR UPDATE OF g SKIP LOCKED;

-- name: lock_goal
SELECT FROM goal WHERE creator = %(creator)s AND id = %(id)s FOR UPDATE;

-- name: count_goals
-- What these goals got between their marks and the ends of their creators' accounts, those ends, and whether their
-- stream is over. One snapshot: no gift is missing whose reversal is there. OFFSET 0: as in the view untallied.
WITH due AS MATERIALIZED (
    SELECT
        g.creator, g.id, g.place, g.gift, g.since, g.given, g.undone,
        coalesce(d.seq, 0) AS given_upto,
        coalesce(o.seq, 0) AS undone_upto,
        coalesce(p.ended_at <= %(ended)s, FALSE) AS is_over
    FROM unnest(%(creators)s::bigint[], %(ids)s::uuid[]) AS want (creator, id)
    INNER JOIN goal AS g ON g.creator = want.creator AND g.id = want.id
    LEFT JOIN account AS d ON d.user_id = g.creator AND d.kind = 11
    LEFT JOIN account AS o ON o.user_id = g.creator AND o.kind = 13
    LEFT JOIN place AS p ON p.creator = g.creator AND p.id = g.place
)

SELECT
    due.creator, due.id, due.given_upto, due.undone_upto, due.is_over,
    coalesce(sum(CASE WHEN due.gift IS NULL THEN c.diamonds ELSE c.pieces END), 0)::bigint AS more
FROM due
CROSS JOIN LATERAL (VALUES (11, due.given, due.given_upto), (13, due.undone, due.undone_upto)) AS axis (kind, mark, upto)
LEFT JOIN
    LATERAL (
        SELECT w.* FROM counted AS w
        WHERE w.creator = due.creator AND w.kind = axis.kind AND w.seq > axis.mark AND w.seq <= axis.upto
        OFFSET 0
    ) AS c
    ON
        c.gift_seq > due.since
        AND (due.place IS NULL OR c.place = due.place)
        AND (due.gift IS NULL OR c.gift = due.gift)
GROUP BY due.creator, due.id, due.given_upto, due.undone_upto, due.is_over
ORDER BY due.creator, due.id;

-- name: save_goal
UPDATE goal SET
    progress = %(progress)s, reached_at = %(reached_at)s, closed_at = %(closed_at)s,
    given = %(given)s, undone = %(undone)s, counted_at = %(now)s
WHERE creator = %(creator)s AND id = %(id)s;

-- name: wrong_goals
-- Goals, how many of them are not as the journal has it up to their marks, and the first of these; <number> stands for a
-- user. One pass over the journal however many goals a creator has had: entries between the same two marks are added up
-- together, and any one of them shows on which side of a goal's marks they all are. Without goals nothing is read.
WITH bound AS MATERIALIZED (
    SELECT
        m.creator,
        array_agg(DISTINCT m.given ORDER BY m.given) FILTER (WHERE m.given IS NOT NULL) AS given,
        array_agg(DISTINCT m.undone ORDER BY m.undone) FILTER (WHERE m.undone IS NOT NULL) AS undone,
        min(m.given) AS first
    FROM (
        SELECT g.creator, g.since AS given, NULL::bigint AS undone FROM goal AS g
        UNION ALL
        SELECT g.creator, g.given, g.undone FROM goal AS g
    ) AS m
    GROUP BY m.creator
),

span AS MATERIALIZED (
    SELECT
        c.creator, c.kind, c.place, c.gift, min(c.gift_seq) AS gift_seq, min(c.seq) AS seq,
        sum(c.pieces) AS pieces, sum(c.diamonds) AS diamonds
    FROM counted AS c
    INNER JOIN bound AS b ON b.creator = c.creator AND c.gift_seq > b.first
    WHERE EXISTS (SELECT 1 FROM goal)
    GROUP BY
        c.creator, c.kind, c.place, c.gift, width_bucket(c.gift_seq - 1, b.given),
        width_bucket(c.seq - 1, CASE c.kind WHEN 11 THEN b.given ELSE b.undone END)
),

summed AS (
    SELECT
        g.creator, g.id,
        coalesce(sum(CASE WHEN g.gift IS NULL THEN s.diamonds ELSE s.pieces END), 0) AS stands,
        coalesce(sum(CASE WHEN g.gift IS NULL THEN s.diamonds ELSE s.pieces END) FILTER (WHERE s.kind = 11), 0) AS came
    FROM goal AS g
    LEFT JOIN span AS s
        ON
            s.creator = g.creator AND s.gift_seq > g.since
            AND s.seq <= CASE s.kind WHEN 11 THEN g.given ELSE g.undone END
            AND (g.place IS NULL OR s.place = g.place)
            AND (g.gift IS NULL OR s.gift = g.gift)
    GROUP BY g.creator, g.id
)

SELECT
    count(*), count(c.problem),
    min(format('goal %s of <%s> %s', left(c.id::text, 8), c.creator, c.problem)) FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        g.creator, g.id,
        CASE
            WHEN g.given > coalesce(d.seq, 0) OR g.undone > coalesce(o.seq, 0)
                THEN
                    format(
                        'is counted up to gift %s and reversal %s, the last ones are %s and %s',
                        g.given, g.undone, coalesce(d.seq, 0), coalesce(o.seq, 0)
                    )
            WHEN g.since > g.given THEN format('begins behind gift %s and is counted up to %s', g.since, g.given)
            WHEN g.place IS NOT NULL AND p.id IS NULL THEN format('is for place %s, which its creator does not have', g.place)
            WHEN g.progress <> t.stands
                THEN format('has come to %s %s, the journal says %s', g.progress, unit.name, t.stands)
            WHEN g.reached_at IS NULL AND g.progress >= g.target
                THEN format('has come to %s %s of %s and says that it was never reached', g.progress, unit.name, g.target)
            WHEN g.reached_at IS NOT NULL AND t.came < g.target
                THEN format('says that it was reached, of %s %s no more than %s ever came', g.target, unit.name, t.came)
        END AS problem
    FROM goal AS g
    INNER JOIN summed AS t ON t.creator = g.creator AND t.id = g.id
    CROSS JOIN LATERAL (SELECT CASE WHEN g.gift IS NULL THEN 'thousandths' ELSE 'pieces' END AS name) AS unit
    LEFT JOIN account AS d ON d.user_id = g.creator AND d.kind = 11
    LEFT JOIN account AS o ON o.user_id = g.creator AND o.kind = 13
    LEFT JOIN place AS p ON p.creator = g.creator AND p.id = g.place
) AS c;
