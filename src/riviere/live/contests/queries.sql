-- The statements of contests. What decides about the times of a contest is the clock that entries are booked by.

-- name: lock_creators
-- One after the other: else two requests at once would both find the time free.
SELECT FROM users WHERE id = any(%(creators)s::bigint[]) ORDER BY id FOR NO KEY UPDATE;

-- name: add_contest
INSERT INTO contest (id, title, state, starts_at, ends_at, invited_at, counted_at)
VALUES (%(id)s, %(title)s, 'invited', %(starts_at)s, %(ends_at)s, %(now)s, %(now)s);

-- name: add_sides
INSERT INTO contest_side (contest, seat, creator) VALUES (%(id)s, 0, %(creator)s), (%(id)s, 1, %(rival)s);

-- name: read_contests
SELECT
    c.id, c.title, c.state, c.starts_at, c.ends_at, c.invited_at, a.creator, b.creator AS rival, a.score,
    b.score AS rival_score
FROM unnest(%(ids)s::uuid[]) AS want (id)
INNER JOIN contest AS c ON c.id = want.id
INNER JOIN contest_side AS a ON a.contest = c.id AND a.seat = 0
INNER JOIN contest_side AS b ON b.contest = c.id AND b.seat = 1;

-- name: page_contests
SELECT
    c.id, c.title, c.state, c.starts_at, c.ends_at, c.invited_at, a.creator, b.creator AS rival, a.score,
    b.score AS rival_score
FROM contest_side AS own
INNER JOIN contest AS c ON c.id = own.contest
INNER JOIN contest_side AS a ON a.contest = c.id AND a.seat = 0
INNER JOIN contest_side AS b ON b.contest = c.id AND b.seat = 1
WHERE
    own.creator = %(creator)s
    AND c.state = any(%(states)s::text[])
    AND (%(id)s::uuid IS NULL OR (c.starts_at, c.id) < (%(at)s::timestamptz, %(id)s::uuid))
ORDER BY c.starts_at DESC, c.id DESC
LIMIT %(most)s;

-- name: count_waiting
SELECT count(*) FROM contest_side AS s
INNER JOIN contest AS c ON c.id = s.contest
WHERE s.creator = %(creator)s AND s.seat = 0 AND c.state = 'invited';

-- name: find_overlap
SELECT c.id FROM contest_side AS s
INNER JOIN contest AS c ON c.id = s.contest
WHERE
    s.creator = any(%(creators)s::bigint[]) AND c.state IN ('accepted', 'running')
    AND c.starts_at < %(ends_at)s AND c.ends_at > %(starts_at)s
LIMIT 1;

-- name: lock_contest
SELECT FROM contest WHERE id = %(id)s FOR UPDATE;

-- name: take_contest
-- Nothing, where somebody else is at it.
SELECT state, starts_at <= clock_timestamp() AS has_begun FROM contest WHERE id = %(id)s FOR UPDATE SKIP LOCKED;

-- name: set_state
UPDATE contest SET state = %(state)s, counted_at = %(now)s WHERE id = %(id)s;

-- name: find_contests_to_count
-- Contests that begin, that are to be decided, and those of whose creators one got something behind the marks.
SELECT c.id, c.state = 'running' AND c.ends_at <= clock_timestamp() AS is_over
FROM contest AS c
WHERE
    c.state IN ('invited', 'accepted', 'running') AND c.starts_at <= clock_timestamp()
    AND (
        c.state <> 'running' OR c.ends_at <= clock_timestamp()
        OR (
            c.counted_at <= %(before)s
            AND EXISTS (
                SELECT 1 FROM contest_side AS s
                INNER JOIN account AS a ON a.user_id = s.creator AND a.kind IN (11, 13)
                WHERE s.contest = c.id AND a.seq > CASE a.kind WHEN 11 THEN s.given ELSE s.undone END
            )
        )
    )
ORDER BY c.ends_at, c.id;

-- name: mark_side
UPDATE contest_side SET given = %(given)s, undone = %(undone)s WHERE contest = %(id)s AND creator = %(creator)s;

-- name: count_sides
-- Adds what both sides got behind their marks within the contest's time, and moves the marks with it, in one snapshot. What
-- is undone counts back if the gift counted. OFFSET 0: as in the view untallied.
WITH due AS MATERIALIZED (
    SELECT
        s.contest, s.seat, s.creator, s.given, s.undone, c.starts_at, c.ends_at,
        coalesce(d.seq, 0) AS given_upto,
        coalesce(o.seq, 0) AS undone_upto
    FROM contest AS c
    INNER JOIN contest_side AS s ON s.contest = c.id
    LEFT JOIN account AS d ON d.user_id = s.creator AND d.kind = 11
    LEFT JOIN account AS o ON o.user_id = s.creator AND o.kind = 13
    WHERE c.id = %(id)s
),

more AS MATERIALIZED (
    SELECT due.seat, due.given_upto, due.undone_upto, coalesce(sum(e.diamonds), 0)::bigint AS diamonds
    FROM due
    CROSS JOIN
        LATERAL (VALUES (11, due.given, due.given_upto), (13, due.undone, due.undone_upto)) AS axis (kind, mark, upto)
    LEFT JOIN
        LATERAL (
            SELECT w.* FROM counted AS w
            WHERE w.creator = due.creator AND w.kind = axis.kind AND w.seq > axis.mark AND w.seq <= axis.upto
            OFFSET 0
        ) AS e
        ON e.gift_booked_at >= due.starts_at AND e.booked_at < due.ends_at
    GROUP BY due.seat, due.given_upto, due.undone_upto
)

UPDATE contest_side AS s SET
    score = s.score + more.diamonds,
    given = greatest(s.given, more.given_upto),
    undone = greatest(s.undone, more.undone_upto)
FROM more
WHERE s.contest = %(id)s AND s.seat = more.seat;

-- name: wrong_contests
-- Sides, how many of them are not as the journal has it up to their marks, and the first of these; <number> stands for a
-- user. One pass over the journal, as in wrong_goals: entries between the same times and marks are added up together.
-- Without a contest that has begun nothing is read.
WITH side AS MATERIALIZED (
    SELECT
        coalesce(c.id, s.contest) AS contest, c.state, c.starts_at, c.ends_at, s.seat, s.creator, s.score, s.given, s.undone,
        coalesce(c.state IN ('running', 'over'), FALSE) AS has_begun,
        count(*) OVER (PARTITION BY coalesce(c.id, s.contest)) AS sides
    FROM contest AS c
    FULL JOIN contest_side AS s ON s.contest = c.id
),

begun AS (
    SELECT s.* FROM side AS s WHERE s.has_begun
),

bound AS MATERIALIZED (
    SELECT
        s.creator,
        array_agg(DISTINCT t.at ORDER BY t.at) AS times,
        array_agg(DISTINCT s.given ORDER BY s.given) AS given,
        array_agg(DISTINCT s.undone ORDER BY s.undone) AS undone,
        min(t.at) AS first,
        max(t.at) AS last
    FROM begun AS s
    CROSS JOIN LATERAL (VALUES (s.starts_at), (s.ends_at)) AS t (at)
    WHERE s.creator IS NOT NULL
    GROUP BY s.creator
),

span AS MATERIALIZED (
    SELECT
        c.creator, c.kind, min(c.gift_booked_at) AS gift_booked_at, min(c.booked_at) AS booked_at, min(c.seq) AS seq,
        sum(c.diamonds) AS diamonds
    FROM counted AS c
    INNER JOIN bound AS b ON b.creator = c.creator AND c.gift_booked_at >= b.first AND c.booked_at < b.last
    WHERE EXISTS (SELECT 1 FROM begun)
    GROUP BY
        c.creator, c.kind, width_bucket(c.gift_booked_at, b.times), width_bucket(c.booked_at, b.times),
        width_bucket(c.seq - 1, CASE c.kind WHEN 11 THEN b.given ELSE b.undone END)
),

summed AS (
    SELECT
        s.contest, s.seat,
        coalesce(sum(n.diamonds) FILTER (WHERE n.seq <= CASE n.kind WHEN 11 THEN s.given ELSE s.undone END), 0) AS stands,
        bool_or(n.seq > CASE n.kind WHEN 11 THEN s.given ELSE s.undone END) AS lacks
    FROM side AS s
    LEFT JOIN span AS n
        ON n.creator = s.creator AND s.has_begun AND n.gift_booked_at >= s.starts_at AND n.booked_at < s.ends_at
    GROUP BY s.contest, s.seat
)

SELECT
    count(*), count(c.problem),
    min(format('contest %s of %s %s', left(c.contest::text, 8), c.whose, c.problem)) FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        s.contest, CASE WHEN s.creator IS NULL THEN 'nobody' ELSE format('<%s>', s.creator) END AS whose,
        CASE
            WHEN s.state IS NULL THEN 'is not there, its sides are'
            WHEN s.sides <> 2 OR s.seat IS NULL OR s.seat NOT IN (0, 1) THEN 'has not one side that invited and one invited'
            WHEN NOT s.has_begun AND (s.score, s.given, s.undone) <> (0, 0, 0)
                THEN
                    format(
                        'is %s and has a score of %s, counted up to gift %s and reversal %s',
                        s.state, s.score, s.given, s.undone
                    )
            WHEN s.given > coalesce(d.seq, 0) OR s.undone > coalesce(o.seq, 0)
                THEN
                    format(
                        'is counted up to gift %s and reversal %s, the last ones are %s and %s',
                        s.given, s.undone, coalesce(d.seq, 0), coalesce(o.seq, 0)
                    )
            WHEN s.score <> t.stands THEN format('has a score of %s thousandths, the journal says %s', s.score, t.stands)
            WHEN s.state = 'over' AND s.ends_at > clock_timestamp() THEN format('is over and ends at %s', s.ends_at)
            WHEN s.state = 'over' AND t.lacks THEN 'is over and has not counted all that was booked before its end'
        END AS problem
    FROM side AS s
    LEFT JOIN summed AS t ON t.contest = s.contest AND t.seat = s.seat
    LEFT JOIN account AS d ON d.user_id = s.creator AND d.kind = 11
    LEFT JOIN account AS o ON o.user_id = s.creator AND o.kind = 13
) AS c;
