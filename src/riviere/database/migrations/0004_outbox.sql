-- The outbox: events wait here, written in the transaction of what they tell (src/riviere/outbox), until
-- src/riviere/webhooks takes them. A row in `subject` gives its events their order; see `put` in queries.sql.

CREATE TABLE subject (
    name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 500),
    number bigint NOT NULL CHECK (number > 0)
) WITH (fillfactor = 70);
COMMENT ON TABLE subject IS 'distributed by name: the number of the last event of each subject';

CREATE TABLE outbox (
    subject text NOT NULL,
    number bigint NOT NULL,
    id text NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z_]+([.][a-z_]+)+$'),
    at timestamptz NOT NULL,
    data json NOT NULL CHECK (octet_length(data::text) <= 17500),
    PRIMARY KEY (subject, number)
);
COMMENT ON TABLE outbox IS 'distributed by subject: events that nobody has taken yet';
CREATE INDEX outbox_by_number ON outbox (number, subject);

GRANT SELECT, INSERT, UPDATE, DELETE ON subject TO riviere_server;
GRANT SELECT, INSERT, DELETE ON outbox TO riviere_server;
