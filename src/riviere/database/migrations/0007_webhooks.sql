-- Webhooks (src/riviere/webhooks): who is told, what is still to be told to them, what was, and how far the journal has
-- been read for it.

CREATE TABLE endpoint (
    id text PRIMARY KEY,
    url text NOT NULL CHECK (length(url) BETWEEN 1 AND 2000),
    kinds text[] NOT NULL CHECK (cardinality(kinds) > 0),
    description text NOT NULL CHECK (length(description) <= 200),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    state text NOT NULL CHECK (state IN ('on', 'off', 'failing', 'gone')),
    state_at timestamptz NOT NULL,
    failing_since timestamptz
);
COMMENT ON TABLE endpoint IS 'reference: addresses that are told; off by a person, failing or gone by themselves';

-- A signature needs the secret itself, not its hash. It has a table of its own, so that nobody but the server reads it.
CREATE TABLE endpoint_secret (
    endpoint text NOT NULL REFERENCES endpoint ON DELETE CASCADE,
    number integer NOT NULL,
    secret text NOT NULL CHECK (secret ~ '^whsec_'),
    until timestamptz,
    PRIMARY KEY (endpoint, number)
);
COMMENT ON TABLE endpoint_secret IS 'reference: what signs, newest last; an older one signs too until its time is over';

CREATE TABLE delivery (
    endpoint text NOT NULL,
    event text NOT NULL,
    subject text NOT NULL,
    number bigint NOT NULL,
    kind text NOT NULL,
    body text NOT NULL CHECK (octet_length(body) < 20480),
    created_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up', 'skipped')),
    done_at timestamptz,
    PRIMARY KEY (endpoint, event),
    CONSTRAINT delivery_done CHECK ((state = 'waiting') = (done_at IS NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE delivery IS 'distributed by endpoint: one event for one endpoint, kept for 30 days after it is done';
CREATE INDEX delivery_waiting ON delivery (endpoint, subject, number) WHERE done_at IS NULL;
-- Numbers are at least the milliseconds of when something happened, so they order an endpoint's deliveries in time.
CREATE INDEX delivery_by_number ON delivery (endpoint, number, event);

-- A lane is what must stay in order: one subject of one endpoint. It is there as long as something waits in it, and says
-- when its first waiting delivery is tried next. Whoever adds to a lane or ends one holds its row.
CREATE TABLE lane (
    endpoint text NOT NULL,
    subject text NOT NULL,
    next_at timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
    PRIMARY KEY (endpoint, subject)
) WITH (fillfactor = 70);
COMMENT ON TABLE lane IS 'distributed by endpoint: subjects with deliveries waiting, and when to try';
CREATE INDEX lane_by_time ON lane (endpoint, next_at);

CREATE TABLE attempt (
    endpoint text NOT NULL,
    event text NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    at timestamptz NOT NULL,
    ms integer NOT NULL CHECK (ms >= 0),
    status integer CHECK (status BETWEEN 100 AND 599),
    answer text NOT NULL CHECK (length(answer) <= 200),
    PRIMARY KEY (endpoint, event, number)
);
COMMENT ON TABLE attempt IS 'distributed by endpoint: every try; status is null where there was no answer';

-- While no endpoint wants what the journal tells, cursors are put at the tips (`skip_journal`). A chain that has no row
-- when somebody does has started since, and is read from its first batch.
CREATE TABLE journal_cursor (
    writer smallint PRIMARY KEY,
    batch bigint NOT NULL CHECK (batch >= 0)
);
COMMENT ON TABLE journal_cursor IS 'distributed by writer: the last batch of each chain that was gathered';

CREATE TABLE running_combo (
    owner bigint NOT NULL,
    id uuid NOT NULL,
    quiet_at timestamptz NOT NULL,
    PRIMARY KEY (owner, id)
);
COMMENT ON TABLE running_combo IS 'distributed by owner: combos whose end is still to be told, and when they count as over';
CREATE INDEX running_combo_by_time ON running_combo (quiet_at);

GRANT SELECT, INSERT, DELETE ON endpoint, attempt TO riviere_server;
GRANT UPDATE (state, state_at, failing_since) ON endpoint TO riviere_server;
GRANT SELECT, INSERT, DELETE ON endpoint_secret, delivery TO riviere_server;
GRANT UPDATE (until) ON endpoint_secret TO riviere_server;
GRANT UPDATE (tries, state, done_at) ON delivery TO riviere_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON lane, journal_cursor, running_combo TO riviere_server;
