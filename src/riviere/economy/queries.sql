-- The statements of people, places, the catalogue, policies and gifts. Arrays come sorted by what is unique,
-- so that two processes that add the same rows wait for each other and do not lock up.

-- name: read_people
SELECT external_id, user_id FROM person WHERE external_id = any(%(external_ids)s::text[]);

-- name: know_people
SELECT p.user_id, u.level, u.region, p.external_id
FROM person AS p
INNER JOIN users AS u ON u.id = p.user_id
WHERE p.external_id = any(%(external_ids)s::text[]);

-- name: read_people_of
SELECT user_id, external_id FROM person WHERE user_id = any(%(users)s::bigint[]);

-- name: lock_user
SELECT id, created_at, level, region FROM users WHERE id = %(id)s FOR UPDATE;

-- name: add_people
INSERT INTO person (external_id, user_id, seal)
SELECT want.external_id, want.user_id, want.seal
FROM unnest(%(external_ids)s::text[], %(users)s::bigint[], %(seals)s::bytea[]) AS want (external_id, user_id, seal)
ORDER BY want.external_id
ON CONFLICT (external_id) DO NOTHING
RETURNING external_id, user_id;

-- name: add_users
INSERT INTO users (id, created_at, level, region, seal)
SELECT want.id, %(created_at)s::timestamptz, %(level)s::integer, %(region)s::text, want.seal
FROM unnest(%(ids)s::bigint[], %(seals)s::bytea[]) AS want (id, seal);

-- name: set_standing
UPDATE users SET level = %(level)s, region = %(region)s, seal = %(seal)s WHERE id = %(id)s;

-- name: erase_person
DELETE FROM person WHERE external_id = %(external_id)s;

-- name: read_places
SELECT p.id, p.creator, p.kind, p.external_id, p.opened_at, p.ended_at, p.imported
FROM unnest(%(creators)s::bigint[], %(kinds)s::text[], %(external_ids)s::text[]) AS want (creator, kind, external_id)
INNER JOIN place AS p
    ON p.creator = want.creator AND p.kind = want.kind AND p.external_id = want.external_id;

-- name: page_streams
SELECT id, creator, kind, external_id, opened_at, ended_at, imported
FROM place
WHERE
    creator = %(creator)s AND kind = 'stream'
    AND (%(id)s::bigint IS NULL OR (opened_at, id) < (%(opened_at)s::timestamptz, %(id)s::bigint))
ORDER BY opened_at DESC, id DESC
LIMIT %(most)s;

-- name: lock_places
SELECT p.id, p.creator, p.kind, p.external_id, p.opened_at, p.ended_at, p.imported
FROM unnest(%(creators)s::bigint[], %(ids)s::bigint[]) AS want (creator, id)
INNER JOIN place AS p ON p.creator = want.creator AND p.id = want.id
ORDER BY p.creator, p.id
FOR UPDATE OF p;

-- name: add_places
INSERT INTO place (creator, id, kind, external_id, opened_at, ended_at, imported, seal)
SELECT want.creator, want.id, want.kind, want.external_id, want.opened_at, NULL, %(imported)s::boolean, want.seal
FROM
    unnest(
        %(creators)s::bigint[], %(ids)s::bigint[], %(kinds)s::text[], %(external_ids)s::text[], %(opened)s::timestamptz[],
        %(seals)s::bytea[]
    ) AS want (creator, id, kind, external_id, opened_at, seal)
ORDER BY want.creator, want.kind, want.external_id
ON CONFLICT (creator, kind, external_id) DO NOTHING
RETURNING creator, id, kind, opened_at;

-- name: end_place
UPDATE place SET ended_at = %(ended_at)s, seal = %(seal)s WHERE creator = %(creator)s AND id = %(id)s;

-- name: read_versions
SELECT
    v.id, v.gift, g.code, g.name, v.coins, v.combo, v.unlock_level, v.regions,
    lower(v.during) AS starts_at, upper(v.during) AS ends_at
FROM gift_version AS v
INNER JOIN gift AS g ON g.id = v.gift
ORDER BY v.gift, lower(v.during);

-- name: add_gift
INSERT INTO gift (code, name) VALUES (%(code)s, %(name)s) RETURNING id;

-- name: add_version
INSERT INTO gift_version (gift, coins, combo, unlock_level, regions, during)
VALUES (
    %(gift)s, %(coins)s, %(combo)s, %(unlock_level)s, %(regions)s::text[],
    tstzrange(%(starts_at)s::timestamptz, %(ends_at)s::timestamptz)
)
RETURNING id;

-- name: end_version
UPDATE gift_version SET during = tstzrange(lower(during), %(at)s::timestamptz) WHERE id = %(id)s;

-- name: read_packs
SELECT
    id, code, coins, bonus, bonus_days, price, currency, lower(during) AS starts_at, upper(during) AS ends_at
FROM pack
ORDER BY code, lower(during);

-- name: add_pack
INSERT INTO pack (code, coins, bonus, bonus_days, price, currency, during)
VALUES (
    %(code)s, %(coins)s, %(bonus)s, %(bonus_days)s, %(price)s, %(currency)s,
    tstzrange(%(starts_at)s::timestamptz, NULL)
)
RETURNING id;

-- name: end_pack
UPDATE pack SET during = tstzrange(lower(during), %(at)s::timestamptz) WHERE id = %(id)s;

-- name: read_policies
SELECT
    id, name, scope, amount, share, lower(during) AS starts_at, upper(during) AS ends_at, announced_at, announced_by
FROM policy
WHERE name = %(name)s AND scope = %(scope)s
ORDER BY lower(during);

-- name: list_policies
SELECT
    id, name, scope, amount, share, lower(during) AS starts_at, upper(during) AS ends_at, announced_at, announced_by
FROM policy
ORDER BY name, scope, lower(during);

-- name: page_policies
SELECT
    id, name, scope, amount, share, lower(during) AS starts_at, upper(during) AS ends_at, announced_at, announced_by
FROM policy
WHERE
    (%(name)s::text IS NULL OR name = %(name)s::text)
    AND (%(scope)s::text IS NULL OR scope = %(scope)s::text)
    AND (
        %(after_name)s::text IS NULL
        OR (name, scope, lower(during))
        > (%(after_name)s::text, %(after_scope)s::text, %(after_start)s::timestamptz)
    )
ORDER BY name, scope, lower(during)
LIMIT %(most)s;

-- name: add_policy
INSERT INTO policy (name, scope, amount, share, during, announced_at, announced_by)
VALUES (
    %(name)s, %(scope)s, %(amount)s, %(share)s, tstzrange(%(starts_at)s::timestamptz, %(ends_at)s::timestamptz),
    %(announced_at)s, %(announced_by)s
)
RETURNING id;

-- name: end_policy
UPDATE policy SET during = tstzrange(lower(during), %(at)s::timestamptz) WHERE id = %(id)s;

-- name: read_sent
-- Gifts as their sender sees them: one row an id that is a gift, with all that its legs moved and the last words kept.
-- Each is looked up by its key: a plan that knows nothing of the tables yet would read all that the sender ever did.
WITH given AS (
    SELECT want.id, legs.*, undone.reversed
    FROM
        unnest(%(ids)s::uuid[], %(reversals)s::uuid[]) AS want (id, reversal),
        LATERAL (
            SELECT
                (array_agg(e.credit_user ORDER BY e.leg))[1] AS creator,
                (array_agg(e.item ORDER BY e.leg))[1] AS item,
                (array_agg(e.place ORDER BY e.leg))[1] AS place,
                (array_agg(e.at ORDER BY e.leg))[1] AS at,
                coalesce(max(e.upto), sum(e.count)) AS count,
                sum(e.debit_amount)::bigint AS coins,
                sum(e.credit_amount)::bigint AS diamonds,
                min(e.booked_at) AS booked_at,
                bool_or(e.route = 13) AS imported,
                (array_agg(m.body ORDER BY e.leg DESC) FILTER (WHERE m.body IS NOT NULL))[1] AS message
            FROM entry AS e
            LEFT JOIN message AS m ON m.owner = e.owner AND m.id = e.id AND m.leg = e.leg
            WHERE e.owner = %(sender)s AND e.id = want.id AND e.route IN (11, 12, 13)
        ) AS legs,
        LATERAL (
            SELECT count(*) > 0 AS reversed FROM entry AS e WHERE e.owner = %(sender)s AND e.id = want.reversal
        ) AS undone
    WHERE legs.creator IS NOT NULL
)

SELECT
    g.id, g.creator, f.code, g.count, g.coins, g.diamonds, p.kind, p.external_id AS place, g.at, g.booked_at, g.imported,
    g.message, g.reversed, a.id IS NOT NULL AS anonymous
FROM given AS g
LEFT JOIN anonymous_gift AS a ON a.owner = %(sender)s AND a.id = g.id
INNER JOIN gift_version AS v ON v.id = g.item
INNER JOIN gift AS f ON f.id = v.gift
INNER JOIN place AS p ON p.creator = g.creator AND p.id = g.place;

-- name: walk_sent
-- What a sender's coin accounts paid between two numbers of each, newest first. `is_first` says that the leg is the first
-- of its gift: an import's leg 0 brings the coins.
SELECT
    e.id, e.debit_kind AS kind, e.debit_seq AS seq,
    e.route IN (11, 12, 13) AND e.leg = CASE e.route WHEN 13 THEN 1 ELSE 0 END AS is_first
FROM unnest(%(kinds)s::smallint[], %(after)s::bigint[], %(before)s::bigint[]) AS axis (kind, after, before)
INNER JOIN entry AS e
    ON e.debit_user = %(sender)s AND e.debit_seq > axis.after AND e.debit_seq < axis.before AND e.debit_kind = axis.kind
ORDER BY e.booked_at DESC, e.debit_kind DESC, e.debit_seq DESC;

-- name: name_places_of
SELECT p.creator, p.id, p.kind, p.external_id
FROM unnest(%(creators)s::bigint[], %(ids)s::bigint[]) AS want (creator, id)
INNER JOIN place AS p ON p.creator = want.creator AND p.id = want.id;

-- name: read_anonymous
SELECT a.owner, a.id
FROM unnest(%(owners)s::bigint[], %(ids)s::uuid[]) AS want (owner, id)
INNER JOIN anonymous_gift AS a ON a.owner = want.owner AND a.id = want.id;

-- name: name_versions
SELECT v.id, g.code, g.name FROM gift_version AS v
INNER JOIN gift AS g ON g.id = v.gift
WHERE v.id = any(%(ids)s::integer[]);

-- name: name_policies
SELECT
    id, name, scope, amount, share, lower(during) AS starts_at, upper(during) AS ends_at, announced_at, announced_by
FROM policy
WHERE id = any(%(ids)s::integer[]);

-- name: add_undoing
-- The first reason stays: a reversal stands from the first time it was asked for.
INSERT INTO undoing (owner, gift, actor, reason, at)
VALUES (%(owner)s, %(gift)s, %(actor)s, %(reason)s, %(at)s)
ON CONFLICT DO NOTHING;

-- name: read_undoing
SELECT u.actor, u.reason, u.at FROM undoing AS u WHERE u.owner = %(owner)s AND u.gift = %(gift)s;

-- name: name_packs
SELECT id, code FROM pack WHERE id = any(%(ids)s::integer[]);

-- name: read_wallet
SELECT kind, credits, debits, seq, turn FROM account WHERE user_id = %(user)s;

-- name: all_users
SELECT id, created_at, level, region, seal FROM users;

-- name: all_people
SELECT external_id, user_id, seal FROM person;

-- name: all_places
SELECT id, creator, kind, external_id, opened_at, ended_at, imported, seal FROM place;

-- name: read_revisions
SELECT name, number FROM revision;

-- name: count_revision
UPDATE revision SET number = number + 1 WHERE name = %(name)s;
