-- What happens around a creator beside gifts: a stream begins or ends, a combo is over. A notice is written in the
-- transaction of what it tells (src/riviere/notices), and numbered without gaps in the order of commits, as a creator's
-- entries are: so whoever follows a creator live (src/riviere/live) can tell that nothing was passed by.

CREATE TABLE notice_board (
    creator bigint PRIMARY KEY,
    last bigint NOT NULL CHECK (last > 0)
) WITH (fillfactor = 70);
COMMENT ON TABLE notice_board IS 'distributed by creator: the number of a creator''s last notice';

CREATE TABLE notice (
    creator bigint NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    place bigint,
    kind text NOT NULL CHECK (kind ~ '^[a-z]+[.][a-z]+$'),
    at timestamptz NOT NULL,
    cause uuid,
    data json NOT NULL CHECK (octet_length(data::text) <= 4000),
    PRIMARY KEY (creator, number)
);
COMMENT ON TABLE notice IS 'distributed by creator: what happened around a creator, for whoever follows live';
-- What is noticed by looking at the journal is noticed once, however often somebody looks.
CREATE UNIQUE INDEX notice_by_cause ON notice (creator, cause) WHERE cause IS NOT NULL;

-- Up to when combos were looked at. There is one row.
CREATE TABLE combo_mark (
    singleton boolean PRIMARY KEY CHECK (singleton),
    looked_until timestamptz NOT NULL
);
COMMENT ON TABLE combo_mark IS 'reference: combos that were quiet by then have been noticed';
INSERT INTO combo_mark (singleton, looked_until) VALUES (TRUE, now());

-- Steps of combos by time; no other gift is in it. Built while no server runs on the journal yet.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX entry_of_combos ON entry (booked_at) WHERE upto IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON notice_board TO riviere_server;
GRANT SELECT, INSERT ON notice TO riviere_server;
GRANT SELECT ON combo_mark TO riviere_server;
GRANT UPDATE (looked_until) ON combo_mark TO riviere_server;
