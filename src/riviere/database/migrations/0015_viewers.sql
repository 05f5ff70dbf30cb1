-- What viewers ask in a stream, coming streams that they want to be reminded of (src/riviere/audience), and the most that
-- they want to spend (src/riviere/payments). Whether others see a question is said by its row of `words`, under the
-- same id.

CREATE TABLE question (
    creator bigint NOT NULL,
    id uuid NOT NULL,
    place bigint NOT NULL,
    asker bigint NOT NULL,
    body text NOT NULL CHECK (length(body) BETWEEN 1 AND 200),
    request uuid NOT NULL,
    asked_at timestamptz NOT NULL,
    answered_at timestamptz,
    PRIMARY KEY (creator, id)
);
COMMENT ON TABLE question IS 'distributed by creator: what viewers asked in a stream';
CREATE INDEX question_by_place ON question (creator, place, asked_at, id);
CREATE INDEX question_by_asker ON question (asker);

CREATE TABLE question_voice (
    creator bigint NOT NULL,
    question uuid NOT NULL,
    viewer bigint NOT NULL,
    PRIMARY KEY (creator, question, viewer)
);
COMMENT ON TABLE question_voice IS 'distributed by creator: who wants to know the same';
CREATE INDEX question_voice_by_viewer ON question_voice (viewer);

-- When a viewer asked a creator last; whoever asks holds the row, so two requests at once are one after the other.
CREATE TABLE question_turn (
    creator bigint NOT NULL,
    asker bigint NOT NULL,
    asked_at timestamptz,
    PRIMARY KEY (creator, asker)
);
COMMENT ON TABLE question_turn IS 'distributed by creator: when a viewer asked something last';
CREATE INDEX question_turn_by_asker ON question_turn (asker);

CREATE TABLE announcement (
    creator bigint NOT NULL,
    id uuid NOT NULL,
    title text NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
    body text NOT NULL CHECK (length(body) <= 1000),
    starts_at timestamptz NOT NULL,
    request uuid NOT NULL,
    made_at timestamptz NOT NULL,
    cancelled_at timestamptz,
    reminded_at timestamptz,
    PRIMARY KEY (creator, id)
);
COMMENT ON TABLE announcement IS 'distributed by creator: coming streams';
CREATE INDEX announcement_by_start ON announcement (creator, starts_at, id);
CREATE INDEX announcement_due ON announcement (starts_at) WHERE cancelled_at IS NULL AND reminded_at IS NULL;

CREATE TABLE reminder (
    creator bigint NOT NULL,
    announcement uuid NOT NULL,
    viewer bigint NOT NULL,
    asked_at timestamptz NOT NULL,
    told_at timestamptz,
    PRIMARY KEY (creator, announcement, viewer)
);
COMMENT ON TABLE reminder IS 'distributed by creator: who wants to be reminded of a coming stream';
CREATE INDEX reminder_by_viewer ON reminder (viewer, asked_at, announcement);

-- Each decision is a row: what holds follows from all of them (src/riviere/payments/limits.py). No amount: no limit.
CREATE TABLE spending_limit (
    user_id bigint NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    span text NOT NULL CHECK (span IN ('day', 'month')),
    number integer NOT NULL CHECK (number > 0),
    amount bigint CHECK (amount >= 0),
    set_at timestamptz NOT NULL,
    holds_from timestamptz NOT NULL,
    set_by text NOT NULL CHECK (length(set_by) BETWEEN 1 AND 200),
    PRIMARY KEY (user_id, currency, span, number),
    CHECK (holds_from >= set_at)
);
COMMENT ON TABLE spending_limit IS 'distributed by user_id: the most that a viewer wants to spend on coins';

-- Money that a purchase is about to take from somebody with a limit: noted before the processor is asked.
CREATE TABLE spending_hold (
    user_id bigint NOT NULL,
    purchase uuid NOT NULL,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount bigint NOT NULL CHECK (amount > 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (user_id, purchase)
);
COMMENT ON TABLE spending_hold IS 'distributed by user_id: purchases under way that count against a limit';

GRANT SELECT, INSERT ON spending_limit TO riviere_server;
GRANT SELECT, INSERT, DELETE ON spending_hold TO riviere_server;
GRANT SELECT, INSERT, DELETE ON question, question_voice, question_turn, announcement, reminder TO riviere_server;
GRANT UPDATE (answered_at) ON question TO riviere_server;
GRANT UPDATE (asked_at) ON question_turn TO riviere_server;
GRANT UPDATE (title, body, starts_at, cancelled_at, reminded_at) ON announcement TO riviere_server;
GRANT UPDATE (told_at) ON reminder TO riviere_server;
