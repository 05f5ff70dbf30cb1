-- The statements of the ledger. Arrays come sorted by account, so that no two writers lock in different orders.

-- name: read_accounts
-- All accounts of these users, which lie side by side in the index: few each, and a gift may take from two.
SELECT a.user_id, a.kind, a.credits, a.debits, a.seq, a.turn
FROM unnest(%(users)s::bigint[]) AS want (user_id)
INNER JOIN account AS a ON a.user_id = want.user_id;

-- name: read_known
-- What is booked under ids: one row an id that exists.
SELECT
    e.owner, e.id,
    count(*)::integer AS legs,
    (array_agg(e.request ORDER BY e.leg))[1] AS request,
    (array_agg(e.route ORDER BY e.leg))[1] AS route,
    coalesce(max(e.upto), 0) AS upto,
    sum(e.count)::integer AS count,
    coalesce(sum(e.debit_amount) FILTER (WHERE e.route IN (11, 12, 13)), 0)::bigint AS coins,
    coalesce(sum(e.credit_amount) FILTER (WHERE e.route IN (11, 12, 13)), 0)::bigint AS diamonds,
    (array_agg(e.item ORDER BY e.leg) FILTER (WHERE e.item IS NOT NULL))[1] AS item,
    (array_agg(e.policy ORDER BY e.leg) FILTER (WHERE e.policy IS NOT NULL))[1] AS policy,
    min(e.booked_at) AS booked_at
FROM unnest(%(owners)s::bigint[], %(ids)s::uuid[]) AS want (owner, id)
INNER JOIN entry AS e ON e.owner = want.owner AND e.id = want.id
GROUP BY e.owner, e.id;

-- name: read_hold
-- A creator's accounts and what the hours since the cut-off brought, in one statement: a reversal between two reads
-- would move a debt out of sight of one and a gift out of sight of the other.
SELECT
    a.user_id, a.kind, a.credits, a.debits, a.seq, a.turn,
    (
        SELECT coalesce(sum(e.earned - e.undone), 0)::bigint
        FROM earning AS e
        WHERE e.creator = %(creator)s AND e.hour >= %(hour)s
    ) AS recent
FROM account AS a
WHERE a.user_id = %(creator)s AND a.kind IN (11, 12, 13);

-- name: read_charges
SELECT processor, reference, owner, purchase FROM charge WHERE reference = any(%(charges)s);

-- name: read_legs
SELECT e.* FROM entry AS e WHERE e.owner = %(owner)s AND e.id = %(id)s ORDER BY e.leg;

-- name: read_credits
SELECT e.* FROM entry AS e
WHERE
    e.credit_user = %(owner)s AND e.credit_kind = %(axis)s
    AND e.credit_seq <= (SELECT a.seq FROM account AS a WHERE a.user_id = %(owner)s AND a.kind = %(axis)s)
ORDER BY e.credit_start;

-- name: read_removals
-- Each has the holes that it made, which is where to find it: it lies anywhere among the gifts.
SELECT e.* FROM entry AS e
WHERE
    e.owner = %(owner)s AND e.debit_kind = %(axis)s AND e.route IN (3, 5, 6)
    AND e.id = any(array(SELECT h.entry FROM hole AS h WHERE h.owner = %(owner)s AND h.axis = %(axis)s));

-- name: read_origins
SELECT owner, entry, axis, lo, hi, purchase, k FROM origin WHERE owner = %(owner)s AND axis = %(axis)s ORDER BY lo;

-- name: read_holes
SELECT owner, entry, axis, lo, hi, purchase, k, axis_end FROM hole
WHERE owner = %(owner)s AND axis = %(axis)s ORDER BY lo;

-- name: add_accounts
INSERT INTO account (user_id, kind)
SELECT want.user_id, want.kind
FROM unnest(%(users)s::bigint[], %(kinds)s::smallint[]) AS want (user_id, kind)
ORDER BY want.user_id, want.kind
ON CONFLICT DO NOTHING;

-- name: move_accounts
-- Every touched balance, once. guard 1: its debits must be as read; guard 2: credits and turn as well. Answers which
-- accounts others moved too, or moved before they were known here: their number is not the expected one. The last row
-- has how many were moved, fewer than sent where somebody else was faster, and the time, which is read after the last
-- account is locked, so that along one account the time of booking never goes back.
WITH moved AS (
    UPDATE account AS a
    SET
        credits = a.credits + want.credit,
        debits = a.debits + want.debit,
        seq = a.seq + want.moves,
        turn = a.turn + want.turns
    FROM
        unnest(
            %(users)s::bigint[], %(kinds)s::smallint[], %(credits)s::bigint[], %(debits)s::bigint[],
            %(moves)s::bigint[], %(turns)s::bigint[], %(guards)s::smallint[], %(seen_credits)s::bigint[],
            %(seen_debits)s::bigint[], %(seen_turns)s::bigint[], %(seqs)s::bigint[]
        ) AS want (
            user_id, kind, credit, debit, moves, turns, guard, seen_credits, seen_debits, seen_turns, seq
        )
    WHERE
        a.user_id = want.user_id AND a.kind = want.kind
        AND (want.guard = 0 OR a.debits = want.seen_debits)
        AND (want.guard < 2 OR (a.credits = want.seen_credits AND a.turn = want.seen_turns))
    RETURNING a.user_id, a.kind, a.credits, a.debits, a.seq, want.seq AS expected
)

SELECT m.user_id, m.kind, m.credits, m.debits, m.seq, NULL AS booked_at
FROM moved AS m WHERE m.seq <> m.expected
UNION ALL
SELECT count(*), NULL, NULL, NULL, NULL, clock_timestamp() FROM moved;

-- name: add_entries
-- Rows of the journal as they are, in one parameter: COPY would end the pipeline, and wait.
INSERT INTO entry SELECT r.* FROM unnest(%(rows)s::entry[]) AS r;

-- name: commit
COMMIT;

-- name: read_row_type
SELECT 'entry'::regtype::oid::bigint AS number;

-- name: add_undone
UPDATE earning SET undone = undone + %(diamonds)s WHERE creator = %(creator)s AND hour = %(hour)s;

-- name: add_charges
INSERT INTO charge (reference, processor, owner, purchase, amount, currency)
SELECT want.reference, want.processor, want.owner, want.purchase, want.amount, want.currency
FROM
    unnest(
        %(charges)s::text[], %(processors)s::text[], %(owners)s::bigint[], %(purchases)s::uuid[],
        %(amounts)s::bigint[], %(currencies)s::text[]
    ) AS want (reference, processor, owner, purchase, amount, currency);

-- name: add_messages
-- Words beside a gift, and the row that will say whether others see them; an import has no creator here, and none.
WITH want AS (
    SELECT w.*
    FROM
        unnest(
            %(owners)s::bigint[], %(ids)s::uuid[], %(legs)s::integer[], %(salts)s::bytea[], %(bodies)s::text[],
            %(creators)s::bigint[], %(places)s::bigint[]
        ) AS w (owner, id, leg, salt, body, creator, place)
),

kept AS (
    INSERT INTO message (owner, id, leg, salt, body)
    SELECT want.owner, want.id, want.leg, want.salt, want.body FROM want
)

INSERT INTO words (creator, id, author, place, gift, leg, at, standing)
SELECT want.creator, gen_random_uuid(), want.owner, want.place, want.id, want.leg, %(booked_at)s::timestamptz, 'new'
FROM want
WHERE want.creator > 0;

-- name: add_anonymous
INSERT INTO anonymous_gift (owner, id)
SELECT want.owner, want.id FROM unnest(%(owners)s::bigint[], %(ids)s::uuid[]) AS want (owner, id);

-- name: add_hole
INSERT INTO hole (owner, entry, axis, lo, hi, purchase, k, axis_end)
VALUES (%(owner)s, %(entry)s, %(axis)s, %(lo)s, %(hi)s, %(purchase)s, %(k)s, %(axis_end)s);

-- name: add_origin
INSERT INTO origin (owner, entry, axis, lo, hi, purchase, k)
VALUES (%(owner)s, %(entry)s, %(axis)s, %(lo)s, %(hi)s, %(purchase)s, %(k)s);

-- name: close_batch
-- What creators earned in the hour; the chain's tip moves on, and the batch is there. Where somebody else moved the tip
-- there is no writer to name, which the table refuses.
WITH earned AS (
    INSERT INTO earning AS e (creator, hour, earned, unbacked)
    SELECT want.creator, %(hour)s, want.earned, want.unbacked
    FROM
        unnest(%(creators)s::bigint[], %(earned)s::bigint[], %(unbacked)s::bigint[])
            AS want (creator, earned, unbacked)
    ORDER BY want.creator
    ON CONFLICT (creator, hour) DO UPDATE
        SET earned = e.earned + excluded.earned, unbacked = e.unbacked + excluded.unbacked
),

tip AS (
    UPDATE writer SET number = %(number)s, entries = %(entries)s, hash = %(hash)s
    WHERE id = %(writer)s AND number = %(number)s - 1 AND hash = %(previous)s
    RETURNING id
)

INSERT INTO batch (writer, number, count, entries, booked_at, salt, root, previous, hash)
VALUES (
    (SELECT tip.id FROM tip), %(number)s, %(count)s, %(entries)s, %(booked_at)s, %(salt)s, %(root)s, %(previous)s,
    %(hash)s
);

-- name: list_writers
SELECT id FROM writer ORDER BY id;

-- name: lease_writer
SELECT pg_try_advisory_lock(7310, %(writer)s::integer) AS leased;

-- name: add_writer
INSERT INTO writer (id, hash) VALUES (%(writer)s, %(hash)s) ON CONFLICT DO NOTHING;

-- name: read_tip
SELECT w.id AS writer, w.number, w.entries, w.hash, coalesce(b.booked_at, to_timestamp(0)) AS booked_at
FROM writer AS w
LEFT JOIN batch AS b ON b.writer = w.id AND b.number = w.number
WHERE w.id = %(writer)s;

-- name: read_covered
SELECT span.key::integer AS writer, max((span.value ->> 1)::bigint) AS number
FROM head AS h, jsonb_each(h.spans) AS span
GROUP BY span.key;

-- name: read_clock
-- Asked after the last account is locked, so that along one account the time of booking never goes back.
SELECT clock_timestamp() AS instant;

-- name: plan_by_index
-- Nested loops follow the order of the arrays, so every writer locks accounts in the same order: two writers with
-- unsorted locks made 8,500 updates a second and deadlocks, with sorted ones 86,000 and none. There is one good plan for
-- each statement whatever is sent, so it is made once: to plan anew took a third of what a batch of one gift costs.
SELECT
    set_config('enable_hashjoin', 'off', FALSE), set_config('enable_mergejoin', 'off', FALSE),
    set_config('enable_seqscan', 'off', FALSE), set_config('jit', 'off', FALSE),
    set_config('plan_cache_mode', 'force_generic_plan', FALSE);

-- name: lock_heads
SELECT pg_advisory_xact_lock(7311);

-- name: read_last_head
SELECT number, signed_at, entries, spans::text AS spans, root, facts, previous, hash, public_key, signature
FROM head ORDER BY number DESC LIMIT 1;

-- name: read_tips
SELECT id, number, entries FROM writer ORDER BY id;

-- name: read_batch_hashes
SELECT b.hash FROM batch AS b WHERE b.writer = %(writer)s AND b.number > %(after)s AND b.number <= %(upto)s
ORDER BY b.number;

-- name: add_head
INSERT INTO head (number, signed_at, entries, spans, root, facts, previous, hash, public_key, signature)
VALUES (
    %(number)s, %(signed_at)s, %(entries)s, %(spans)s, %(root)s, %(facts)s, %(previous)s, %(hash)s, %(public_key)s,
    %(signature)s
);

-- name: digest_facts
-- Every dated and reference row, as text, under one digest a table: what a head vouches for beside the batches.
SELECT 'kind' AS name, sha256(convert_to(coalesce(string_agg(f::text, E'\\n' ORDER BY f.code), ''), 'UTF8')) AS digest
FROM kind AS f
UNION ALL
SELECT 'route', sha256(convert_to(coalesce(string_agg(f::text, E'\\n' ORDER BY f.code), ''), 'UTF8'))
FROM route AS f
UNION ALL
SELECT 'gift', sha256(convert_to(coalesce(string_agg(f::text, E'\\n' ORDER BY f.id), ''), 'UTF8'))
FROM gift AS f
UNION ALL
SELECT 'gift_version', sha256(convert_to(coalesce(string_agg(f::text, E'\\n' ORDER BY f.id), ''), 'UTF8'))
FROM gift_version AS f
UNION ALL
SELECT 'pack', sha256(convert_to(coalesce(string_agg(f::text, E'\\n' ORDER BY f.id), ''), 'UTF8'))
FROM pack AS f
UNION ALL
SELECT 'policy', sha256(convert_to(coalesce(string_agg(f::text, E'\\n' ORDER BY f.id), ''), 'UTF8'))
FROM policy AS f
UNION ALL
SELECT 'import', sha256(convert_to(coalesce(string_agg(f::text, E'\\n' ORDER BY f.id), ''), 'UTF8'))
FROM import AS f
UNION ALL
SELECT 'backing', sha256(convert_to(coalesce(string_agg(f::text, E'\\n' ORDER BY f.import, f.number), ''), 'UTF8'))
FROM backing AS f;

-- name: read_balance
-- A debt is counted the other way round: what is owed.
SELECT CASE a.kind WHEN 13 THEN a.debits - a.credits ELSE a.credits - a.debits END AS balance
FROM account AS a WHERE a.user_id = %(user)s AND a.kind = %(kind)s;

-- name: read_last
SELECT a.seq FROM account AS a WHERE a.user_id = %(user)s AND a.kind = %(kind)s;

-- name: read_past
-- The number of an account's last entry booked before an instant, and the balance after it; zeros where there is none.
-- Numbers have no gap and times never fall with them, so each look at one leaves half of them. It is a debit or a credit.
WITH RECURSIVE search AS (
    SELECT 0::bigint AS low, a.seq AS high, 0::bigint AS balance
    FROM account AS a WHERE a.user_id = %(user)s AND a.kind = %(kind)s
    UNION ALL
    SELECT
        CASE WHEN middle.booked_at < %(instant)s THEN middle.seq ELSE s.low END,
        CASE WHEN middle.booked_at < %(instant)s THEN s.high ELSE middle.seq - 1 END,
        CASE WHEN middle.booked_at < %(instant)s THEN middle.balance ELSE s.balance END
    FROM search AS s
    CROSS JOIN
        LATERAL (
            SELECT e.booked_at, e.debit_seq AS seq, e.debit_balance AS balance FROM entry AS e
            WHERE e.debit_user = %(user)s AND e.debit_seq = (s.low + s.high + 1) / 2 AND e.debit_kind = %(kind)s
            UNION ALL
            SELECT e.booked_at, e.credit_seq, e.credit_balance FROM entry AS e
            WHERE e.credit_user = %(user)s AND e.credit_seq = (s.low + s.high + 1) / 2 AND e.credit_kind = %(kind)s
        ) AS middle
    WHERE s.low < s.high
)

SELECT s.low AS seq, s.balance FROM search AS s WHERE s.low = s.high;

-- name: wait_for_account
-- Whoever is moving the account holds its row until the move is there to be read.
SELECT FROM account WHERE user_id = %(user)s AND kind = %(kind)s FOR SHARE;

-- name: read_lines
-- The entries of one account that are numbered after one number and up to another.
SELECT e.* FROM entry AS e
WHERE e.debit_user = %(user)s AND e.debit_seq > %(after)s AND e.debit_seq <= %(upto)s AND e.debit_kind = %(kind)s
UNION ALL
SELECT e.* FROM entry AS e
WHERE e.credit_user = %(user)s AND e.credit_seq > %(after)s AND e.credit_seq <= %(upto)s AND e.credit_kind = %(kind)s;

-- name: count_batches
SELECT coalesce(sum(b.count), 0)::bigint AS entries
FROM unnest(%(writers)s::smallint[], %(numbers)s::bigint[]) AS want (writer, number)
INNER JOIN batch AS b ON b.writer = want.writer AND b.number = want.number;

-- name: read_batch
SELECT b.writer, b.number, b.count, b.entries, b.booked_at, b.salt, b.root, b.previous, b.hash
FROM batch AS b WHERE b.writer = %(writer)s AND b.number = %(number)s;

-- name: read_batch_entries
SELECT e.* FROM entry AS e WHERE e.writer = %(writer)s AND e.batch = %(number)s ORDER BY e.position;

-- name: read_head_over
SELECT
    h.number,
    h.signed_at,
    h.entries,
    h.spans::text AS spans,
    h.root,
    h.facts,
    h.previous,
    h.hash,
    h.public_key,
    h.signature
FROM head AS h
WHERE
    (h.spans -> %(writer)s ->> 0)::bigint <= %(number)s
    AND (h.spans -> %(writer)s ->> 1)::bigint >= %(number)s;
