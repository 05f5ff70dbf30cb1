-- Payouts: who may be paid and how, quotes, redemptions with every step, and each time that a provider was asked to pay.
-- The states, what may follow what, and what each means in the ledger: src/riviere/payouts/model.py and books.py.

-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid
ALTER TABLE policy
DROP CONSTRAINT policy_name_check,
ADD CONSTRAINT policy_name_check CHECK (name IN (
    'diamonds_per_coin', 'money_per_diamond', 'minimum', 'fee', 'daily_cap', 'maturity_days', 'review_over',
    'quote_minutes'
));

-- A change is a new row; the last one holds. Older redemptions keep the number of the one they were sent to.
CREATE TABLE payout_method (
    creator bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    method text NOT NULL CHECK (method ~ '^[a-z][a-z0-9_]{0,39}$'),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    receiver text NOT NULL CHECK (length(receiver) BETWEEN 1 AND 127),
    at timestamptz NOT NULL,
    actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
    PRIMARY KEY (creator, number)
);
COMMENT ON TABLE payout_method IS 'distributed by creator: where a creator wants to be paid, every version';

CREATE TABLE identity (
    user_id bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    state text NOT NULL CHECK (state IN ('not_started', 'pending', 'verified', 'rejected', 'expired')),
    at timestamptz NOT NULL,
    actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
    reason text NOT NULL CHECK (length(reason) <= 500),
    PRIMARY KEY (user_id, number)
);
COMMENT ON TABLE identity IS 'distributed by user_id: what is known of who somebody is, the last row holds';

CREATE TABLE standing (
    user_id bigint NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    state text NOT NULL CHECK (state IN ('active', 'suspended')),
    at timestamptz NOT NULL,
    actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    PRIMARY KEY (user_id, number)
);
COMMENT ON TABLE standing IS 'distributed by user_id: whether somebody may be paid, the last row holds';

-- What a creator was shown. Diamonds in thousandths: asked for, and the fewest that buy the gross amount.
CREATE TABLE quote (
    creator bigint NOT NULL,
    id bigint NOT NULL CHECK (id >= 0),
    method text NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    asked bigint NOT NULL CHECK (asked > 0),
    diamonds bigint NOT NULL CHECK (diamonds BETWEEN 0 AND asked),
    gross bigint NOT NULL CHECK (gross >= 0),
    fee bigint NOT NULL CHECK (fee >= 0),
    rate_policy integer NOT NULL,
    fee_policy integer NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (creator, id),
    CONSTRAINT quote_expires CHECK (expires_at > created_at)
);
COMMENT ON TABLE quote IS 'distributed by creator: what diamonds would bring, kept as it was shown';

-- `booking` is the state whose ledger order is being written: it is set before, and cleared with the step that follows.
-- `payments` counts those that the ledger has booked, `attempt` the times a provider was asked. `due_at` is when the
-- clerk looks again; empty where it is a person's turn or nothing is left to do. `attention` says why a person should look.
CREATE TABLE redemption (
    creator bigint NOT NULL,
    id uuid NOT NULL,
    quote bigint NOT NULL,
    payout_method integer,
    requested_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN (
        'requested', 'refused', 'held', 'in_review', 'approved', 'submitted', 'paid', 'failed', 'cancelled', 'returned'
    )),
    step integer NOT NULL CHECK (step >= 0),
    booking text CHECK (booking IN ('held', 'cancelled', 'paid', 'failed', 'returned')),
    actor text,
    reason text,
    payments integer NOT NULL CHECK (payments >= 0),
    attempt integer NOT NULL CHECK (attempt >= payments),
    due_at timestamptz,
    tries integer NOT NULL CHECK (tries >= 0),
    attention text,
    PRIMARY KEY (creator, id),
    CONSTRAINT redemption_booking CHECK ((booking IS NULL) = (actor IS NULL) AND (booking IS NULL) = (reason IS NULL)),
    CONSTRAINT redemption_payable CHECK (payout_method IS NOT NULL OR state IN ('requested', 'refused'))
);
COMMENT ON TABLE redemption IS 'distributed by creator: diamonds on their way to money';
CREATE UNIQUE INDEX redemption_by_quote ON redemption (creator, quote) WHERE state <> 'refused';
CREATE INDEX redemption_by_time ON redemption (creator, requested_at, id);
CREATE INDEX redemption_by_id ON redemption (id);
CREATE INDEX redemption_due ON redemption (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX redemption_for_people ON redemption (requested_at, id) WHERE state = 'in_review' OR attention IS NOT NULL;

CREATE TABLE redemption_step (
    creator bigint NOT NULL,
    redemption uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    state text NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 200),
    reason text NOT NULL CHECK (length(reason) <= 2000),
    PRIMARY KEY (creator, redemption, number)
);
COMMENT ON TABLE redemption_step IS 'distributed by creator: what happened to a redemption, by whom and why';

-- Written before the provider is asked, so that whoever comes after a crash asks with the same batch id.
CREATE TABLE payout (
    creator bigint NOT NULL,
    redemption uuid NOT NULL,
    attempt integer NOT NULL CHECK (attempt > 0),
    payout_method integer NOT NULL,
    asked_at timestamptz NOT NULL,
    reference text CHECK (reference <> ''),
    item text,
    status text,
    PRIMARY KEY (creator, redemption, attempt)
);
COMMENT ON TABLE payout IS 'distributed by creator: each time a provider was asked to pay, and its own references';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON standing
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON quote
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON redemption_step
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

GRANT SELECT, INSERT ON payout_method, identity, standing, quote, redemption, redemption_step, payout TO riviere_server;
GRANT UPDATE (
    quote, payout_method, requested_at, state, step, booking, actor, reason, payments, attempt, due_at, tries, attention
) ON redemption TO riviere_server;
GRANT UPDATE (reference, item, status) ON payout TO riviere_server;
