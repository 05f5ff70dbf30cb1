-- Redemption to its end: held diamonds become money owed to the creator, the fee is kept of it, the rest is paid out, and
-- what comes back is owed again. Routes as in src/riviere/ledger/law.py; rules in src/riviere/ledger/redeeming.py.

INSERT INTO kind (code, name, asset, floor) VALUES
(107, 'creator payables', 'money', ''),
(108, 'payout fees', 'money', '');

INSERT INTO route (code, name, pays, receives, owner_is, creator_side) VALUES
(24, 'redeem.settle', 12, 107, 'creator', ''),
(25, 'redeem.fee', 107, 108, 'creator', ''),
(26, 'redeem.payout', 107, 105, 'creator', ''),
(27, 'redeem.return', 105, 107, 'creator', '');

-- Money of a redemption names its hold; rate and fee name the policy they come from, and what came back was priced before.
-- One statement reads the journal once for all three. NOT VALID and VALIDATE apart would gain nothing: a migration is one
-- transaction, and holds its lock to the end. What is dropped is added again, wider, in the same breath.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid
ALTER TABLE entry
DROP CONSTRAINT entry_law,
DROP CONSTRAINT entry_currency,
ADD CONSTRAINT entry_law CHECK ((route, debit_kind, credit_kind) IN (
    (1, 101, 1), (2, 102, 2), (3, 2, 103), (4, 104, 3),
    (11, 1, 11), (12, 2, 11), (13, 3, 14), (14, 13, 1), (15, 13, 2),
    (21, 11, 13), (22, 11, 12), (23, 12, 11), (24, 12, 107), (25, 107, 108), (26, 107, 105), (27, 105, 107),
    (31, 105, 106), (32, 14, 11)
)),
ADD CONSTRAINT entry_currency CHECK ((route IN (1, 24, 25, 26, 27, 31)) = (currency IS NOT NULL)),
ADD CONSTRAINT entry_redemption CHECK (
    route NOT IN (24, 25, 26, 27)
    OR (
        cause IS NOT NULL
        AND CASE route WHEN 26 THEN TRUE WHEN 27 THEN policy IS NULL ELSE policy IS NOT NULL END
        AND (route = 24 OR debit_amount = credit_amount)
    )
);
