-- Endpoints, deliveries and the journal's cursors. Who locks several lanes takes them by endpoint and subject, and locks
-- endpoints only afterwards, so that two processes wait for each other and do not lock up.

-- name: try_dispatch
-- One gatherer and one dispatcher at a time; whoever comes second leaves it to the first.
SELECT pg_try_advisory_xact_lock(7311, 1);

-- name: lock_dispatch
SELECT pg_advisory_xact_lock(7311, 1);

-- name: list_wanting
SELECT id, kinds FROM endpoint WHERE state <> 'gone' ORDER BY id;

-- name: skip_journal
INSERT INTO journal_cursor (writer, batch)
SELECT w.id, w.number
FROM writer AS w
LEFT JOIN journal_cursor AS c ON c.writer = w.id
WHERE c.batch IS NULL OR c.batch < w.number
ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch;

-- name: add_chains
INSERT INTO journal_cursor (writer, batch)
SELECT w.id, 0 FROM writer AS w
WHERE NOT EXISTS (SELECT 1 FROM journal_cursor AS c WHERE c.writer = w.id);

-- name: next_batches
-- By the time of booking over all chains, so that what followed from something is told after it. Within a chain that time
-- never goes back, and numbers have no gap.
SELECT b.writer, b.number, b.count
FROM journal_cursor AS c
CROSS JOIN
    LATERAL (
        SELECT t.writer, t.number, t.count, t.booked_at FROM batch AS t
        WHERE t.writer = c.writer AND t.number > c.batch
        ORDER BY t.number LIMIT %(most)s
    ) AS b
ORDER BY b.booked_at, b.writer, b.number;

-- name: read_entries
SELECT e.* FROM entry AS e
WHERE e.writer = %(writer)s AND e.batch BETWEEN %(first)s AND %(last)s AND e.route = any(%(routes)s::smallint[]);

-- name: move_cursor
UPDATE journal_cursor SET batch = %(last)s WHERE writer = %(writer)s;

-- name: read_first_legs
SELECT e.* FROM unnest(%(owners)s::bigint[], %(ids)s::uuid[]) AS want (owner, id)
INNER JOIN entry AS e ON e.owner = want.owner AND e.id = want.id AND e.leg = 0;

-- name: run_combos
INSERT INTO running_combo AS r (owner, id, quiet_at)
SELECT want.owner, want.id, want.quiet_at
FROM unnest(%(owners)s::bigint[], %(ids)s::uuid[], %(quiet_at)s::timestamptz[]) AS want (owner, id, quiet_at)
ON CONFLICT (owner, id) DO UPDATE SET quiet_at = greatest(r.quiet_at, excluded.quiet_at);

-- name: drop_combos
DELETE FROM running_combo AS r
USING unnest(%(owners)s::bigint[], %(ids)s::uuid[]) AS done (owner, id)
WHERE r.owner = done.owner AND r.id = done.id;

-- name: drop_all_combos
DELETE FROM running_combo;

-- name: read_quiet_combos
SELECT
    e.owner, e.id, e.credit_user, e.place, e.item,
    max(e.upto) AS count,
    sum(e.debit_amount)::bigint AS coins,
    sum(e.credit_amount)::bigint AS diamonds,
    min(e.at) AS began_at,
    max(e.at) AS ended_at
FROM (SELECT owner, id FROM running_combo WHERE quiet_at <= %(now)s ORDER BY quiet_at LIMIT 1000) AS quiet
INNER JOIN entry AS e ON e.owner = quiet.owner AND e.id = quiet.id
WHERE e.route IN (11, 12)
GROUP BY e.owner, e.id, e.credit_user, e.place, e.item;

-- name: add_delivery
INSERT INTO delivery (endpoint, event, subject, number, kind, body, created_at, state)
VALUES (%(endpoint)s, %(event)s, %(subject)s, %(number)s, %(kind)s, %(body)s, %(now)s, 'waiting');

-- name: open_lanes
-- An update that changes nothing still waits for whoever is ending the lane, and then makes it anew.
INSERT INTO lane AS l (endpoint, subject, next_at)
SELECT DISTINCT want.endpoint, want.subject, %(now)s::timestamptz
FROM unnest(%(endpoints)s::text[], %(subjects)s::text[]) AS want (endpoint, subject)
ORDER BY want.endpoint, want.subject
ON CONFLICT (endpoint, subject) DO UPDATE SET
    next_at = CASE WHEN %(at_once)s THEN excluded.next_at ELSE l.next_at END,
    failures = CASE WHEN %(at_once)s THEN 0 ELSE l.failures END;

-- name: list_due
-- Some lanes of each endpoint that are due, so that no endpoint takes the room of another; of one that fails, one lane.
WITH busy AS (
    SELECT b.endpoint, b.subject FROM unnest(%(endpoints)s::text[], %(subjects)s::text[]) AS b (endpoint, subject)
)

SELECT due.endpoint, due.subject
FROM endpoint AS e
CROSS JOIN
    LATERAL (
        SELECT l.endpoint, l.subject, l.next_at
        FROM lane AS l
        WHERE
            l.endpoint = e.id AND l.next_at <= %(now)s
            AND NOT EXISTS (SELECT 1 FROM busy WHERE busy.endpoint = l.endpoint AND busy.subject = l.subject)
        ORDER BY l.next_at, l.subject
        LIMIT
            greatest(
                CASE WHEN e.failing_since IS NULL THEN %(each)s ELSE 1 END
                - (SELECT count(*) FROM busy WHERE busy.endpoint = e.id),
                0
            )
    ) AS due
WHERE e.state = 'on'
ORDER BY due.next_at, due.endpoint, due.subject
LIMIT %(room)s;

-- name: lock_lanes
-- Held by the session, not by a transaction: a killed process gives them back at once, and a try may take its time.
SELECT want.endpoint, want.subject
FROM unnest(%(endpoints)s::text[], %(subjects)s::text[]) AS want (endpoint, subject)
WHERE pg_try_advisory_lock(hashtextextended(want.endpoint || ' ' || want.subject, 7311));

-- name: unlock_lanes
SELECT pg_advisory_unlock(hashtextextended(want.endpoint || ' ' || want.subject, 7311))
FROM unnest(%(endpoints)s::text[], %(subjects)s::text[]) AS want (endpoint, subject);

-- name: read_heads
-- Asked again once the lanes are ours: somebody else may have been there since they were listed.
SELECT
    l.endpoint, l.subject, l.failures, d.event, d.body, e.url,
    array(
        SELECT s.secret FROM endpoint_secret AS s
        WHERE s.endpoint = e.id AND (s.until IS NULL OR s.until > %(now)s)
        ORDER BY s.number DESC
    ) AS secrets
FROM unnest(%(endpoints)s::text[], %(subjects)s::text[]) AS want (endpoint, subject)
INNER JOIN lane AS l ON l.endpoint = want.endpoint AND l.subject = want.subject AND l.next_at <= %(now)s
INNER JOIN endpoint AS e ON e.id = l.endpoint AND e.state = 'on'
CROSS JOIN
    LATERAL (
        SELECT w.event, w.body FROM delivery AS w
        WHERE w.endpoint = l.endpoint AND w.subject = l.subject AND w.done_at IS NULL
        ORDER BY w.number LIMIT 1
    ) AS d;

-- name: hold_lanes
SELECT l.endpoint, l.subject, l.failures
FROM unnest(%(endpoints)s::text[], %(subjects)s::text[]) AS want (endpoint, subject)
INNER JOIN lane AS l ON l.endpoint = want.endpoint AND l.subject = want.subject
ORDER BY l.endpoint, l.subject
FOR UPDATE OF l;

-- name: count_try
UPDATE delivery SET
    tries = tries + 1,
    state = %(state)s,
    done_at = CASE WHEN %(state)s = 'waiting' THEN NULL ELSE %(now)s::timestamptz END
WHERE endpoint = %(endpoint)s AND event = %(event)s AND done_at IS NULL
RETURNING tries;

-- name: add_attempt
INSERT INTO attempt (endpoint, event, number, at, ms, status, answer)
VALUES (%(endpoint)s, %(event)s, %(number)s, %(at)s, %(ms)s, %(status)s, %(answer)s);

-- name: slow_lane
UPDATE lane SET next_at = %(next_at)s, failures = failures + 1 WHERE endpoint = %(endpoint)s AND subject = %(subject)s;

-- name: end_lanes
DELETE FROM lane AS l
USING unnest(%(endpoints)s::text[], %(subjects)s::text[]) AS want (endpoint, subject)
WHERE
    l.endpoint = want.endpoint AND l.subject = want.subject
    AND NOT EXISTS (
        SELECT 1 FROM delivery AS d
        WHERE d.endpoint = l.endpoint AND d.subject = l.subject AND d.done_at IS NULL
    );

-- name: pass_on
UPDATE lane AS l SET next_at = %(now)s, failures = 0
FROM unnest(%(endpoints)s::text[], %(subjects)s::text[]) AS want (endpoint, subject)
WHERE l.endpoint = want.endpoint AND l.subject = want.subject;

-- name: works_again
UPDATE endpoint SET failing_since = NULL WHERE id = %(id)s AND failing_since IS NOT NULL;

-- name: fails
UPDATE endpoint SET failing_since = coalesce(failing_since, %(now)s)
WHERE id = %(id)s AND (failing_since IS NULL OR failing_since <= %(too_long)s)
RETURNING failing_since <= %(too_long)s;

-- name: add_endpoint
INSERT INTO endpoint (id, url, kinds, description, created_at, created_by, state, state_at)
VALUES (%(id)s, %(url)s, %(kinds)s, %(description)s, %(now)s, %(by)s, 'on', %(now)s);

-- name: list_endpoints
SELECT id, url, kinds, description, created_at, created_by, state, state_at, failing_since
FROM endpoint WHERE %(id)s::text IS NULL OR id = %(id)s
ORDER BY created_at, id;

-- name: lock_endpoint
SELECT e.id FROM endpoint AS e WHERE e.id = %(id)s FOR UPDATE;

-- name: set_state
UPDATE endpoint SET state = %(state)s, state_at = %(now)s, failing_since = NULL
WHERE id = %(id)s AND state = any(%(before)s::text[])
RETURNING id;

-- name: add_secret
INSERT INTO endpoint_secret (endpoint, number, secret)
SELECT %(endpoint)s::text, coalesce(max(number), 0) + 1, %(secret)s::text
FROM endpoint_secret WHERE endpoint = %(endpoint)s;

-- name: end_secrets
UPDATE endpoint_secret SET until = %(until)s WHERE endpoint = %(endpoint)s AND until IS NULL;

-- name: delete_lanes
DELETE FROM lane WHERE endpoint = %(endpoint)s;

-- name: delete_deliveries
DELETE FROM delivery WHERE endpoint = %(endpoint)s;

-- name: delete_attempts
DELETE FROM attempt WHERE endpoint = %(endpoint)s;

-- name: delete_endpoint
DELETE FROM endpoint WHERE id = %(endpoint)s;

-- name: list_deliveries
SELECT event, subject, number, kind, body, created_at, state, done_at
FROM delivery
WHERE
    endpoint = %(endpoint)s
    AND (%(state)s::text IS NULL OR state = %(state)s)
    AND (
        %(number)s::bigint IS NULL
        OR (number, event) < (%(number)s, %(event)s::text)
    )
ORDER BY number DESC, event DESC
LIMIT %(most)s;

-- name: read_delivery
SELECT event, subject, number, kind, body, created_at, state, done_at
FROM delivery WHERE endpoint = %(endpoint)s AND event = %(event)s;

-- name: list_attempts
SELECT event, at, ms, status, answer FROM attempt
WHERE endpoint = %(endpoint)s AND event = any(%(events)s::text[])
ORDER BY event, number;

-- name: replay
UPDATE delivery SET state = 'waiting', done_at = NULL
WHERE
    endpoint = %(endpoint)s AND done_at IS NOT NULL
    AND (%(event)s::text IS NULL OR event = %(event)s)
    AND number >= floor(extract(EPOCH FROM coalesce(%(since)s::timestamptz, '1970-01-01Z')) * 1000)::bigint
RETURNING subject;

-- name: skip
UPDATE delivery SET state = 'skipped', done_at = %(now)s
WHERE endpoint = %(endpoint)s AND event = %(event)s AND done_at IS NULL
RETURNING event;

-- name: hold_idle_lanes
SELECT l.endpoint, l.subject FROM lane AS l
INNER JOIN endpoint AS e ON e.id = l.endpoint AND e.state <> 'on'
ORDER BY l.endpoint, l.subject
FOR UPDATE OF l;

-- name: forget_attempts
DELETE FROM attempt AS a
USING delivery AS d
INNER JOIN endpoint AS e ON e.id = d.endpoint
WHERE
    a.endpoint = d.endpoint AND a.event = d.event
    AND (d.done_at < %(before)s OR (e.state <> 'on' AND d.created_at < %(before)s));

-- name: forget_deliveries
-- What waits for an endpoint that is not on waits no longer than that.
DELETE FROM delivery AS d
USING endpoint AS e
WHERE e.id = d.endpoint AND (d.done_at < %(before)s OR (e.state <> 'on' AND d.created_at < %(before)s));

-- name: forget_secrets
DELETE FROM endpoint_secret WHERE until < %(now)s;
