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
