-- What pages show of a stream or post beside what happens in it (src/riviere/content), and which streams are live.

CREATE TABLE poster (
    creator bigint NOT NULL,
    place bigint NOT NULL,
    title text CHECK (length(title) BETWEEN 1 AND 100),
    player text CHECK (length(player) BETWEEN 1 AND 500),
    PRIMARY KEY (creator, place)
);
COMMENT ON TABLE poster IS 'distributed by creator: what a stream or post is called, and where its picture comes from';

-- Few streams are live, of however many there were. Built while no server runs on the table yet.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX place_live ON place (opened_at DESC, id DESC) WHERE kind = 'stream' AND ended_at IS NULL AND NOT imported;

GRANT SELECT, INSERT, UPDATE ON poster TO riviere_server;
