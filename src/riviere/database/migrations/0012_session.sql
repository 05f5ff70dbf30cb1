-- How people sign in to the pages (src/riviere/access/sessions.py): a link that works once begins a session. Secrets are
-- not here, only the SHA-256 digests of 256 random bits each.

CREATE TABLE sign_in_link (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    operator text,
    user_id bigint,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL CHECK (length(made_by) BETWEEN 1 AND 200),
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CHECK ((operator IS NULL) <> (user_id IS NULL)),
    CHECK (expires_at > made_at)
);
COMMENT ON TABLE sign_in_link IS 'distributed by digest: links that sign somebody in, once each';

CREATE TABLE session (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    operator text,
    user_id bigint,
    begun_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK ((operator IS NULL) <> (user_id IS NULL)),
    CHECK (expires_at > begun_at)
);
COMMENT ON TABLE session IS 'distributed by digest: browsers that are signed in';
CREATE INDEX session_by_end ON session (expires_at);
CREATE INDEX sign_in_link_by_end ON sign_in_link (expires_at);

GRANT SELECT, INSERT, DELETE ON sign_in_link, session TO riviere_server;
GRANT UPDATE (used_at) ON sign_in_link TO riviere_server;
GRANT UPDATE (ended_at) ON session TO riviere_server;
