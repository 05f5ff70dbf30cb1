-- Overlays: a creator's widgets as pages for broadcasting software (src/riviere/live/overlays), each at a secret address.
-- Secrets are not here, only SHA-256 digests of 256 random bits and of what is made from them.

CREATE TABLE overlay (
    creator bigint NOT NULL,
    id bigint NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    widget text NOT NULL CHECK (widget IN ('alerts', 'combos', 'goal', 'supporters', 'custom')),
    least bigint NOT NULL CHECK (least > 0),
    seconds integer NOT NULL CHECK (seconds BETWEEN 2 AND 60),
    sound boolean NOT NULL,
    made_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    -- All alerts up to this position in the creator's feed were shown, and some of those behind it.
    shown_entry bigint NOT NULL CHECK (shown_entry >= 0),
    shown_notice bigint NOT NULL CHECK (shown_notice >= 0),
    shown_ahead text[] NOT NULL CHECK (cardinality(shown_ahead) <= 200),
    PRIMARY KEY (creator, id)
) WITH (fillfactor = 50);
COMMENT ON TABLE overlay IS 'distributed by creator: widgets for broadcasting software, and what each has shown';

CREATE TABLE overlay_code (
    creator bigint NOT NULL,
    overlay bigint NOT NULL,
    html text NOT NULL CHECK (length(html) <= 20000),
    css text NOT NULL CHECK (length(css) <= 20000),
    js text NOT NULL CHECK (length(js) <= 20000),
    fields text NOT NULL CHECK (length(fields) <= 20000),
    PRIMARY KEY (creator, overlay)
);
COMMENT ON TABLE overlay_code IS 'distributed by creator: what creators wrote for widgets of their own';

CREATE TABLE overlay_secret (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    opens text NOT NULL CHECK (opens IN ('page', 'widget')),
    creator bigint NOT NULL,
    overlay bigint NOT NULL
);
COMMENT ON TABLE overlay_secret IS 'distributed by digest: the addresses that overlays are found at';
CREATE INDEX overlay_secret_by_overlay ON overlay_secret (creator, overlay);

GRANT SELECT, INSERT, DELETE ON overlay, overlay_code, overlay_secret TO riviere_server;
GRANT UPDATE (name, least, seconds, sound, changed_at, shown_entry, shown_notice, shown_ahead) ON overlay
TO riviere_server;
GRANT UPDATE (html, css, js, fields) ON overlay_code TO riviere_server;
