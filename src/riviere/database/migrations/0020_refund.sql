-- Coins that are given back: unspent ones are set aside while the refund runs, then either come back or leave for money.
-- Routes as in src/riviere/ledger/law.py; rules in src/riviere/ledger/refunding.py.

INSERT INTO kind (code, name, asset, floor) VALUES (4, 'coins.frozen', 'COIN', 'credits');

INSERT INTO route (code, name, pays, receives, owner_is, creator_side) VALUES
(5, 'coins.freeze', 1, 4, 'viewer', ''),
(6, 'coins.freeze.bonus', 2, 4, 'viewer', ''),
(7, 'coins.thaw', 4, 1, 'viewer', ''),
(8, 'coins.thaw.bonus', 4, 2, 'viewer', ''),
(9, 'coins.refund', 4, 101, 'viewer', ''),
(10, 'coins.withdraw', 4, 102, 'viewer', '');

-- What is frozen names its purchase, and what ends a freeze names that. One statement reads the journal once for all
-- three; a migration is one transaction and holds its lock to the end, so NOT VALID and VALIDATE apart would gain nothing.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid
ALTER TABLE entry
DROP CONSTRAINT entry_law,
DROP CONSTRAINT entry_currency,
ADD CONSTRAINT entry_law CHECK ((route, debit_kind, credit_kind) IN (
    (1, 101, 1), (2, 102, 2), (3, 2, 103), (4, 104, 3),
    (5, 1, 4), (6, 2, 4), (7, 4, 1), (8, 4, 2), (9, 4, 101), (10, 4, 102),
    (11, 1, 11), (12, 2, 11), (13, 3, 14), (14, 13, 1), (15, 13, 2),
    (21, 11, 13), (22, 11, 12), (23, 12, 11), (24, 12, 107), (25, 107, 108), (26, 107, 105), (27, 105, 107),
    (31, 105, 106), (32, 14, 11)
)),
ADD CONSTRAINT entry_currency CHECK ((route IN (1, 9, 24, 25, 26, 27, 31)) = (currency IS NOT NULL)),
ADD CONSTRAINT entry_refund CHECK (
    route NOT IN (5, 6, 7, 8, 9, 10) OR (cause IS NOT NULL AND (route = 9 OR debit_amount = credit_amount))
);
