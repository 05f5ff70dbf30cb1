-- The statements of word lists, of what became of words, of reports and of blocks. Whoever judges shares the lists' rows
-- (`share_rules`), whoever changes what judging rests on locks them, and both do so before they touch any words.

-- name: add_rules
INSERT INTO word_rule (creator, entries, review)
SELECT want.creator, '{}', FALSE FROM unnest(%(creators)s::bigint[]) AS want (creator)
ORDER BY want.creator
ON CONFLICT (creator) DO NOTHING;

-- name: share_rules
SELECT creator, entries, review FROM word_rule WHERE creator = any(%(creators)s::bigint[]) ORDER BY creator FOR SHARE;

-- name: lock_rule
SELECT entries, review FROM word_rule WHERE creator = %(creator)s FOR UPDATE;

-- name: read_rule
SELECT entries, review FROM word_rule WHERE creator = %(creator)s;

-- name: change_rule
UPDATE word_rule
SET entries = %(entries)s, review = %(review)s, changed_at = %(at)s, changed_by = %(by)s
WHERE creator = %(creator)s;

-- name: read_words_of_gifts
SELECT w.creator, w.author, w.gift, w.leg, w.id, w.standing, m.body
FROM
    unnest(%(creators)s::bigint[], %(authors)s::bigint[], %(gifts)s::uuid[], %(legs)s::integer[])
        AS want (creator, author, gift, leg)
INNER JOIN words AS w
    ON w.author = want.author AND w.gift = want.gift AND w.leg = want.leg AND w.creator = want.creator
INNER JOIN message AS m ON m.owner = w.author AND m.id = w.gift AND m.leg = w.leg;

-- name: lock_new
-- Words that nobody has judged, with whether their author is blocked.
SELECT w.creator, w.id, m.body, b.viewer IS NOT NULL AS is_blocked
FROM words AS w
INNER JOIN message AS m ON m.owner = w.author AND m.id = w.gift AND m.leg = w.leg
LEFT JOIN blocked AS b ON b.creator = w.creator AND b.viewer = w.author
WHERE
    w.creator = any(%(creators)s::bigint[]) AND w.standing = 'new'
    AND (%(ids)s::uuid[] IS NULL OR w.id = any(%(ids)s::uuid[]))
ORDER BY w.creator, w.at, w.id
LIMIT %(most)s
FOR UPDATE OF w;

-- name: judge
UPDATE words AS w
SET standing = want.standing, reason = want.reason, since = now()
FROM
    unnest(%(creators)s::bigint[], %(ids)s::uuid[], %(standings)s::text[], %(reasons)s::text[])
        AS want (creator, id, standing, reason)
WHERE w.creator = want.creator AND w.id = want.id;

-- name: lock_words
SELECT place, gift, standing, reason FROM words WHERE creator = %(creator)s AND id = %(id)s FOR UPDATE;

-- name: decide
UPDATE words SET standing = %(standing)s, reason = %(reason)s, since = %(at)s, decided_by = %(by)s
WHERE creator = %(creator)s AND id = %(id)s;

-- name: read_words
SELECT
    w.creator, w.id, w.author, w.place, w.gift, coalesce(m.body, q.body) AS text, w.at, w.standing, w.reason,
    coalesce(array_agg(r.reason ORDER BY r.at) FILTER (WHERE r.reason IS NOT NULL), '{}') AS reports
FROM words AS w
LEFT JOIN message AS m ON m.owner = w.author AND m.id = w.gift AND m.leg = w.leg
LEFT JOIN question AS q ON q.creator = w.creator AND q.id = w.id
LEFT JOIN words_report AS r ON r.creator = w.creator AND r.words = w.id AND r.outcome IS NULL
WHERE w.creator = %(creator)s AND w.id = any(%(ids)s::uuid[]) AND num_nonnulls(m.body, q.body) = 1
GROUP BY w.creator, w.id, m.body, q.body
ORDER BY w.at, w.id;

-- name: page_held
SELECT w.id FROM words AS w
WHERE
    w.creator = %(creator)s AND w.standing = 'held'
    AND (%(at)s::timestamptz IS NULL OR (w.at, w.id) > (%(at)s::timestamptz, %(id)s::uuid))
ORDER BY w.at, w.id
LIMIT %(most)s;

-- name: withhold_all
-- All that an author has written to a creator and that is shown.
UPDATE words SET standing = 'hidden', reason = 'blocked', since = %(at)s, decided_by = %(by)s
WHERE creator = %(creator)s AND author = %(author)s AND standing = 'shown'
RETURNING place, gift, id;

-- name: report
INSERT INTO words_report (creator, words, reporter, reason, at)
VALUES (%(creator)s, %(words)s, %(reporter)s, %(reason)s, %(at)s)
ON CONFLICT (creator, words, reporter) DO NOTHING;

-- name: count_reports
SELECT count(*) FROM words_report WHERE creator = %(creator)s AND words = %(words)s AND outcome IS NULL;

-- name: close_reports
UPDATE words_report SET outcome = %(outcome)s, decided_at = %(at)s, decided_by = %(by)s
WHERE creator = %(creator)s AND words = %(words)s AND outcome IS NULL;

-- name: page_reported
-- Words with open reports, those first that have waited longest.
SELECT r.creator, r.words, min(r.at) AS first_at
FROM words_report AS r
WHERE r.outcome IS NULL
GROUP BY r.creator, r.words
HAVING
    %(at)s::timestamptz IS NULL
    OR (min(r.at), r.creator, r.words) > (%(at)s::timestamptz, %(creator)s::bigint, %(words)s::uuid)
ORDER BY min(r.at), r.creator, r.words
LIMIT %(most)s;

-- name: count_reported
SELECT count(*), min(w.first_at)
FROM (
    SELECT min(r.at) AS first_at FROM words_report AS r WHERE r.outcome IS NULL GROUP BY r.creator, r.words
) AS w;

-- name: read_reports
-- The open reports of these words, the first one first.
SELECT r.creator, r.words, r.reporter, r.reason, r.at
FROM unnest(%(creators)s::bigint[], %(words)s::uuid[]) AS want (creator, words)
INNER JOIN words_report AS r ON r.creator = want.creator AND r.words = want.words AND r.outcome IS NULL
ORDER BY r.at, r.reporter;

-- name: block
INSERT INTO blocked (creator, viewer, at, blocked_by) VALUES (%(creator)s, %(viewer)s, %(at)s, %(by)s)
ON CONFLICT (creator, viewer) DO NOTHING;

-- name: unblock
DELETE FROM blocked WHERE creator = %(creator)s AND viewer = %(viewer)s;

-- name: read_block
SELECT viewer FROM blocked WHERE creator = %(creator)s AND viewer = %(viewer)s;

-- name: add_words
INSERT INTO words (creator, id, author, place, at, standing, reason, since)
VALUES (%(creator)s, %(id)s, %(author)s, %(place)s, %(at)s, %(standing)s, %(reason)s, %(at)s);

-- name: page_blocked
SELECT viewer, at FROM blocked
WHERE
    creator = %(creator)s
    AND (%(at)s::timestamptz IS NULL OR (at, viewer) < (%(at)s::timestamptz, %(viewer)s::bigint))
ORDER BY at DESC, viewer DESC
LIMIT %(most)s;

-- name: erase_words
-- All that a user wrote beside gifts, what became of it, and who reported it; answers what was shown.
WITH gone AS (
    DELETE FROM words WHERE author = %(user)s RETURNING creator, place, gift, id, standing
),

erased AS (
    DELETE FROM message WHERE owner = %(user)s
),

unreported AS (
    DELETE FROM words_report AS r USING gone WHERE r.creator = gone.creator AND r.words = gone.id
)

SELECT g.creator, g.place, g.gift, g.id FROM gone AS g WHERE g.standing = 'shown' ORDER BY g.creator, g.place, g.id;

-- name: erase_reports
DELETE FROM words_report WHERE reporter = %(user)s;

-- name: erase_blocks
DELETE FROM blocked WHERE viewer = %(user)s OR creator = %(user)s;

-- name: erase_rule
DELETE FROM word_rule WHERE creator = %(user)s;
