-- The statements of people, places, the catalogue, policies, gifts and earnings. Arrays come sorted by what is unique,
-- so that two processes that add the same rows wait for each other and do not lock up.

-- name: read_people
SELECT external_id, user_id FROM person WHERE external_id = any(%(external_ids)s::text[]);

-- name: read_people_of
SELECT user_id, external_id FROM person WHERE user_id = any(%(users)s::bigint[]);

-- name: read_users
SELECT id, created_at, level, region FROM users WHERE id = any(%(ids)s::bigint[]);

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
ON CONFLICT (creator, kind, external_id) DO NOTHING;

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

-- name: sum_gifts
-- Gifts by creator, gift, supporter, place or hour. A reversal has the leg numbers of its gift, which is looked up by its
-- key: a plan that knows nothing of the tables yet has no other way. A gift is counted at its first leg, so that a combo
-- that goes on into another hour is not counted in both; an import's leg 0 brings the coins.
WITH moved AS (
    SELECT
        e.credit_user, e.owner, e.route, e.leg, e.place, e.item, e.at, e.count, e.debit_amount, e.credit_amount,
        0 AS undone
    FROM entry AS e
    WHERE
        e.route IN (11, 12, 13) AND e.credit_kind IN (11, 14)
        AND (%(creators)s::bigint[] IS NULL OR e.credit_user = any(%(creators)s::bigint[]))
    UNION ALL
    SELECT
        g.credit_user, g.owner, g.route, g.leg, g.place, g.item, g.at, g.count, g.debit_amount, g.credit_amount,
        1 AS undone
    FROM entry AS r
    INNER JOIN entry AS g ON g.owner = r.owner AND g.id = r.cause AND g.leg = r.leg
    WHERE
        r.route IN (14, 15) AND r.debit_kind = 13
        AND (%(creators)s::bigint[] IS NULL OR r.debit_user = any(%(creators)s::bigint[]))
),

given AS (
    SELECT
        m.count, m.debit_amount, m.credit_amount, m.undone,
        CASE %(by)s
            WHEN 'creator' THEN m.credit_user
            WHEN 'supporter' THEN m.owner
            WHEN 'gift' THEN v.gift
            WHEN 'place' THEN m.place
            WHEN 'hour' THEN extract(EPOCH FROM date_trunc('hour', m.at, 'UTC'))::bigint
        END AS key,
        CASE WHEN m.leg = CASE m.route WHEN 13 THEN 1 ELSE 0 END THEN 1 ELSE 0 END AS gifts
    FROM moved AS m
    INNER JOIN gift_version AS v ON v.id = m.item
    WHERE
        (%(since)s::timestamptz IS NULL OR m.at >= %(since)s::timestamptz)
        AND (%(until)s::timestamptz IS NULL OR m.at < %(until)s::timestamptz)
)

SELECT
    key,
    sum(gifts * (1 - 2 * undone))::bigint AS gifts,
    sum(count * (1 - 2 * undone))::bigint AS pieces,
    sum(debit_amount * (1 - 2 * undone))::bigint AS coins,
    sum(credit_amount * (1 - 2 * undone))::bigint AS diamonds,
    sum(gifts * undone)::bigint AS reversed_gifts,
    sum(debit_amount * undone)::bigint AS reversed_coins,
    sum(credit_amount * undone)::bigint AS reversed_diamonds
FROM given
GROUP BY key
ORDER BY CASE %(by)s WHEN 'hour' THEN key END, diamonds DESC, key
LIMIT %(most)s;

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
    g.message, g.reversed
FROM given AS g
INNER JOIN gift_version AS v ON v.id = g.item
INNER JOIN gift AS f ON f.id = v.gift
INNER JOIN place AS p ON p.creator = g.creator AND p.id = g.place;

-- name: walk_sent
-- What a sender's coin accounts paid before a position, newest first: a walk along the index of each, of `most` rows.
-- `is_first` says that the leg is the first of its gift: an import's leg 0 brings the coins.
SELECT
    paid.id, paid.booked_at, axis.kind, paid.seq,
    paid.route IN (11, 12, 13) AND paid.leg = CASE paid.route WHEN 13 THEN 1 ELSE 0 END AS is_first
FROM
    unnest(%(kinds)s::smallint[]) AS axis (kind),
    LATERAL (
        SELECT e.id, e.leg, e.route, e.booked_at, e.debit_seq AS seq
        FROM entry AS e
        WHERE
            e.debit_user = %(sender)s AND e.debit_kind = axis.kind AND e.booked_at <= %(booked_at)s
            AND (e.booked_at, axis.kind, e.debit_seq) < (%(booked_at)s, %(kind)s::smallint, %(seq)s)
        ORDER BY e.booked_at DESC, e.debit_seq DESC
        LIMIT %(most)s
    ) AS paid
ORDER BY paid.booked_at DESC, axis.kind DESC, paid.seq DESC
LIMIT %(most)s;

-- name: name_gifts
SELECT id, code, name FROM gift WHERE id = any(%(ids)s::integer[]);

-- name: name_places
SELECT id, kind, external_id FROM place WHERE creator = %(creator)s AND id = any(%(ids)s::bigint[]);

-- name: read_wallet
SELECT kind, credits, debits, seq, turn FROM account WHERE user_id = %(user)s;

-- name: all_users
SELECT id, created_at, level, region, seal FROM users;

-- name: all_people
SELECT external_id, user_id, seal FROM person;

-- name: all_places
SELECT id, creator, kind, external_id, opened_at, ended_at, imported, seal FROM place;
