-- The ledger: accounts with running totals, the journal, what provenance needs, and the chains that prove it. A gift
-- comes to rest here, copied into `entry` by src/riviere/ledger/store.py; src/riviere/economy/earnings.py reads it.
-- Reasons: docs/decisions/0003-one-row-a-gift.md, 0004-evidence.md. A comment "distributed by X" names the column a
-- cluster would shard by; tests/test_catalog_lint.py holds every table to it.

CREATE EXTENSION IF NOT EXISTS btree_gist;

-- Somebody with more rights may have made the role already; somebody else may be making it now.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'riviere_server') THEN
        CREATE ROLE riviere_server LOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END
$$;
GRANT USAGE ON SCHEMA riviere TO riviere_server;

-- The law, as src/riviere/ledger/law.py has it; `riviere verify` compares the two.
CREATE TABLE kind (
    code smallint PRIMARY KEY,
    name text NOT NULL UNIQUE,
    asset text NOT NULL CHECK (asset IN ('COIN', 'DIAMOND', 'money')),
    floor text NOT NULL CHECK (floor IN ('credits', 'debits', '')),
    CHECK ((floor = '') = (code > 100))
);
COMMENT ON TABLE kind IS 'reference: the kinds of account';

INSERT INTO kind (code, name, asset, floor) VALUES
(1, 'coins', 'COIN', 'credits'),
(2, 'coins.bonus', 'COIN', 'credits'),
(3, 'coins.imported', 'COIN', 'credits'),
(11, 'diamonds', 'DIAMOND', 'credits'),
(12, 'diamonds.held', 'DIAMOND', 'credits'),
(13, 'diamonds.owed', 'DIAMOND', 'debits'),
(14, 'diamonds.unbacked', 'DIAMOND', 'credits'),
(101, 'processor cash', 'money', ''),
(102, 'promotion', 'COIN', ''),
(103, 'breakage', 'COIN', ''),
(104, 'import clearing', 'COIN', ''),
(105, 'bank cash', 'money', ''),
(106, 'import backing', 'money', '');

CREATE TABLE route (
    code smallint PRIMARY KEY,
    name text NOT NULL UNIQUE,
    pays smallint NOT NULL REFERENCES kind,
    receives smallint NOT NULL REFERENCES kind,
    owner_is text NOT NULL CHECK (owner_is IN ('viewer', 'creator', 'platform')),
    creator_side text NOT NULL CHECK (creator_side IN ('pays', 'receives', ''))
);
COMMENT ON TABLE route IS 'reference: the routes value may take';

INSERT INTO route (code, name, pays, receives, owner_is, creator_side) VALUES
(1, 'coins.buy', 101, 1, 'viewer', ''),
(2, 'coins.bonus', 102, 2, 'viewer', ''),
(3, 'coins.expire', 2, 103, 'viewer', ''),
(4, 'import', 104, 3, 'viewer', ''),
(11, 'gift', 1, 11, 'viewer', 'receives'),
(12, 'gift.bonus', 2, 11, 'viewer', 'receives'),
(13, 'gift.imported', 3, 14, 'viewer', 'receives'),
(14, 'gift.reverse', 13, 1, 'viewer', 'pays'),
(15, 'gift.reverse.bonus', 13, 2, 'viewer', 'pays'),
(21, 'redeem.net', 11, 13, 'creator', ''),
(22, 'redeem.hold', 11, 12, 'creator', ''),
(23, 'redeem.release', 12, 11, 'creator', ''),
(31, 'import.back', 105, 106, 'platform', ''),
(32, 'import.release', 14, 11, 'creator', '');

-- Two running totals an account: the balance is their difference, and provenance lives on their axes.
CREATE TABLE account (
    user_id bigint NOT NULL,
    kind smallint NOT NULL CHECK (kind BETWEEN 1 AND 99),
    credits bigint NOT NULL DEFAULT 0 CHECK (credits >= 0),
    debits bigint NOT NULL DEFAULT 0 CHECK (debits >= 0),
    seq bigint NOT NULL DEFAULT 0 CHECK (seq >= 0),
    turn bigint NOT NULL DEFAULT 0 CHECK (turn >= 0),
    PRIMARY KEY (user_id, kind),
    CONSTRAINT account_floor CHECK (CASE kind WHEN 13 THEN debits >= credits ELSE credits >= debits END)
) WITH (fillfactor = 70);
COMMENT ON TABLE account IS 'distributed by user_id: running totals of a user''s account; turn counts exceptional events';

-- The journal: one row an economic event. A gift from both wallets is two legs of one id.
CREATE TABLE entry (
    owner bigint NOT NULL,
    id uuid NOT NULL,
    leg integer NOT NULL CHECK (leg >= 0),
    route smallint NOT NULL,
    debit_kind smallint NOT NULL,
    credit_kind smallint NOT NULL,
    count integer NOT NULL CHECK (count >= 0),
    debit_user bigint,
    debit_amount bigint NOT NULL CHECK (debit_amount > 0),
    debit_start bigint,
    debit_balance bigint,
    debit_seq bigint,
    credit_user bigint,
    credit_amount bigint NOT NULL CHECK (credit_amount > 0),
    credit_start bigint,
    credit_balance bigint,
    credit_seq bigint,
    at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL,
    request uuid NOT NULL,
    writer smallint NOT NULL,
    position integer NOT NULL,
    batch bigint NOT NULL,
    place bigint,
    item integer,
    policy integer,
    upto integer,
    currency text CHECK (currency ~ '^[A-Z]{3}$'),
    cause uuid,
    expires_at timestamptz,
    message bytea CHECK (length(message) = 32),
    PRIMARY KEY (owner, id, leg),
    CONSTRAINT entry_law CHECK ((route, debit_kind, credit_kind) IN (
        (1, 101, 1), (2, 102, 2), (3, 2, 103), (4, 104, 3),
        (11, 1, 11), (12, 2, 11), (13, 3, 14), (14, 13, 1), (15, 13, 2),
        (21, 11, 13), (22, 11, 12), (23, 12, 11), (31, 105, 106), (32, 14, 11)
    )),
    CONSTRAINT entry_debit_side CHECK (
        (debit_kind > 100) = (debit_user IS NULL)
        AND (debit_user IS NULL) = (debit_start IS NULL)
        AND (debit_user IS NULL) = (debit_balance IS NULL)
        AND (debit_user IS NULL) = (debit_seq IS NULL)
        AND debit_start >= 0 AND debit_balance >= 0 AND debit_seq > 0
    ),
    CONSTRAINT entry_credit_side CHECK (
        (credit_kind > 100) = (credit_user IS NULL)
        AND (credit_user IS NULL) = (credit_start IS NULL)
        AND (credit_user IS NULL) = (credit_balance IS NULL)
        AND (credit_user IS NULL) = (credit_seq IS NULL)
        AND credit_start >= 0 AND credit_balance >= 0 AND credit_seq > 0
    ),
    -- Only a gift and its reversal touch two users, and never the same one twice: nobody gifts themselves.
    CONSTRAINT entry_users CHECK (
        CASE
            WHEN route IN (11, 12, 13) THEN debit_user = owner AND credit_user <> owner
            WHEN route IN (14, 15) THEN credit_user = owner AND debit_user <> owner
            ELSE coalesce(debit_user, owner) = owner AND coalesce(credit_user, owner) = owner
        END
    ),
    CONSTRAINT entry_gift CHECK (
        route NOT IN (11, 12, 13) OR (place IS NOT NULL AND item IS NOT NULL AND policy IS NOT NULL)
    ),
    CONSTRAINT entry_bonus_expires CHECK ((credit_kind = 2) = (expires_at IS NOT NULL)),
    CONSTRAINT entry_currency CHECK ((route IN (1, 31)) = (currency IS NOT NULL))
);
COMMENT ON TABLE entry IS 'distributed by owner: the journal';

CREATE INDEX entry_by_debit ON entry (debit_user, debit_kind, booked_at, debit_seq) WHERE debit_user IS NOT NULL;
CREATE INDEX entry_by_credit ON entry (credit_user, credit_kind, booked_at, credit_seq) WHERE credit_user IS NOT NULL;
CREATE INDEX entry_by_batch ON entry (writer, batch);

-- What people wrote beside a gift. It can be erased; the journal keeps only the salted hash.
CREATE TABLE message (
    owner bigint NOT NULL,
    id uuid NOT NULL,
    leg integer NOT NULL,
    salt bytea NOT NULL CHECK (length(salt) = 16),
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 200),
    PRIMARY KEY (owner, id, leg)
);
COMMENT ON TABLE message IS 'distributed by owner: erasable words of a gift';

-- Provenance (src/riviere/ledger/provenance.py): written only by exceptional events.
CREATE TABLE hole (
    owner bigint NOT NULL,
    entry uuid NOT NULL,
    axis smallint NOT NULL,
    lo bigint NOT NULL,
    hi bigint NOT NULL,
    purchase uuid NOT NULL,
    k bigint NOT NULL CHECK (k >= 0),
    axis_end bigint NOT NULL,
    PRIMARY KEY (owner, axis, lo),
    CHECK (0 <= lo AND lo < hi AND hi <= axis_end)
);
COMMENT ON TABLE hole IS 'distributed by owner: positions of a credit axis that a removal took out';

CREATE TABLE origin (
    owner bigint NOT NULL,
    entry uuid NOT NULL,
    axis smallint NOT NULL,
    lo bigint NOT NULL,
    hi bigint NOT NULL,
    purchase uuid NOT NULL,
    k bigint NOT NULL CHECK (k >= 0),
    PRIMARY KEY (owner, axis, lo),
    CHECK (0 <= lo AND lo < hi)
);
COMMENT ON TABLE origin IS 'distributed by owner: positions that hold coins which came back';

CREATE TABLE claw (
    owner bigint NOT NULL,
    dispute uuid NOT NULL,
    gift uuid NOT NULL,
    leg integer NOT NULL,
    x bigint NOT NULL,
    y bigint NOT NULL,
    purchase uuid NOT NULL,
    k bigint NOT NULL CHECK (k >= 0),
    diamonds bigint NOT NULL CHECK (diamonds >= 0),
    PRIMARY KEY (owner, dispute, gift, leg, x),
    CHECK (0 <= x AND x < y)
);
COMMENT ON TABLE claw IS 'distributed by owner: coins x to y of a gift leg that a dispute took back';

-- What a creator earned by the hour of booking, and what of it was undone later (provenance, creators).
CREATE TABLE earning (
    creator bigint NOT NULL,
    hour timestamptz NOT NULL,
    earned bigint NOT NULL DEFAULT 0,
    undone bigint NOT NULL DEFAULT 0,
    unbacked bigint NOT NULL DEFAULT 0 CHECK (unbacked >= 0),
    PRIMARY KEY (creator, hour),
    CHECK (0 <= undone AND undone <= earned)
) WITH (fillfactor = 70);
COMMENT ON TABLE earning IS 'distributed by creator: diamonds by hour of booking, in thousandths';

-- Evidence: a chain of batches for each writer, joined by signed heads.
CREATE TABLE writer (
    id smallint PRIMARY KEY CHECK (id > 0),
    number bigint NOT NULL DEFAULT 0,
    entries bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL CHECK (length(hash) = 32)
);
COMMENT ON TABLE writer IS 'distributed by id: the tip of each chain of batches';

CREATE TABLE batch (
    writer smallint NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    count integer NOT NULL CHECK (count > 0),
    entries bigint NOT NULL,
    booked_at timestamptz NOT NULL,
    salt bytea NOT NULL CHECK (length(salt) = 32),
    root bytea NOT NULL CHECK (length(root) = 32),
    previous bytea NOT NULL CHECK (length(previous) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (writer, number)
);
COMMENT ON TABLE batch IS 'distributed by writer: Merkle root of the entries of one transaction';

CREATE TABLE head (
    number bigint PRIMARY KEY CHECK (number > 0),
    signed_at timestamptz NOT NULL,
    entries bigint NOT NULL,
    spans jsonb NOT NULL,
    root bytea NOT NULL CHECK (length(root) = 32),
    facts bytea NOT NULL CHECK (length(facts) = 32),
    previous bytea NOT NULL CHECK (length(previous) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    signature bytea NOT NULL CHECK (length(signature) = 64)
);
COMMENT ON TABLE head IS 'reference: signed heads over the batches that came since the head before';

-- Four postings where the two sides are in different assets: the route's own exchange account closes each book.
CREATE VIEW posting AS
WITH side AS (
    SELECT
        e.owner, e.id, e.leg, e.booked_at, r.name AS route,
        e.debit_user, e.credit_user, p.name AS pays, q.name AS receives,
        CASE p.asset WHEN 'money' THEN e.currency ELSE p.asset END AS debit_asset,
        CASE q.asset WHEN 'money' THEN e.currency ELSE q.asset END AS credit_asset,
        e.debit_amount, e.credit_amount
    FROM entry AS e
    INNER JOIN route AS r ON r.code = e.route
    INNER JOIN kind AS p ON p.code = e.debit_kind
    INNER JOIN kind AS q ON q.code = e.credit_kind
)

SELECT owner, id, leg, booked_at, route, debit_user AS user_id, pays AS account, debit_asset AS asset, -debit_amount AS amount
FROM side
UNION ALL
SELECT owner, id, leg, booked_at, route, credit_user, receives, credit_asset, credit_amount FROM side
UNION ALL
SELECT owner, id, leg, booked_at, route, NULL, 'exchange ' || route, debit_asset, debit_amount
FROM side WHERE debit_asset <> credit_asset
UNION ALL
SELECT owner, id, leg, booked_at, route, NULL, 'exchange ' || route, credit_asset, -credit_amount
FROM side WHERE debit_asset <> credit_asset;

-- On one machine a trigger refuses what the server's role has no right to anyway; on a cluster the grants alone hold.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are written once and never changed or removed', tg_table_name
        USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON entry
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON hole
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON origin
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON claw
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batch
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON head
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT ON kind, route, posting TO riviere_server;
GRANT SELECT, INSERT ON entry, hole, origin, claw, batch, head TO riviere_server;
GRANT SELECT, INSERT, UPDATE ON account, earning, writer TO riviere_server;
GRANT SELECT, INSERT, DELETE ON message TO riviere_server;
