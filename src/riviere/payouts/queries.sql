-- The statements of payouts. Whatever changes a redemption has locked its row; whatever opens one, the creator's.

-- name: lock_creator
SELECT u.id FROM users AS u WHERE u.id = %(creator)s FOR UPDATE;

-- name: add_method
INSERT INTO payout_method (creator, number, method, currency, receiver, at, actor)
VALUES (%(creator)s, %(number)s, %(method)s, %(currency)s, %(receiver)s, %(at)s, %(actor)s);

-- name: read_method
SELECT m.number, m.method, m.currency, m.receiver, m.at, m.actor
FROM payout_method AS m WHERE m.creator = %(creator)s ORDER BY m.number DESC LIMIT 1;

-- name: add_identity
INSERT INTO identity (user_id, number, state, at, actor, reason)
SELECT %(user)s::bigint, coalesce(max(i.number), 0) + 1, %(state)s::text, %(at)s::timestamptz, %(actor)s::text, %(reason)s::text
FROM identity AS i WHERE i.user_id = %(user)s;

-- name: read_identity
SELECT i.state, i.at, i.actor, i.reason FROM identity AS i WHERE i.user_id = %(user)s ORDER BY i.number;

-- name: add_standing
INSERT INTO standing (user_id, number, state, at, actor, reason)
SELECT %(user)s::bigint, coalesce(max(s.number), 0) + 1, %(state)s::text, %(at)s::timestamptz, %(actor)s::text, %(reason)s::text
FROM standing AS s WHERE s.user_id = %(user)s;

-- name: read_standing
SELECT s.state, s.at, s.actor, s.reason FROM standing AS s WHERE s.user_id = %(user)s ORDER BY s.number;

-- name: add_quote
INSERT INTO quote (
    creator, id, method, currency, asked, diamonds, gross, fee, rate_policy, fee_policy, created_at, expires_at
)
VALUES (
    %(creator)s, %(id)s, %(method)s, %(currency)s, %(asked)s, %(diamonds)s, %(gross)s, %(fee)s, %(rate_policy)s,
    %(fee_policy)s, %(created_at)s, %(expires_at)s
);

-- name: read_quote
SELECT
    q.creator, q.id, q.method, q.currency, q.asked, q.diamonds, q.gross, q.fee, q.rate_policy, q.fee_policy,
    q.created_at, q.expires_at
FROM quote AS q WHERE q.creator = %(creator)s AND q.id = %(id)s;

-- name: read_holdings
-- A creator's diamonds, debts and unbacked diamonds, and what the hours since the cut-off brought, in one statement.
SELECT
    coalesce(sum(a.credits - a.debits) FILTER (WHERE a.kind = 11), 0)::bigint AS diamonds,
    coalesce(sum(a.debits - a.credits) FILTER (WHERE a.kind = 13), 0)::bigint AS owed,
    coalesce(sum(a.credits - a.debits) FILTER (WHERE a.kind = 14), 0)::bigint AS unbacked,
    (
        SELECT coalesce(sum(e.earned - e.undone), 0)::bigint
        FROM earning AS e
        WHERE e.creator = %(creator)s AND e.hour >= %(hour)s
    ) AS recent
FROM account AS a WHERE a.user_id = %(creator)s;

-- name: read_taken
-- The gross amount of a creator's redemptions of one UTC day that are not off.
SELECT coalesce(sum(q.gross), 0)::bigint AS taken
FROM redemption AS r
INNER JOIN quote AS q ON q.creator = r.creator AND q.id = r.quote
WHERE
    r.creator = %(creator)s AND q.currency = %(currency)s
    AND r.requested_at >= %(day)s AND r.requested_at < %(day)s::timestamptz + interval '1 day'
    AND r.state NOT IN ('refused', 'failed', 'cancelled');

-- name: read_use
SELECT r.id FROM redemption AS r
WHERE r.creator = %(creator)s AND r.quote = %(quote)s AND r.state <> 'refused';

-- name: open_redemption
-- A refused one may be asked for again under its key, with whatever quote.
INSERT INTO redemption (creator, id, quote, payout_method, requested_at, state, step, payments, attempt, tries)
VALUES (%(creator)s, %(id)s, %(quote)s, %(payout_method)s, %(at)s, %(state)s, 0, 0, 0, 0)
ON CONFLICT (creator, id) DO UPDATE
    SET
        quote = excluded.quote,
        payout_method = excluded.payout_method,
        requested_at = excluded.requested_at,
        state = excluded.state;

-- name: read_redemptions
SELECT
    r.creator, r.id, r.quote, r.payout_method, r.requested_at, r.state, r.step, r.booking, r.actor, r.reason,
    r.payments, r.attempt, r.due_at, r.tries, r.attention,
    q.asked, q.diamonds, q.gross, q.fee, q.currency, q.rate_policy, q.fee_policy,
    coalesce(m.method, q.method) AS method, coalesce(m.receiver, '') AS receiver,
    p.asked_at, p.reference, p.item, p.status
FROM unnest(%(creators)s::bigint[], %(ids)s::uuid[]) WITH ORDINALITY AS want (creator, id, place)
INNER JOIN redemption AS r ON r.creator = want.creator AND r.id = want.id
INNER JOIN quote AS q ON q.creator = r.creator AND q.id = r.quote
LEFT JOIN payout_method AS m ON m.creator = r.creator AND m.number = r.payout_method
LEFT JOIN payout AS p ON p.creator = r.creator AND p.redemption = r.id AND p.attempt = r.attempt
ORDER BY want.place;

-- name: lock_redemption
SELECT r.creator FROM redemption AS r WHERE r.creator = %(creator)s AND r.id = %(id)s FOR UPDATE;

-- name: whose_redemption
SELECT r.creator FROM redemption AS r WHERE r.id = %(id)s;

-- name: claim_due
-- Whoever takes a redemption has it until `until`: the others pass by, and after a crash it comes back then.
UPDATE redemption AS r SET due_at = %(until)s
FROM (
    SELECT d.creator, d.id FROM redemption AS d
    WHERE d.due_at <= %(now)s ORDER BY d.due_at LIMIT 1 FOR UPDATE SKIP LOCKED
) AS due
WHERE r.creator = due.creator AND r.id = due.id
RETURNING r.creator, r.id;

-- name: save_redemption
UPDATE redemption
SET
    payout_method = %(payout_method)s, state = %(state)s, step = %(step)s, booking = %(booking)s, actor = %(actor)s,
    reason = %(reason)s, payments = %(payments)s, attempt = %(attempt)s, due_at = %(due_at)s, tries = %(tries)s,
    attention = %(attention)s
WHERE creator = %(creator)s AND id = %(id)s;

-- name: add_step
INSERT INTO redemption_step (creator, redemption, number, state, at, actor, reason)
VALUES (%(creator)s, %(redemption)s, %(number)s, %(state)s, %(at)s, %(actor)s, %(reason)s);

-- name: read_steps
SELECT s.redemption, s.number, s.state, s.at, s.actor, s.reason
FROM unnest(%(creators)s::bigint[], %(ids)s::uuid[]) AS want (creator, redemption)
INNER JOIN redemption_step AS s ON s.creator = want.creator AND s.redemption = want.redemption
ORDER BY s.redemption, s.number;

-- name: add_payout
INSERT INTO payout (creator, redemption, attempt, payout_method, asked_at)
VALUES (%(creator)s, %(id)s, %(attempt)s, %(payout_method)s, %(asked_at)s);

-- name: save_payout
UPDATE payout SET reference = %(reference)s, item = %(item)s, status = %(status)s
WHERE creator = %(creator)s AND redemption = %(id)s AND attempt = %(attempt)s;

-- name: list_redemptions
-- A creator's, newest first, after a place in that order.
SELECT r.creator, r.id FROM redemption AS r
WHERE
    r.creator = %(creator)s
    AND (
        %(at)s::timestamptz IS NULL
        OR (r.requested_at, r.id) < (%(at)s, %(id)s::uuid)
    )
ORDER BY r.requested_at DESC, r.id DESC LIMIT %(most)s;

-- name: list_for_people
-- What waits for a person, longest first, after a place in that order.
SELECT r.creator, r.id FROM redemption AS r
WHERE
    (r.state = 'in_review' OR r.attention IS NOT NULL)
    AND (
        %(at)s::timestamptz IS NULL
        OR (r.requested_at, r.id) > (%(at)s, %(id)s::uuid)
    )
ORDER BY r.requested_at, r.id LIMIT %(most)s;

-- name: list_by_state
-- Everybody's in one state, newest first, after a place in that order.
SELECT r.creator, r.id FROM redemption AS r
WHERE
    r.state = %(state)s
    AND (
        %(at)s::timestamptz IS NULL
        OR (r.requested_at, r.id) < (%(at)s, %(id)s::uuid)
    )
ORDER BY r.requested_at DESC, r.id DESC LIMIT %(most)s;

-- name: list_with_attention
-- What calls for a person in whatever state, newest first, after a place in that order.
SELECT r.creator, r.id FROM redemption AS r
WHERE
    r.attention IS NOT NULL
    AND (
        %(at)s::timestamptz IS NULL
        OR (r.requested_at, r.id) < (%(at)s, %(id)s::uuid)
    )
ORDER BY r.requested_at DESC, r.id DESC LIMIT %(most)s;

-- name: count_waiting
-- What waits for a decision, each redemption once, by why and currency.
WITH waiting AS (
    SELECT r.creator, r.quote, r.requested_at, 'attention' AS among FROM redemption AS r WHERE r.attention IS NOT NULL
    UNION ALL
    SELECT r.creator, r.quote, r.requested_at, r.state FROM redemption AS r
    WHERE r.state = 'in_review' AND r.attention IS NULL
    UNION ALL
    SELECT r.creator, r.quote, r.requested_at, r.state FROM redemption AS r
    WHERE r.state = 'returned' AND r.attention IS NULL
)

SELECT
    w.among, q.currency,
    count(*)::bigint AS many,
    min(w.requested_at) AS oldest,
    sum(q.gross - q.fee)::bigint AS net
FROM waiting AS w
INNER JOIN quote AS q ON q.creator = w.creator AND q.id = w.quote
GROUP BY w.among, q.currency
ORDER BY w.among, q.currency;

-- name: same_step
SELECT count(*) FROM redemption_step AS s
WHERE
    s.creator = %(creator)s AND s.redemption = %(redemption)s AND s.state = %(state)s AND s.actor = %(actor)s
    AND s.reason = %(reason)s;

-- name: all_redemptions
-- Every redemption beside its steps and what the ledger has booked for its hold; either side may lack the other.
WITH step AS (
    SELECT
        s.creator, s.redemption,
        array_agg(s.number ORDER BY s.number) AS numbers,
        array_agg(s.state ORDER BY s.number) AS states
    FROM redemption_step AS s
    GROUP BY s.creator, s.redemption
),

asked AS (
    SELECT p.creator, p.redemption, count(*)::integer AS payouts, max(p.attempt) AS last_payout
    FROM payout AS p
    GROUP BY p.creator, p.redemption
)

SELECT
    coalesce(r.creator, s.creator) AS creator, coalesce(r.id, s.redemption) AS id, r.state, r.step, r.booking, r.payments,
    r.attempt, q.diamonds, q.gross, q.fee, q.currency, q.rate_policy, q.fee_policy, s.numbers, s.states,
    coalesce(a.payouts, 0) AS payouts, coalesce(a.last_payout, 0) AS last_payout
FROM redemption AS r
LEFT JOIN quote AS q ON q.creator = r.creator AND q.id = r.quote
LEFT JOIN asked AS a ON a.creator = r.creator AND a.redemption = r.id
FULL JOIN step AS s ON s.creator = r.creator AND s.redemption = r.id;

-- name: all_holds
-- What the journal says of each hold: thousandths of a diamond taken, given back and settled, and minor units as gross,
-- fee, paid and come back; policies and currencies that its entries name.
SELECT
    e.owner,
    CASE e.route WHEN 22 THEN e.id ELSE e.cause END AS hold,
    coalesce(sum(e.debit_amount) FILTER (WHERE e.route = 22), 0)::bigint AS held,
    coalesce(sum(e.debit_amount) FILTER (WHERE e.route = 23), 0)::bigint AS released,
    coalesce(sum(e.debit_amount) FILTER (WHERE e.route = 24), 0)::bigint AS settled,
    coalesce(sum(e.credit_amount) FILTER (WHERE e.route = 24), 0)::bigint AS gross,
    coalesce(sum(e.debit_amount) FILTER (WHERE e.route = 25), 0)::bigint AS fee,
    coalesce(sum(e.debit_amount) FILTER (WHERE e.route = 26), 0)::bigint AS paid,
    coalesce(sum(e.debit_amount) FILTER (WHERE e.route = 27), 0)::bigint AS returned,
    array_agg(DISTINCT e.currency) FILTER (WHERE e.currency IS NOT NULL) AS currencies,
    max(e.policy) FILTER (WHERE e.route = 24) AS rate_policy,
    max(e.policy) FILTER (WHERE e.route = 25) AS fee_policy
FROM entry AS e
WHERE e.route BETWEEN 22 AND 27
GROUP BY e.owner, CASE e.route WHEN 22 THEN e.id ELSE e.cause END;
