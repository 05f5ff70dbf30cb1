-- Contests between two creators; and who supports whom, for boards. Both are counted behind the gifts, by
-- src/riviere/live/contests and src/riviere/live/supporters. Support is added up while a creator is live; what lies behind
-- its marks is read from the journal with it, so a board is exact whenever it is asked for.

-- As in 0009, but what was sent anonymously counts for supporter 0, who has no name.
CREATE OR REPLACE VIEW given AS
SELECT
    e.credit_user AS creator,
    e.credit_kind AS kind,
    e.credit_seq AS seq,
    e.at,
    extract(EPOCH FROM date_trunc('hour', e.at, 'UTC'))::bigint AS hour,
    v.gift::bigint AS gift,
    e.place,
    CASE WHEN a.id IS NULL THEN e.owner ELSE 0 END AS supporter,
    (e.leg = CASE e.route WHEN 13 THEN 1 ELSE 0 END)::integer AS gifts,
    e.count AS pieces,
    e.debit_amount AS coins,
    e.credit_amount AS diamonds,
    0 AS reversed_gifts,
    0::bigint AS reversed_coins,
    0::bigint AS reversed_diamonds
FROM entry AS e
INNER JOIN gift_version AS v ON v.id = e.item
LEFT JOIN anonymous_gift AS a ON a.owner = e.owner AND a.id = e.id
WHERE e.route IN (11, 12, 13) AND e.credit_kind IN (11, 14)
UNION ALL
SELECT
    r.debit_user, r.debit_kind, r.debit_seq, g.at,
    extract(EPOCH FROM date_trunc('hour', g.at, 'UTC'))::bigint,
    v.gift::bigint, g.place, CASE WHEN a.id IS NULL THEN g.owner ELSE 0 END,
    -(g.leg = 0)::integer, -g.count, -g.debit_amount, -g.credit_amount,
    (g.leg = 0)::integer, g.debit_amount, g.credit_amount
FROM entry AS r
INNER JOIN entry AS g ON g.owner = r.owner AND g.id = r.cause AND g.leg = r.leg
INNER JOIN gift_version AS v ON v.id = g.item
LEFT JOIN anonymous_gift AS a ON a.owner = g.owner AND a.id = g.id
WHERE r.route IN (14, 15) AND r.debit_kind = 13;

-- axis 0: by stream, the key is the place; 1: by the hour (UTC) in which the gift was booked, the key is its begin in seconds
-- since 1970. Hours are kept for two days. Diamonds are thousandths. What was undone is taken back where it was counted.
CREATE TABLE support (
    creator bigint NOT NULL,
    axis smallint NOT NULL CHECK (axis IN (0, 1)),
    key bigint NOT NULL,
    supporter bigint NOT NULL,
    pieces bigint NOT NULL,
    coins bigint NOT NULL,
    diamonds bigint NOT NULL,
    PRIMARY KEY (creator, axis, key, supporter)
) WITH (fillfactor = 80);
COMMENT ON TABLE support IS 'distributed by creator: what supporters gave, by stream and by hour';
CREATE INDEX support_by_diamonds ON support (creator, key, diamonds DESC, supporter) WHERE axis = 0;

CREATE TABLE support_mark (
    creator bigint PRIMARY KEY,
    given bigint NOT NULL CHECK (given >= 0),
    undone bigint NOT NULL CHECK (undone >= 0),
    counted_at timestamptz NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE support_mark IS 'distributed by creator: the last gift and the last reversal that are in support';

-- The top supporters of a stream as followers were last told of them, in order.
CREATE TABLE leaderboard (
    creator bigint NOT NULL,
    place bigint NOT NULL,
    top bigint[] NOT NULL,
    PRIMARY KEY (creator, place)
) WITH (fillfactor = 70);
COMMENT ON TABLE leaderboard IS 'distributed by creator: the order of top supporters that was last told';

-- Streams that are live, or that ended a moment ago. Built while no server runs on the places yet.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX place_by_end ON place (coalesce(ended_at, 'infinity'), creator) WHERE kind = 'stream' AND NOT imported;

-- Contests between two creators. A score is what was booked from the start on and before the end.
CREATE TABLE contest (
    id uuid PRIMARY KEY,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
    state text NOT NULL CHECK (state IN ('invited', 'accepted', 'declined', 'cancelled', 'lapsed', 'running', 'over')),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    invited_at timestamptz NOT NULL,
    counted_at timestamptz NOT NULL
) WITH (fillfactor = 80);
COMMENT ON TABLE contest IS 'distributed by id: timed matches between two creators';
CREATE INDEX contest_open ON contest (starts_at) WHERE state IN ('invited', 'accepted', 'running');

-- Seat 0 invited seat 1. `given` and `undone` say up to where a side's entries are counted.
CREATE TABLE contest_side (
    contest uuid NOT NULL,
    seat smallint NOT NULL CHECK (seat IN (0, 1)),
    creator bigint NOT NULL,
    score bigint NOT NULL DEFAULT 0 CHECK (score >= 0),
    given bigint NOT NULL DEFAULT 0,
    undone bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (contest, seat)
) WITH (fillfactor = 80);
COMMENT ON TABLE contest_side IS 'distributed by contest: the two creators of a contest and their scores';
CREATE INDEX contest_side_by_creator ON contest_side (creator);

GRANT SELECT, INSERT ON contest, contest_side TO riviere_server;
GRANT UPDATE (state, counted_at) ON contest TO riviere_server;
GRANT UPDATE (score, given, undone) ON contest_side TO riviere_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON support TO riviere_server;
GRANT SELECT, INSERT, UPDATE ON support_mark, leaderboard TO riviere_server;
