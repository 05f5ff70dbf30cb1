-- The statements of refunds.

-- name: read_refund
SELECT
    r.user_id, r.id, r.request, r.purchase, r.asked, r.state, r.processor, r.charge, r.coins, r.bonus, r.amount, r.currency,
    r.reference, r.tries, r.reason, r.asked_at, r.ended_at
FROM refund AS r
WHERE r.user_id = %(user)s AND r.id = %(id)s;

-- name: page_refunds
SELECT
    r.user_id, r.id, r.request, r.purchase, r.asked, r.state, r.processor, r.charge, r.coins, r.bonus, r.amount, r.currency,
    r.reference, r.tries, r.reason, r.asked_at, r.ended_at
FROM refund AS r
WHERE
    r.user_id = %(user)s
    AND (r.asked_at, r.id) < (
        coalesce(%(at)s::timestamptz, 'infinity'), coalesce(%(before)s::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    )
ORDER BY r.asked_at DESC, r.id DESC
LIMIT %(most)s;

-- name: due_refunds
SELECT
    r.user_id, r.id, r.request, r.purchase, r.asked, r.state, r.processor, r.charge, r.coins, r.bonus, r.amount, r.currency,
    r.reference, r.tries, r.reason, r.asked_at, r.ended_at
FROM refund AS r
WHERE r.due_at <= %(now)s
ORDER BY r.due_at
LIMIT %(most)s;

-- name: read_bought
-- A purchase, and what paid for it.
SELECT e.booked_at, c.processor, c.reference AS charge, e.currency
FROM entry AS e
INNER JOIN charge AS c ON c.owner = e.owner AND c.purchase = e.id
WHERE e.owner = %(user)s AND e.id = %(purchase)s AND e.leg = 0 AND e.route = 1;

-- name: ask_refund
-- One that was refused may be asked for again under its key.
INSERT INTO refund (user_id, id, request, purchase, asked, state, processor, charge, currency, asked_at, due_at)
VALUES (
    %(user)s, %(id)s, %(request)s, %(purchase)s, %(asked)s, 'asked', %(processor)s, %(charge)s, %(currency)s, %(now)s,
    %(now)s
)
ON CONFLICT (user_id, id) DO UPDATE
    SET state = 'asked', reason = '', asked_at = excluded.asked_at, due_at = excluded.due_at, ended_at = NULL
    WHERE refund.state = 'refused' AND refund.request = excluded.request;

-- name: freeze_refund
UPDATE refund SET state = 'frozen', coins = %(coins)s, bonus = %(bonus)s, amount = %(amount)s
WHERE user_id = %(user)s AND id = %(id)s AND state = 'asked';

-- name: name_refund
UPDATE refund SET reference = %(reference)s WHERE user_id = %(user)s AND id = %(id)s AND reference IS NULL;

-- name: refund_in_vain
UPDATE refund SET tries = tries + 1 WHERE user_id = %(user)s AND id = %(id)s;

-- name: refund_later
UPDATE refund SET due_at = %(due_at)s WHERE user_id = %(user)s AND id = %(id)s AND due_at IS NOT NULL;

-- name: end_refund
UPDATE refund SET state = %(state)s, reason = %(reason)s, due_at = NULL, ended_at = %(now)s
WHERE user_id = %(user)s AND id = %(id)s AND state IN ('asked', 'frozen');

-- name: wrong_refunds_kept
-- Each refund's freeze, thaw and money in the journal are those of its state, and no freeze is there without it.
SELECT
    count(*), count(c.problem),
    min(format('%s|refund %s of <%s> %s', c.at, left(c.id::text, 8), c.owner, c.problem)) FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        coalesce(r.user_id, f.owner) AS owner, coalesce(r.id, f.id) AS id, coalesce(r.asked_at, f.booked_at) AS at,
        CASE
            WHEN r.id IS NULL THEN 'froze coins that nobody asked to give back'
            WHEN r.state = 'refused' AND f.id IS NOT NULL THEN 'was refused, and coins are frozen'
            WHEN r.state IN ('frozen', 'paid', 'failed') AND f.id IS NULL THEN format('is %s, and nothing was frozen', r.state)
            WHEN
                r.state IN ('frozen', 'paid', 'failed')
                AND (f.debit_amount, f.cause, coalesce(b.debit_amount, 0)) <> (r.coins, r.purchase, r.bonus)
                THEN format('is of %s coins and %s of bonus, others are frozen', r.coins, r.bonus)
            WHEN (r.state = 'paid') <> (p.id IS NOT NULL) AND r.state <> 'frozen'
                THEN format('is %s, and money was %s', r.state, CASE WHEN p.id IS NULL THEN 'not paid' ELSE 'paid' END)
            WHEN (r.state = 'failed') <> (t.id IS NOT NULL) AND r.state <> 'frozen'
                THEN format('is %s, and its coins are %s', r.state, CASE WHEN t.id IS NULL THEN 'away' ELSE 'back' END)
            WHEN (p.credit_amount, p.currency) <> (r.amount, r.currency)
                THEN format('is of %s %s, %s %s was paid', r.amount, r.currency, p.credit_amount, p.currency)
        END AS problem
    FROM refund AS r
    FULL JOIN (SELECT * FROM entry WHERE route = 5) AS f ON f.owner = r.user_id AND f.id = r.id
    LEFT JOIN entry AS b ON b.owner = r.user_id AND b.id = r.id AND b.route = 6
    LEFT JOIN entry AS p ON p.owner = r.user_id AND p.cause = r.id AND p.route = 9
    LEFT JOIN entry AS t ON t.owner = r.user_id AND t.cause = r.id AND t.route = 7
) AS c;
