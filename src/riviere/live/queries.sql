-- name: read_position
SELECT
    coalesce((SELECT seq FROM account WHERE user_id = %(creator)s AND kind = 11), 0),
    coalesce((SELECT last FROM notice_board WHERE creator = %(creator)s), 0);

-- name: read_sent
SELECT
    e.credit_user, e.credit_seq, e.owner, e.id, e.place, e.item, e.count, e.upto, e.debit_amount, e.credit_amount,
    e.booked_at, e.leg, e.message IS NOT NULL AS has_words
FROM
    unnest(%(creators)s::bigint[], %(after)s::bigint[]) AS watched (creator, after),
    LATERAL (
        SELECT g.* FROM entry AS g
        WHERE
            g.credit_user = watched.creator AND g.credit_seq > watched.after AND g.credit_seq <= %(until)s
            AND g.route IN (11, 12)
        ORDER BY g.credit_seq LIMIT %(most)s
    ) AS e
ORDER BY e.credit_user, e.credit_seq;

-- name: read_notices
SELECT n.creator, n.number, n.place, n.kind, n.at, n.data::text
FROM
    unnest(%(creators)s::bigint[], %(after)s::bigint[]) AS watched (creator, after),
    LATERAL (
        SELECT m.* FROM notice AS m
        WHERE m.creator = watched.creator AND m.number > watched.after AND m.number <= %(until)s
        ORDER BY m.number LIMIT %(most)s
    ) AS n
ORDER BY n.creator, n.number;

-- name: read_shown_words
-- Words that notices tell of, as they stand now: what was hidden or erased since is left out.
SELECT w.creator, w.id, w.author, w.gift, m.body
FROM unnest(%(creators)s::bigint[], %(ids)s::uuid[]) AS want (creator, id)
INNER JOIN words AS w ON w.creator = want.creator AND w.id = want.id
INNER JOIN message AS m ON m.owner = w.author AND m.id = w.gift AND m.leg = w.leg
WHERE w.standing = 'shown';

-- name: read_shown_questions
-- The same of questions.
SELECT w.creator, w.id, q.asker, q.body
FROM unnest(%(creators)s::bigint[], %(ids)s::uuid[]) AS want (creator, id)
INNER JOIN words AS w ON w.creator = want.creator AND w.id = want.id
INNER JOIN question AS q ON q.creator = w.creator AND q.id = w.id
WHERE w.standing = 'shown';

-- name: read_announced
SELECT a.creator, a.id, a.title, a.body, a.starts_at
FROM unnest(%(creators)s::bigint[], %(ids)s::uuid[]) AS want (creator, id)
INNER JOIN announcement AS a ON a.creator = want.creator AND a.id = want.id;

-- name: look_at_combos
-- Nobody, where somebody else is at it.
SELECT looked_until FROM combo_mark WHERE singleton FOR UPDATE SKIP LOCKED;

-- name: looked_at_combos
UPDATE combo_mark SET looked_until = greatest(looked_until, %(until)s) WHERE singleton;

-- name: read_quiet_combos
SELECT
    e.owner, e.id, e.credit_user, e.place,
    max(e.item) AS item,
    max(e.upto) AS upto,
    sum(e.debit_amount)::bigint AS coins,
    sum(e.credit_amount)::bigint AS diamonds
FROM (
    SELECT DISTINCT owner, id FROM entry
    WHERE upto IS NOT NULL AND booked_at > %(since)s AND booked_at <= %(until)s
) AS step
INNER JOIN entry AS e ON e.owner = step.owner AND e.id = step.id
WHERE e.route IN (11, 12)
GROUP BY e.owner, e.id, e.credit_user, e.place
HAVING max(e.booked_at) <= %(until)s
ORDER BY e.credit_user, max(e.booked_at), e.owner, e.id;

-- name: read_noticed
SELECT n.creator, n.cause
FROM unnest(%(creators)s::bigint[], %(causes)s::uuid[]) AS want (creator, cause)
INNER JOIN notice AS n ON n.creator = want.creator AND n.cause = want.cause;
