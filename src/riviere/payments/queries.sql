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
