-- Goals that creators set themselves, and the view that what is counted live reads the journal through: goals here,
-- supporters and contests of 0017. Nothing of it is written when a gift is booked. Each row keeps how far it has read the
-- creator's entries, so sums and marks move together: docs/decisions/0019-counted-behind-the-gifts.md.

-- Every leg of a gift that coins paid for; and again, with its figures taken back, where it was undone. `kind` and `seq`
-- are the number of that entry in the account of the creator's that it moved: diamonds (11), or what is owed (13).
-- `gift_seq` and `gift_booked_at` are always those of the gift: whoever did not count it does not take it back.
-- Supporter 0 is nobody by name: boards are for viewers, who are not told who sent a gift anonymously.
CREATE VIEW counted AS
SELECT
    e.credit_user AS creator,
    11::smallint AS kind,
    e.credit_seq AS seq,
    e.booked_at,
    e.credit_seq AS gift_seq,
    e.booked_at AS gift_booked_at,
    v.gift,
    e.place,
    CASE WHEN a.id IS NULL THEN e.owner ELSE 0 END AS supporter,
    e.count AS pieces,
    e.debit_amount AS coins,
    e.credit_amount AS diamonds
FROM entry AS e
INNER JOIN gift_version AS v ON v.id = e.item
LEFT JOIN anonymous_gift AS a ON a.owner = e.owner AND a.id = e.id
WHERE e.route IN (11, 12) AND e.credit_kind = 11
UNION ALL
SELECT
    r.debit_user, 13::smallint, r.debit_seq, r.booked_at, g.credit_seq, g.booked_at AS gift_booked_at,
    v.gift, g.place, CASE WHEN a.id IS NULL THEN g.owner ELSE 0 END,
    -g.count, -g.debit_amount, -g.credit_amount
FROM entry AS r
INNER JOIN entry AS g ON g.owner = r.owner AND g.id = r.cause AND g.leg = r.leg
INNER JOIN gift_version AS v ON v.id = g.item
LEFT JOIN anonymous_gift AS a ON a.owner = g.owner AND a.id = g.id
WHERE r.route IN (14, 15) AND r.debit_kind = 13;

-- `place` NULL: whatever the creator gets; `gift` NULL: diamonds, in thousandths, or else pieces of that gift. `since` is the
-- number of the creator's last entry of diamonds when it was opened; `given` and `undone` say up to where it has counted.
CREATE TABLE goal (
    creator bigint NOT NULL,
    id uuid NOT NULL,
    place bigint,
    gift integer,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
    target bigint NOT NULL CHECK (target > 0),
    progress bigint NOT NULL DEFAULT 0 CHECK (progress >= 0),
    opened_at timestamptz NOT NULL,
    reached_at timestamptz,
    closed_at timestamptz,
    since bigint NOT NULL,
    given bigint NOT NULL,
    undone bigint NOT NULL,
    counted_at timestamptz NOT NULL,
    PRIMARY KEY (creator, id)
) WITH (fillfactor = 80);
COMMENT ON TABLE goal IS 'distributed by creator: targets that creators set, and how far they have come';
CREATE INDEX goal_open ON goal (creator) WHERE closed_at IS NULL;
CREATE INDEX goal_by_time ON goal (creator, opened_at, id);

GRANT SELECT ON counted TO riviere_server;
GRANT SELECT, INSERT ON goal TO riviere_server;
GRANT UPDATE (progress, reached_at, closed_at, given, undone, counted_at) ON goal TO riviere_server;
