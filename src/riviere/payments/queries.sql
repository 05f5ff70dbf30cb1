-- The statements of purchases and of bonus coins whose time has passed.

-- name: read_due
-- Viewers who hold bonus coins and were given some that are past their time: an account's totals as the ledger reads them.
SELECT a.user_id, a.credits, a.debits, a.seq, a.turn
FROM account AS a
WHERE
    a.kind = 2 AND a.credits > a.debits
    AND EXISTS (
        SELECT 1 FROM entry AS e
        WHERE e.credit_user = a.user_id AND e.credit_kind = 2 AND e.expires_at <= %(now)s
    )
ORDER BY a.user_id;

-- name: read_purchase
SELECT
    e.id, p.code AS pack, e.credit_amount AS coins, coalesce(b.credit_amount, 0) AS bonus,
    b.expires_at AS bonus_expires_at, e.debit_amount AS price, e.currency, e.booked_at, e.credit_seq AS seq
FROM entry AS e
INNER JOIN pack AS p ON p.id = e.item
LEFT JOIN entry AS b ON b.owner = e.owner AND b.id = e.id AND b.leg = 1
WHERE e.owner = %(user)s AND e.id = %(id)s AND e.leg = 0 AND e.route = 1;

-- name: page_purchases
SELECT
    e.id, p.code AS pack, e.credit_amount AS coins, coalesce(b.credit_amount, 0) AS bonus,
    b.expires_at AS bonus_expires_at, e.debit_amount AS price, e.currency, e.booked_at, e.credit_seq AS seq
FROM entry AS e
INNER JOIN pack AS p ON p.id = e.item
LEFT JOIN entry AS b ON b.owner = e.owner AND b.id = e.id AND b.leg = 1
WHERE
    e.credit_user = %(user)s AND e.credit_kind = 1 AND e.route = 1
    AND e.credit_seq < coalesce(%(before)s::bigint, 9223372036854775807)
ORDER BY e.credit_seq DESC
LIMIT %(most)s;

-- name: lock_buyer
-- Purchases of one buyer that count against a limit are judged one after the other.
SELECT id FROM users WHERE id = %(user)s FOR UPDATE;

-- name: read_limits
SELECT currency, span, number, amount, set_at, holds_from FROM spending_limit
WHERE user_id = %(user)s AND (%(currency)s::text IS NULL OR currency = %(currency)s::text)
ORDER BY currency, span, number;

-- name: add_limit
INSERT INTO spending_limit (user_id, currency, span, number, amount, set_at, holds_from, set_by)
VALUES (%(user)s, %(currency)s, %(span)s, %(number)s, %(amount)s, %(set_at)s, %(holds_from)s, %(by)s);

-- name: read_spent
-- What purchases took since then, and what those under way are about to take.
SELECT e.currency, e.at, e.debit_amount AS amount
FROM entry AS e
WHERE e.credit_user = %(user)s AND e.credit_kind = 1 AND e.route = 1 AND e.at > %(since)s
UNION ALL
SELECT h.currency, h.at, h.amount
FROM spending_hold AS h
LEFT JOIN entry AS e ON e.owner = h.user_id AND e.id = h.purchase AND e.leg = 0
WHERE h.user_id = %(user)s AND h.at > %(since)s AND e.owner IS NULL
ORDER BY at;

-- name: read_given
-- Coins that a viewer gave since then, less what came back from gifts that were undone.
SELECT
    coalesce(sum(CASE WHEN e.route IN (11, 12) THEN e.debit_amount ELSE -e.credit_amount END), 0)::bigint AS coins
FROM entry AS e
WHERE
    (e.debit_user = %(user)s AND e.route IN (11, 12) OR e.credit_user = %(user)s AND e.route IN (14, 15))
    AND e.at > %(since)s;

-- name: read_hold
SELECT amount FROM spending_hold WHERE user_id = %(user)s AND purchase = %(purchase)s;

-- name: hold
INSERT INTO spending_hold (user_id, purchase, currency, amount, at)
VALUES (%(user)s, %(purchase)s, %(currency)s, %(amount)s, %(at)s);

-- name: let_go
DELETE FROM spending_hold WHERE user_id = %(user)s AND purchase = %(purchase)s;
