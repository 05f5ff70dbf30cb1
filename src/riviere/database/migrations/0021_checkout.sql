-- Coins bought through a card processor that says later whether it was paid (src/riviere/payments/checkout): what was ordered,
-- and every event that the processor told, kept before anything is done about it (docs/decisions/0024-kept-before-applied.md).

CREATE TABLE checkout (
    user_id bigint NOT NULL,
    id uuid NOT NULL,
    request uuid NOT NULL,
    pack integer NOT NULL,
    coins bigint NOT NULL CHECK (coins > 0),
    bonus bigint NOT NULL CHECK (bonus >= 0),
    bonus_days integer NOT NULL CHECK (bonus_days > 0),
    price bigint NOT NULL CHECK (price > 0),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    state text NOT NULL CHECK (state IN ('open', 'paid', 'cancelled')),
    -- What the processor calls the payment; not known until it was asked for one.
    reference text CHECK (length(reference) BETWEEN 1 AND 255),
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    started_at timestamptz NOT NULL,
    ask_at timestamptz NOT NULL,
    ended_at timestamptz,
    PRIMARY KEY (user_id, id),
    CONSTRAINT checkout_ended CHECK ((state = 'open') = (ended_at IS NULL) AND (state <> 'paid' OR reference IS NOT NULL))
);
COMMENT ON TABLE checkout IS 'distributed by user_id: coins that somebody ordered and pays for at the processor';

CREATE INDEX checkout_due ON checkout (ask_at) WHERE state = 'open';

CREATE TABLE provider_event (
    id text PRIMARY KEY CHECK (length(id) BETWEEN 1 AND 255),
    type text NOT NULL CHECK (length(type) BETWEEN 1 AND 255),
    created_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    body text NOT NULL,
    -- waiting: to be applied; applied; kept: nothing to be done about it; attention: a person has to look at it.
    state text NOT NULL CHECK (state IN ('waiting', 'applied', 'kept', 'attention')),
    reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 500),
    CONSTRAINT provider_event_reason CHECK ((state = 'attention') = (reason <> ''))
);
COMMENT ON TABLE provider_event IS 'distributed by id: what the card processor told, once an event';

CREATE INDEX provider_event_open ON provider_event (received_at) WHERE state IN ('waiting', 'attention');

GRANT SELECT, INSERT, UPDATE (state, reference, tries, ask_at, ended_at) ON checkout TO riviere_server;
GRANT SELECT, INSERT, UPDATE (state, reason) ON provider_event TO riviere_server;
