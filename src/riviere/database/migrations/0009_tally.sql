-- What gifts brought each creator, added up. Derived from the journal by src/riviere/economy/tally/__init__.py, later than the
-- gifts and not in their transaction; a read adds what is not in it yet. Reasons: docs/decisions/0012-tallies.md.

-- Every leg of a gift; and again, with its figures taken back, where it was undone. `kind` and `seq` are the number of
-- that entry in the account of the creator's that it moved. A gift counts at its first leg, so that a combo that goes on
-- into another hour is not counted in both; an import's leg 0 brings the coins.
CREATE VIEW given AS
SELECT
    e.credit_user AS creator,
    e.credit_kind AS kind,
    e.credit_seq AS seq,
    e.at,
    extract(EPOCH FROM date_trunc('hour', e.at, 'UTC'))::bigint AS hour,
    v.gift::bigint AS gift,
    e.place,
    e.owner AS supporter,
    (e.leg = CASE e.route WHEN 13 THEN 1 ELSE 0 END)::integer AS gifts,
    e.count AS pieces,
    e.debit_amount AS coins,
    e.credit_amount AS diamonds,
    0 AS reversed_gifts,
    0::bigint AS reversed_coins,
    0::bigint AS reversed_diamonds
FROM entry AS e
INNER JOIN gift_version AS v ON v.id = e.item
WHERE e.route IN (11, 12, 13) AND e.credit_kind IN (11, 14)
UNION ALL
SELECT
    r.debit_user, r.debit_kind, r.debit_seq, g.at,
    extract(EPOCH FROM date_trunc('hour', g.at, 'UTC'))::bigint,
    v.gift::bigint, g.place, g.owner,
    -(g.leg = 0)::integer, -g.count, -g.debit_amount, -g.credit_amount,
    (g.leg = 0)::integer, g.debit_amount, g.credit_amount
FROM entry AS r
INNER JOIN entry AS g ON g.owner = r.owner AND g.id = r.cause AND g.leg = r.leg
INNER JOIN gift_version AS v ON v.id = g.item
WHERE r.route IN (14, 15) AND r.debit_kind = 13;

-- axis 0: all gifts of a creator (key 0); 1: by the hour in which they happened (seconds since 1970, UTC); 2: by gift;
-- 3: by place; 4: by supporter. Diamonds are thousandths. What was undone is in the columns reversed_ and in no other.
CREATE TABLE tally (
    creator bigint NOT NULL,
    axis smallint NOT NULL CHECK (axis BETWEEN 0 AND 4),
    key bigint NOT NULL,
    gifts bigint NOT NULL,
    pieces bigint NOT NULL,
    coins bigint NOT NULL,
    diamonds bigint NOT NULL,
    reversed_gifts bigint NOT NULL,
    reversed_coins bigint NOT NULL,
    reversed_diamonds bigint NOT NULL,
    PRIMARY KEY (creator, axis, key)
) WITH (fillfactor = 80);
COMMENT ON TABLE tally IS 'distributed by creator: what gifts brought, by hour, gift, place and supporter';
CREATE INDEX tally_by_diamonds ON tally (creator, axis, diamonds DESC, key);

CREATE TABLE tally_mark (
    creator bigint NOT NULL,
    kind smallint NOT NULL CHECK (kind IN (11, 13, 14)),
    seq bigint NOT NULL CHECK (seq > 0),
    PRIMARY KEY (creator, kind)
) WITH (fillfactor = 80);
COMMENT ON TABLE tally_mark IS 'distributed by creator: the last entry of each account that is in the tallies';

CREATE TABLE tally_cursor (
    writer smallint PRIMARY KEY,
    batch bigint NOT NULL CHECK (batch >= 0)
);
COMMENT ON TABLE tally_cursor IS 'distributed by writer: the last batch that was searched for creators with much to add';

-- What is not in the tallies yet: entries behind the marks. OFFSET 0 keeps each account's range of numbers one walk along
-- its index; without it the ranges would be picked out of all that was ever given.
CREATE VIEW untallied AS
SELECT
    a.user_id AS creator,
    g.hour, g.gift, g.place, g.supporter, g.gifts, g.pieces, g.coins, g.diamonds,
    g.reversed_gifts, g.reversed_coins, g.reversed_diamonds
FROM account AS a
LEFT JOIN tally_mark AS m ON m.creator = a.user_id AND m.kind = a.kind
CROSS JOIN
    LATERAL (
        SELECT w.* FROM given AS w
        WHERE w.creator = a.user_id AND w.kind = a.kind AND w.seq > coalesce(m.seq, 0) AND w.seq <= a.seq
        OFFSET 0
    ) AS g
WHERE a.kind IN (11, 13, 14);

GRANT SELECT ON given, untallied TO riviere_server;
GRANT SELECT, INSERT, UPDATE ON tally, tally_mark, tally_cursor TO riviere_server;
