-- The statements of questions, of announcements and of reminders.

-- name: add_turn
INSERT INTO question_turn (creator, asker) VALUES (%(creator)s, %(asker)s) ON CONFLICT (creator, asker) DO NOTHING;

-- name: lock_turn
SELECT asked_at FROM question_turn WHERE creator = %(creator)s AND asker = %(asker)s FOR UPDATE;

-- name: take_turn
UPDATE question_turn SET asked_at = %(at)s WHERE creator = %(creator)s AND asker = %(asker)s;

-- name: read_request
SELECT request FROM question WHERE creator = %(creator)s AND id = %(id)s;

-- name: add_question
INSERT INTO question (creator, id, place, asker, body, request, asked_at)
VALUES (%(creator)s, %(id)s, %(place)s, %(asker)s, %(body)s, %(request)s, %(at)s);

-- name: read_questions
SELECT
    q.creator, q.id, q.place, q.asker, q.body AS text, q.asked_at, q.answered_at, w.standing,
    count(v.viewer) AS voices
FROM question AS q
INNER JOIN words AS w ON w.creator = q.creator AND w.id = q.id
LEFT JOIN question_voice AS v ON v.creator = q.creator AND v.question = q.id
WHERE q.creator = %(creator)s AND q.id = any(%(ids)s::uuid[])
GROUP BY q.creator, q.id, w.standing
ORDER BY q.asked_at, q.id;

-- name: page_questions
-- Those that everybody sees, of one stream.
SELECT q.id
FROM question AS q
INNER JOIN words AS w ON w.creator = q.creator AND w.id = q.id
WHERE
    q.creator = %(creator)s AND q.place = %(place)s AND w.standing = 'shown'
    AND (%(answered)s::boolean IS NULL OR (q.answered_at IS NOT NULL) = %(answered)s::boolean)
    AND (%(at)s::timestamptz IS NULL OR (q.asked_at, q.id) > (%(at)s::timestamptz, %(id)s::uuid))
ORDER BY q.asked_at, q.id
LIMIT %(most)s;

-- name: answer
UPDATE question SET answered_at = %(at)s
WHERE creator = %(creator)s AND id = %(id)s AND answered_at IS NULL
RETURNING place;

-- name: add_voice
INSERT INTO question_voice (creator, question, viewer)
SELECT w.creator, w.id, %(viewer)s::bigint
FROM words AS w
WHERE w.creator = %(creator)s AND w.id = %(id)s AND w.standing = 'shown' AND w.gift IS NULL
ON CONFLICT (creator, question, viewer) DO NOTHING;

-- name: erase_questions
-- A user's questions and voices; and other people's voices for those questions.
WITH gone AS (
    DELETE FROM question WHERE asker = %(user)s RETURNING creator, id
),

unheard AS (
    DELETE FROM question_voice AS v USING gone WHERE v.creator = gone.creator AND v.question = gone.id
),

turns AS (
    DELETE FROM question_turn WHERE asker = %(user)s
)

SELECT count(*) FROM gone;

-- name: erase_voices
DELETE FROM question_voice WHERE viewer = %(user)s;

-- name: add_announcement
INSERT INTO announcement (creator, id, title, body, starts_at, request, made_at)
VALUES (%(creator)s, %(id)s, %(title)s, %(body)s, %(starts_at)s, %(request)s, %(at)s)
ON CONFLICT (creator, id) DO NOTHING;

-- name: lock_announcement
SELECT title, body, starts_at, request, cancelled_at, reminded_at FROM announcement
WHERE creator = %(creator)s AND id = %(id)s
FOR UPDATE;

-- name: change_announcement
UPDATE announcement SET title = %(title)s, body = %(body)s, starts_at = %(starts_at)s
WHERE creator = %(creator)s AND id = %(id)s;

-- name: cancel_announcement
UPDATE announcement SET cancelled_at = %(at)s WHERE creator = %(creator)s AND id = %(id)s;

-- name: read_announcements
SELECT
    a.creator, a.id, a.title, a.body AS text, a.starts_at, a.made_at, a.cancelled_at, a.reminded_at,
    count(r.viewer) AS reminders
FROM announcement AS a
LEFT JOIN reminder AS r ON r.creator = a.creator AND r.announcement = a.id
WHERE a.creator = %(creator)s AND a.id = any(%(ids)s::uuid[])
GROUP BY a.creator, a.id
ORDER BY a.starts_at, a.id;

-- name: page_announcements
SELECT a.id FROM announcement AS a
WHERE
    a.creator = %(creator)s AND a.starts_at >= %(since)s AND a.cancelled_at IS NULL
    AND (%(at)s::timestamptz IS NULL OR (a.starts_at, a.id) > (%(at)s::timestamptz, %(id)s::uuid))
ORDER BY a.starts_at, a.id
LIMIT %(most)s;

-- name: add_reminder
INSERT INTO reminder (creator, announcement, viewer, asked_at) VALUES (%(creator)s, %(id)s, %(viewer)s, %(at)s)
ON CONFLICT (creator, announcement, viewer) DO NOTHING;

-- name: withdraw_reminder
DELETE FROM reminder WHERE creator = %(creator)s AND announcement = %(id)s AND viewer = %(viewer)s;

-- name: page_reminders
-- What a viewer waits for: the next one first.
SELECT r.creator, r.announcement
FROM reminder AS r
INNER JOIN announcement AS a ON a.creator = r.creator AND a.id = r.announcement
WHERE
    r.viewer = %(viewer)s AND a.cancelled_at IS NULL AND a.starts_at >= %(since)s
    AND (%(at)s::timestamptz IS NULL OR (a.starts_at, a.id) > (%(at)s::timestamptz, %(id)s::uuid))
ORDER BY a.starts_at, a.id
LIMIT %(most)s;

-- name: next_due
-- The announcement that is due first; one that another server is at is passed over.
SELECT creator, id, title, starts_at FROM announcement
WHERE cancelled_at IS NULL AND reminded_at IS NULL AND starts_at <= %(until)s
ORDER BY starts_at, creator, id
LIMIT 1
FOR UPDATE SKIP LOCKED;

-- name: tell_viewers
UPDATE reminder AS r SET told_at = %(at)s
FROM (
    SELECT viewer FROM reminder
    WHERE creator = %(creator)s AND announcement = %(id)s AND told_at IS NULL
    ORDER BY viewer
    LIMIT %(most)s
) AS next
WHERE r.creator = %(creator)s AND r.announcement = %(id)s AND r.viewer = next.viewer
RETURNING r.viewer;

-- name: all_told
UPDATE announcement SET reminded_at = %(at)s WHERE creator = %(creator)s AND id = %(id)s;

-- name: erase_reminders
DELETE FROM reminder WHERE viewer = %(user)s OR creator = %(user)s;

-- name: erase_announcements
DELETE FROM announcement WHERE creator = %(user)s;
