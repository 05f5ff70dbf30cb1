-- Who may do what: operators, API keys, and the public keys that user tokens are signed with (src/riviere/access).
-- Secrets are not here: of an API key only the SHA-256 digest of 256 random bits, of a token key the public half.

CREATE TABLE operator (
    name text PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 100),
    role text NOT NULL CHECK (role IN ('admin', 'finance', 'trust', 'auditor')),
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);
COMMENT ON TABLE operator IS 'reference: the people who run the platform, and their roles';

CREATE TABLE operator_change (
    operator text NOT NULL REFERENCES operator,
    number integer NOT NULL CHECK (number > 0),
    role text NOT NULL,
    disabled boolean NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL CHECK (length(by) BETWEEN 1 AND 200),
    PRIMARY KEY (operator, number)
);
COMMENT ON TABLE operator_change IS 'reference: what an operator became, when, and who decided it';

CREATE TABLE api_key (
    id bigint PRIMARY KEY CHECK (id > 0),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    scopes text[] NOT NULL CHECK (cardinality(scopes) > 0),
    operator text REFERENCES operator,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    CHECK (expires_at > created_at),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);
COMMENT ON TABLE api_key IS 'reference: keys of back ends, and of operators where one is named';

CREATE TABLE token_key (
    kid text PRIMARY KEY CHECK (length(kid) BETWEEN 1 AND 200),
    algorithm text NOT NULL CHECK (algorithm IN ('EdDSA', 'ES256', 'RS256')),
    jwk jsonb NOT NULL CHECK (NOT jwk ?| ARRAY['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']),
    thumbprint text NOT NULL UNIQUE,
    issuer text CHECK (length(issuer) BETWEEN 1 AND 200),
    added_at timestamptz NOT NULL,
    added_by text NOT NULL,
    retires_at timestamptz,
    retired_by text,
    CHECK ((retires_at IS NULL) = (retired_by IS NULL))
);
COMMENT ON TABLE token_key IS 'reference: public keys that user tokens are signed with';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_change
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON operator, operator_change, api_key, token_key TO riviere_server;
GRANT UPDATE (role, disabled_at) ON operator TO riviere_server;
GRANT UPDATE (revoked_at, revoked_by) ON api_key TO riviere_server;
GRANT UPDATE (retires_at, retired_by) ON token_key TO riviere_server;
