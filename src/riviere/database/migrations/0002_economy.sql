-- People, places, and everything that prices a movement. Dated rows are never edited: a change is a new row, and the
-- end of the row before it. An exclusion constraint keeps two from being in force at once.

CREATE TABLE users (
    id bigint PRIMARY KEY CHECK (id > 0),
    created_at timestamptz NOT NULL,
    level integer NOT NULL CHECK (level BETWEEN 0 AND 1000),
    region text NOT NULL CHECK (region ~ '^([A-Z]{2})?$'),
    seal bytea NOT NULL CHECK (length(seal) = 16)
);
COMMENT ON TABLE users IS 'distributed by id: one row a person, viewer and creator alike';

-- The way from the platform's own id to ours. It can be erased: the ledger then names nobody.
CREATE TABLE person (
    external_id text PRIMARY KEY CHECK (length(external_id) BETWEEN 1 AND 200),
    user_id bigint NOT NULL,
    seal bytea NOT NULL CHECK (length(seal) = 16)
);
COMMENT ON TABLE person IS 'distributed by external_id: erasable map from the platform''s ids';
CREATE INDEX person_by_user ON person (user_id);

CREATE TABLE place (
    creator bigint NOT NULL,
    id bigint NOT NULL CHECK (id > 0),
    kind text NOT NULL CHECK (kind IN ('stream', 'post')),
    external_id text NOT NULL CHECK (length(external_id) BETWEEN 1 AND 200),
    opened_at timestamptz NOT NULL,
    ended_at timestamptz,
    imported boolean NOT NULL,
    seal bytea NOT NULL CHECK (length(seal) = 16),
    PRIMARY KEY (creator, id),
    UNIQUE (creator, kind, external_id),
    CHECK (ended_at >= opened_at)
);
COMMENT ON TABLE place IS 'distributed by creator: where gifts land, a live stream or a post';

CREATE TABLE gift (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (length(code) BETWEEN 1 AND 100),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100)
);
COMMENT ON TABLE gift IS 'reference: the kinds of gift';

CREATE TABLE gift_version (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gift integer NOT NULL REFERENCES gift,
    coins bigint NOT NULL CHECK (coins > 0),
    combo boolean NOT NULL,
    unlock_level integer NOT NULL CHECK (unlock_level >= 0),
    regions text[] NOT NULL,
    during tstzrange NOT NULL CHECK (lower_inc(during) AND NOT isempty(during)),
    CONSTRAINT gift_version_overlap EXCLUDE USING gist (gift WITH =, during WITH &&)
);
COMMENT ON TABLE gift_version IS 'reference: dated prices of a gift; regions empty means everywhere';

CREATE TABLE pack (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 100),
    coins bigint NOT NULL CHECK (coins > 0),
    bonus bigint NOT NULL CHECK (bonus >= 0),
    bonus_days integer NOT NULL CHECK (bonus_days > 0),
    price bigint NOT NULL CHECK (price > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    during tstzrange NOT NULL CHECK (lower_inc(during) AND NOT isempty(during)),
    CONSTRAINT pack_overlap EXCLUDE USING gist (code WITH =, during WITH &&)
);
COMMENT ON TABLE pack IS 'reference: dated coin packs; price in minor units';

CREATE TABLE policy (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CHECK (name IN (
        'diamonds_per_coin', 'money_per_diamond', 'minimum', 'fee', 'daily_cap', 'maturity_days'
    )),
    scope text NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    share integer NOT NULL CHECK (share BETWEEN 0 AND 1000000),
    during tstzrange NOT NULL CHECK (lower_inc(during) AND NOT isempty(during)),
    announced_at timestamptz NOT NULL,
    announced_by text NOT NULL,
    CHECK (name = 'fee' OR share = 0),
    CHECK (name NOT IN ('diamonds_per_coin', 'money_per_diamond') OR amount > 0),
    CONSTRAINT policy_overlap EXCLUDE USING gist (name WITH =, scope WITH =, during WITH &&)
);
COMMENT ON TABLE policy IS 'reference: dated figures; src/riviere/economy/policy.py gives each its unit';

-- A provider's charge is unique beyond any one viewer, so it has a table of its own.
CREATE TABLE charge (
    reference text PRIMARY KEY CHECK (length(reference) BETWEEN 1 AND 200),
    processor text NOT NULL,
    owner bigint NOT NULL,
    purchase uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL
);
COMMENT ON TABLE charge IS 'distributed by reference: which purchase a provider''s charge paid for';

-- An import is known by its format and its first record, so a file that grew or moved is the same import.
CREATE TABLE import (
    id integer PRIMARY KEY,
    format text NOT NULL,
    first_record uuid NOT NULL,
    source text NOT NULL,
    policy integer NOT NULL REFERENCES policy,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    UNIQUE (format, first_record)
);
COMMENT ON TABLE import IS 'reference: one row an import of recorded gifts';

CREATE TABLE backing (
    import integer NOT NULL REFERENCES import,
    number integer NOT NULL,
    entry uuid NOT NULL,
    posted_at timestamptz NOT NULL,
    posted_by text NOT NULL,
    PRIMARY KEY (import, number)
);
COMMENT ON TABLE backing IS 'reference: money posted behind an import by a second operator';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON charge
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON gift
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON import
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON backing
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON users, person, place, gift, gift_version, pack, policy, charge, import, backing TO riviere_server;
GRANT UPDATE (level, region, seal) ON users TO riviere_server;
GRANT UPDATE (ended_at, seal) ON place TO riviere_server;
GRANT UPDATE (during) ON gift_version, pack, policy TO riviere_server;
GRANT DELETE ON person TO riviere_server;
