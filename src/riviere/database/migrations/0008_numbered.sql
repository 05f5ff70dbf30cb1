-- An account's entries are numbered without gaps, so every read of an account is a range of numbers: the indexes need no
-- kind and no time. A number belongs to a few rows at the most, one of each kind of account that its user has. What
-- brings coins has an index of its own, which no gift is in: it is rare, and asked for by its kind.

-- The indexes of a journal that is there already are built while no server runs on it yet.
-- squawk-ignore-file require-concurrent-index-creation, require-concurrent-index-deletion
DROP INDEX entry_by_debit;
DROP INDEX entry_by_credit;
CREATE INDEX entry_by_debit ON entry (debit_user, debit_seq) WHERE debit_user IS NOT NULL;
CREATE INDEX entry_by_credit ON entry (credit_user, credit_seq) WHERE credit_user IS NOT NULL;
CREATE INDEX entry_of_coins ON entry (credit_user, credit_kind, credit_seq) WHERE credit_kind <= 2;
