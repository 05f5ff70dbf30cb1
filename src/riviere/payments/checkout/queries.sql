-- The statements of checkouts and of what the card processor tells about them.

-- name: read_checkout
SELECT
    c.user_id, c.id, c.request, c.pack, p.code, c.coins, c.bonus, c.bonus_days, c.price, c.currency, c.state, c.reference,
    c.tries, c.started_at, c.ended_at
FROM checkout AS c
INNER JOIN pack AS p ON p.id = c.pack
WHERE c.user_id = %(user)s AND c.id = %(id)s;

-- name: due_checkouts
SELECT
    c.user_id, c.id, c.request, c.pack, p.code, c.coins, c.bonus, c.bonus_days, c.price, c.currency, c.state, c.reference,
    c.tries, c.started_at, c.ended_at
FROM checkout AS c
INNER JOIN pack AS p ON p.id = c.pack
WHERE c.state = 'open' AND c.ask_at <= %(now)s
ORDER BY c.ask_at
LIMIT %(most)s;

-- name: open_checkout
INSERT INTO checkout (
    user_id, id, request, pack, coins, bonus, bonus_days, price, currency, state, started_at, ask_at
)
VALUES (
    %(user)s, %(id)s, %(request)s, %(pack)s, %(coins)s, %(bonus)s, %(bonus_days)s, %(price)s, %(currency)s, 'open',
    %(now)s, %(ask_at)s
)
ON CONFLICT DO NOTHING;

-- name: name_checkout
UPDATE checkout SET reference = %(reference)s WHERE user_id = %(user)s AND id = %(id)s AND reference IS NULL;

-- name: tried_in_vain
UPDATE checkout SET tries = tries + 1 WHERE user_id = %(user)s AND id = %(id)s;

-- name: ask_again
UPDATE checkout SET ask_at = %(ask_at)s WHERE user_id = %(user)s AND id = %(id)s AND state = 'open';

-- name: end_checkout
UPDATE checkout SET state = %(state)s, reference = coalesce(reference, %(reference)s), ended_at = %(now)s
WHERE user_id = %(user)s AND id = %(id)s AND state = 'open';

-- name: keep_event
INSERT INTO provider_event (id, type, created_at, received_at, body, state)
VALUES (%(id)s, %(type)s, %(created_at)s, %(now)s, %(body)s, %(state)s)
ON CONFLICT DO NOTHING;

-- name: waiting_events
SELECT e.body FROM provider_event AS e WHERE e.state = 'waiting' ORDER BY e.received_at LIMIT %(most)s;

-- name: decide_event
UPDATE provider_event SET state = %(state)s, reason = %(reason)s WHERE id = %(id)s AND state = 'waiting';

-- name: page_events
SELECT e.id, e.type, e.created_at, e.received_at, e.state, e.reason
FROM provider_event AS e
WHERE
    (NOT %(attention)s::boolean OR e.state = 'attention')
    AND (e.received_at, e.id) < (coalesce(%(at)s::timestamptz, 'infinity'), coalesce(%(before)s::text, ''))
ORDER BY e.received_at DESC, e.id DESC
LIMIT %(most)s;

-- name: wrong_checkouts
-- Each checkout that was paid has its purchase, and each purchase of the processor its checkout, as it was ordered.
SELECT
    count(*), count(c.problem),
    min(format('%s|checkout %s of <%s> %s', c.at, left(c.id::text, 8), c.owner, c.problem)) FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        coalesce(o.user_id, x.owner) AS owner, coalesce(o.id, x.purchase) AS id, coalesce(o.started_at, e.booked_at) AS at,
        CASE
            WHEN o.id IS NULL THEN format('is not there, but charge %s is booked', x.reference)
            WHEN o.state = 'paid' AND x.reference IS NULL THEN 'is paid, but nothing was credited'
            WHEN x.reference <> o.reference THEN format('is payment %s, charge %s was credited', o.reference, x.reference)
            WHEN (x.amount, x.currency) <> (o.price, o.currency)
                THEN format('was %s %s, %s %s was credited', o.price, o.currency, x.amount, x.currency)
            WHEN
                x.reference IS NOT NULL
                AND coalesce((e.credit_amount, e.item, e.request, e.at) <> (o.coins, o.pack, o.request, o.started_at), TRUE)
                THEN format('was %s coins of pack %s, its purchase %s of %s', o.coins, o.pack, e.credit_amount, e.item)
        END AS problem
    FROM checkout AS o
    FULL JOIN (SELECT * FROM charge WHERE processor = 'stripe') AS x ON x.owner = o.user_id AND x.purchase = o.id
    LEFT JOIN entry AS e ON e.owner = x.owner AND e.id = x.purchase AND e.leg = 0
) AS c;
