-- What operators look for beside what one user asks for: redemptions of everybody by state, and why a gift was undone.

-- Built while no server runs on the table yet.
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX redemption_by_state ON redemption (state, requested_at, id);

-- The ledger says that a gift was undone; people want to know by whom and why. The first word stays.
CREATE TABLE undoing (
    owner bigint NOT NULL,
    gift uuid NOT NULL,
    actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    at timestamptz NOT NULL,
    PRIMARY KEY (owner, gift)
);
COMMENT ON TABLE undoing IS 'distributed by owner: who undid a gift, and why';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON undoing
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON undoing TO riviere_server;
