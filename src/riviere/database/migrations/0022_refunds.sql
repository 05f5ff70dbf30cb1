-- Unspent coins that buyers give back (src/riviere/payments/refunds): what was asked, what was frozen for it, and what became of
-- it at the processor that took the money.

-- A migration is one transaction, in which no index can be made beside writes.
-- squawk-ignore-file ban-drop-constraint, constraint-missing-not-valid, require-concurrent-index-creation
ALTER TABLE policy
DROP CONSTRAINT policy_name_check,
ADD CONSTRAINT policy_name_check CHECK (name IN (
    'diamonds_per_coin', 'money_per_diamond', 'minimum', 'fee', 'daily_cap', 'maturity_days', 'review_over',
    'quote_minutes', 'refund_days'
));

CREATE TABLE refund (
    user_id bigint NOT NULL,
    id uuid NOT NULL,
    request uuid NOT NULL,
    purchase uuid NOT NULL,
    -- None for all that may be given back.
    asked bigint CHECK (asked > 0),
    state text NOT NULL CHECK (state IN ('asked', 'refused', 'frozen', 'paid', 'failed')),
    processor text NOT NULL CHECK (length(processor) BETWEEN 1 AND 40),
    charge text NOT NULL CHECK (length(charge) BETWEEN 1 AND 255),
    coins bigint NOT NULL DEFAULT 0 CHECK (coins >= 0),
    bonus bigint NOT NULL DEFAULT 0 CHECK (bonus >= 0),
    amount bigint NOT NULL DEFAULT 0 CHECK (amount >= 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- What the processor calls the refund; not known until it was asked for one.
    reference text CHECK (length(reference) BETWEEN 1 AND 255),
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    asked_at timestamptz NOT NULL,
    due_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (user_id, id),
    CONSTRAINT refund_amounts CHECK (state IN ('asked', 'refused') OR (coins > 0 AND amount > 0)),
    CONSTRAINT refund_ended CHECK (
        (state IN ('asked', 'frozen')) = (ended_at IS NULL) AND (ended_at IS NULL) = (due_at IS NOT NULL)
    ),
    CONSTRAINT refund_reason CHECK ((state IN ('refused', 'failed')) = (reason <> ''))
);
COMMENT ON TABLE refund IS 'distributed by user_id: unspent coins that buyers give back';

CREATE INDEX refund_due ON refund (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX refund_by_time ON refund (user_id, asked_at DESC, id);

-- A refund goes to the charge that paid, and knows only the purchase. Purchases are few beside gifts.
CREATE INDEX charge_by_purchase ON charge (owner, purchase);

GRANT SELECT, INSERT, UPDATE (
    state, coins, bonus, amount, reference, tries, reason, asked_at, due_at, ended_at
) ON refund TO riviere_server;
