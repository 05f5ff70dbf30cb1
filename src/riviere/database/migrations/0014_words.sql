-- What people write, and whether others see it (src/riviere/trust). The text beside a gift stays in `message`, where it
-- can be erased; a row of `words` says what became of it, and is written with it, in the gift's own transaction.

-- Words that hold a text back until somebody has looked at it, and whether a creator looks at every text first.
-- Creator 0 is the platform. Whoever judges shares the row; whoever changes what judging rests on locks it.
CREATE TABLE word_rule (
    creator bigint PRIMARY KEY CHECK (creator >= 0),
    entries text[] NOT NULL CHECK (cardinality(entries) <= 1000),
    review boolean NOT NULL,
    changed_at timestamptz,
    changed_by text CHECK (length(changed_by) BETWEEN 1 AND 200)
);
COMMENT ON TABLE word_rule IS 'distributed by creator: the word list of a creator, and that of the platform under 0';

-- `new` is what nobody has judged yet: it is judged when it is first to be shown.
CREATE TABLE words (
    creator bigint NOT NULL,
    id uuid NOT NULL,
    author bigint NOT NULL,
    place bigint NOT NULL,
    gift uuid,
    leg integer,
    at timestamptz NOT NULL,
    standing text NOT NULL CHECK (standing IN ('new', 'shown', 'held', 'hidden')),
    reason text CHECK (reason IN ('filter', 'review', 'reported', 'blocked', 'creator', 'moderator', 'approved')),
    since timestamptz,
    decided_by text CHECK (length(decided_by) BETWEEN 1 AND 200),
    PRIMARY KEY (creator, id),
    CHECK ((gift IS NULL) = (leg IS NULL)),
    CHECK (standing NOT IN ('held', 'hidden') OR reason IS NOT NULL)
);
COMMENT ON TABLE words IS 'distributed by creator: what became of words beside a gift, or of a question';
-- From a gift to its words, and to all that somebody wrote, to be blocked or erased.
CREATE INDEX words_by_author ON words (author, gift, leg);
CREATE INDEX words_to_review ON words (creator, at, id) WHERE standing IN ('new', 'held');

CREATE TABLE words_report (
    creator bigint NOT NULL,
    words uuid NOT NULL,
    reporter bigint NOT NULL,
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
    at timestamptz NOT NULL,
    outcome text CHECK (outcome IN ('dismissed', 'upheld')),
    decided_at timestamptz,
    decided_by text CHECK (length(decided_by) BETWEEN 1 AND 200),
    PRIMARY KEY (creator, words, reporter),
    CHECK ((outcome IS NULL) = (decided_at IS NULL) AND (outcome IS NULL) = (decided_by IS NULL))
);
COMMENT ON TABLE words_report IS 'distributed by creator: who reported which words, and what came of it';
CREATE INDEX words_report_open ON words_report (creator, words) WHERE outcome IS NULL;
CREATE INDEX words_report_by_reporter ON words_report (reporter);

CREATE TABLE blocked (
    creator bigint NOT NULL,
    viewer bigint NOT NULL,
    at timestamptz NOT NULL,
    blocked_by text NOT NULL CHECK (length(blocked_by) BETWEEN 1 AND 200),
    PRIMARY KEY (creator, viewer)
);
COMMENT ON TABLE blocked IS 'distributed by creator: viewers whose words and questions a creator does not want';
CREATE INDEX blocked_by_viewer ON blocked (viewer);

-- Gifts whose sender is not to be named to viewers. The row is written with the gift, so nobody sees one without it.
CREATE TABLE anonymous_gift (
    owner bigint NOT NULL,
    id uuid NOT NULL,
    PRIMARY KEY (owner, id)
);
COMMENT ON TABLE anonymous_gift IS 'distributed by owner: gifts whose sender is not named to viewers';

INSERT INTO words (creator, id, author, place, gift, leg, at, standing)
SELECT e.credit_user, gen_random_uuid(), m.owner, e.place, m.id, m.leg, e.booked_at, 'new'
FROM message AS m
INNER JOIN entry AS e ON e.owner = m.owner AND e.id = m.id AND e.leg = m.leg
WHERE e.route IN (11, 12);

GRANT SELECT, INSERT, DELETE ON word_rule, words, words_report, blocked TO riviere_server;
GRANT SELECT, INSERT ON anonymous_gift TO riviere_server;
GRANT UPDATE (entries, review, changed_at, changed_by) ON word_rule TO riviere_server;
GRANT UPDATE (standing, reason, since, decided_by) ON words TO riviere_server;
GRANT UPDATE (outcome, decided_at, decided_by) ON words_report TO riviere_server;
