-- The statements of riviere verify. A finder answers one row: rows seen, broken rows, and the first broken one as
-- "order|text"; <number> in a text stands for a user. Law, bounds and routes are numbered as in ledger/law.py.

-- name: plan_for_all
-- These read whole tables: more memory to sort in, no compilation, and cursors are planned to be read to their end.
-- Sorting the journal's sides in 64 MB leaves so few runs on disk, tens for ten million gifts, that they are merged in
-- one pass: with 256 MB the sort takes no less time.
SELECT set_config('work_mem', '64MB', TRUE), set_config('jit', 'off', TRUE), set_config('cursor_tuple_fraction', '1', TRUE);

-- name: give_snapshot
SELECT pg_export_snapshot();

-- name: take_snapshot
SET TRANSACTION SNAPSHOT %s; -- noqa: PRS

-- name: count_entries
SELECT count(*) FROM entry;

-- name: list_kinds
SELECT code, name, asset, floor FROM kind;

-- name: list_routes
SELECT code, name, pays, receives, owner_is, creator_side FROM route;

-- name: lawless_entries
SELECT
    count(*), count(c.problem), min(format('%s %s|%s', c.booked_at, lpad(c.position::text, 9, '0'), c.problem))
    FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        e.booked_at, e.position,
        CASE
            WHEN r.code IS NULL
                THEN format('entry %s/%s takes route %s, which is not in the law', left(e.id::text, 8), e.leg, e.route)
            WHEN e.debit_kind <> r.pays OR e.credit_kind <> r.receives
                THEN
                    format(
                        'entry %s/%s goes from kind %s to %s, %s from %s to %s',
                        left(e.id::text, 8), e.leg, e.debit_kind, e.credit_kind, r.name, r.pays, r.receives
                    )
            WHEN
                (r.pays > 100) <> (e.debit_user IS NULL) OR (r.receives > 100) <> (e.credit_user IS NULL)
                OR (r.creator_side = 'pays') = (e.debit_user = e.owner)
                OR (r.creator_side = 'receives') = (e.credit_user = e.owner)
                OR (r.owner_is = 'platform') <> (e.owner = 0)
                THEN format('entry %s/%s of <%s> has other users than %s has', left(e.id::text, 8), e.leg, e.owner, r.name)
            WHEN
                ('money' IN (p.asset, q.asset)) <> (e.currency IS NOT NULL) OR e.currency !~ '^[A-Z]{3}$'
                OR (r.receives = 2) <> (e.expires_at IS NOT NULL) OR length(e.message) <> 32
                THEN format(
                    'entry %s/%s: %s with currency %s, expiry %s, hash of words %s',
                    left(e.id::text, 8), e.leg, r.name, e.currency, e.expires_at, e.message
                )
        END AS problem
    FROM entry AS e
    LEFT JOIN route AS r ON r.code = e.route
    LEFT JOIN kind AS p ON p.code = r.pays
    LEFT JOIN kind AS q ON q.code = r.receives
) AS c;

-- name: list_rights
-- Each table, and whether the server's role could change or remove a row of it.
SELECT
    c.relname,
    has_table_privilege('riviere_server', c.oid, 'UPDATE, DELETE, TRUNCATE')
    OR has_any_column_privilege('riviere_server', c.oid, 'UPDATE') AS changes
FROM pg_class AS c
WHERE c.relnamespace = 'riviere'::regnamespace AND c.relkind IN ('r', 'p');

-- name: list_guards
-- An enabled guard fires once a statement, before UPDATE, DELETE and TRUNCATE: 2 + 8 + 16 + 32 in tgtype.
SELECT c.relname
FROM pg_trigger AS t
INNER JOIN pg_class AS c ON c.oid = t.tgrelid AND c.relnamespace = 'riviere'::regnamespace
INNER JOIN pg_proc AS f ON f.oid = t.tgfoid AND f.proname = 'refuse_change'
WHERE t.tgname = 'append_only' AND t.tgtype = 58 AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL;

-- name: list_constraints
-- Older servers do not know conenforced.
SELECT
    c.relname, k.conname,
    k.convalidated AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, TRUE) AS held
FROM pg_constraint AS k
INNER JOIN pg_class AS c ON c.oid = k.conrelid
WHERE k.connamespace = 'riviere'::regnamespace AND k.contype IN ('c', 'f', 'p', 'u', 'x');

-- name: list_migrations
SELECT number, name, checksum, applied_at FROM migration ORDER BY number;

-- name: wrong_accounts
WITH moved AS (
    SELECT side.user_id, side.kind, sum(side.credits) AS credits, sum(side.debits) AS debits, sum(side.moves) AS moves
    FROM (
        SELECT
            e.debit_user AS user_id, e.debit_kind AS kind, 0 AS credits, sum(e.debit_amount) AS debits, count(*) AS moves
        FROM entry AS e
        WHERE e.debit_user IS NOT NULL
        GROUP BY e.debit_user, e.debit_kind
        UNION ALL
        SELECT e.credit_user, e.credit_kind, sum(e.credit_amount), 0, count(*)
        FROM entry AS e
        WHERE e.credit_user IS NOT NULL
        GROUP BY e.credit_user, e.credit_kind
    ) AS side
    GROUP BY side.user_id, side.kind
),

turned AS (
    SELECT e.owner AS user_id, 1::smallint AS kind, count(DISTINCT e.id) AS turns
    FROM entry AS e
    WHERE e.route IN (3, 5, 6, 7, 8, 14, 15)
    GROUP BY e.owner
),

both_sides AS (
    SELECT
        user_id, kind, a.user_id IS NULL AS rowless,
        format('%s in, %s out, %s entries, %s turns', a.credits, a.debits, a.seq, a.turn) AS there,
        format(
            '%s in, %s out, %s entries, %s turns',
            coalesce(m.credits, 0), coalesce(m.debits, 0), coalesce(m.moves, 0), coalesce(t.turns, 0)
        ) AS expected
    FROM account AS a
    FULL JOIN moved AS m USING (user_id, kind)
    FULL JOIN turned AS t USING (user_id, kind)
)

SELECT
    count(*), count(*) FILTER (WHERE b.there <> b.expected),
    min(
        CASE
            WHEN b.rowless THEN format('|kind %s of <%s> has no account row, expected %s', b.kind, b.user_id, b.expected)
            ELSE format('|kind %s of <%s> has %s, expected %s', b.kind, b.user_id, b.there, b.expected)
        END
    ) FILTER (WHERE b.there <> b.expected)
FROM both_sides AS b;

-- name: wrong_running
-- Each row tells both totals after it: its own side's by its start, the other's by the balance. They must be those of
-- the row before, moved by this row's amount; the first row starts from nothing.
WITH side AS (
    SELECT
        e.debit_user AS user_id, e.debit_kind AS kind, e.debit_seq AS seq, 0::bigint AS came, e.debit_amount AS went,
        e.debit_start + e.debit_amount + CASE e.debit_kind WHEN 13 THEN -e.debit_balance ELSE e.debit_balance END AS credits,
        e.debit_start + e.debit_amount AS debits,
        e.debit_balance AS balance, e.booked_at, e.id, e.leg
    FROM entry AS e
    WHERE e.debit_user IS NOT NULL
    UNION ALL
    SELECT
        e.credit_user, e.credit_kind, e.credit_seq, e.credit_amount, 0::bigint,
        e.credit_start + e.credit_amount,
        e.credit_start + e.credit_amount - CASE e.credit_kind WHEN 13 THEN -e.credit_balance ELSE e.credit_balance END,
        e.credit_balance, e.booked_at, e.id, e.leg
    FROM entry AS e
    WHERE e.credit_user IS NOT NULL
),

run AS (
    SELECT
        s.*,
        lag(s.seq, 1, 0::bigint) OVER w AS seq_before,
        lag(s.credits, 1, 0::bigint) OVER w AS credits_before,
        lag(s.debits, 1, 0::bigint) OVER w AS debits_before,
        lag(s.booked_at) OVER w AS before
    FROM side AS s
    WINDOW w AS (PARTITION BY s.user_id, s.kind ORDER BY s.seq)
)

SELECT
    count(*), count(c.problem),
    min(
        format(
            '%s|entry %s/%s, number %s of kind %s of <%s>: %s',
            lpad(c.seq::text, 19, '0'), left(c.id::text, 8), c.leg, c.seq, c.kind, c.user_id, c.problem
        )
    ) FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        r.*,
        CASE
            WHEN coalesce(r.seq <> r.seq_before + 1, TRUE) THEN format('expected number %s', r.seq_before + 1)
            WHEN coalesce((r.credits, r.debits) <> (r.credits_before + r.came, r.debits_before + r.went), TRUE)
                THEN
                    format(
                        'says %s in and %s out in all, expected %s and %s',
                        r.credits, r.debits, r.credits_before + r.came, r.debits_before + r.went
                    )
            WHEN r.balance < 0 THEN format('the balance is %s, below the floor', r.balance)
            WHEN r.booked_at < r.before THEN format('booked at %s, after %s', r.booked_at, r.before)
        END AS problem
    FROM run AS r
) AS c;

-- name: sum_accounts
SELECT a.kind, count(*), sum(a.credits) - sum(a.debits) AS balance FROM account AS a GROUP BY a.kind;

-- name: sum_routes
SELECT e.route, e.currency, sum(e.debit_amount) AS debits, sum(e.credit_amount) AS credits
FROM entry AS e
GROUP BY e.route, e.currency;

-- name: wrong_legs
-- Each further leg has the one before it, of the same request; so the legs of an id are 0 to n - 1 and one request's.
SELECT
    count(*), count(c.problem),
    min(format('%s|entry %s/%s of <%s> %s', c.booked_at, left(c.id::text, 8), c.leg, c.owner, c.problem))
    FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        e.owner, e.id, e.leg, e.booked_at,
        CASE
            WHEN e.leg < 0 THEN 'has a number below 0'
            WHEN p.id IS NULL THEN format('is there without leg %s', e.leg - 1)
            WHEN p.request <> e.request THEN format('answers request %s, the leg before it %s', e.request, p.request)
        END AS problem
    FROM entry AS e
    LEFT JOIN entry AS p ON p.owner = e.owner AND p.id = e.id AND p.leg = e.leg - 1
    WHERE e.leg <> 0
) AS c;

-- name: system_entries
-- What expires names the grant, not which of its legs: the legs that could be meant come with it. Money behind an import
-- and what it releases come with the import and the number of the backing. Payments of a hold, and their returns, have
-- numbers from 1 on: how many there are comes with each.
SELECT
    e.owner, e.id, e.route, e.cause,
    CASE WHEN e.route = 3 THEN (
        SELECT array_agg(g.leg) FROM entry AS g WHERE g.owner = e.owner AND g.id = e.cause AND g.credit_kind = 2
    ) END AS grants,
    b.import, b.number,
    CASE WHEN e.route IN (26, 27) THEN count(*) OVER (PARTITION BY e.owner, e.cause, e.route) END AS payments
FROM entry AS e
LEFT JOIN backing AS b ON b.entry = CASE e.route WHEN 31 THEN e.id ELSE e.cause END AND e.route IN (31, 32)
WHERE e.route IN (3, 7, 8, 9, 10, 14, 15, 23, 24, 25, 26, 27) OR b.import IS NOT NULL;

-- name: wrong_combos
-- A step that both wallets paid for is two rows, the second with count 0.
WITH step AS (
    SELECT
        e.owner, e.id, e.leg, e.upto, e.item, e.booked_at,
        sum(e.count) OVER legs AS pieces_so_far,
        sum(e.count) OVER one AS pieces,
        sum(e.debit_amount) OVER one AS coins,
        first_value(e.item) OVER legs AS first_item,
        first_value(e.upto) OVER legs AS first_upto,
        sum(e.debit_amount) OVER (PARTITION BY e.owner, e.id ORDER BY e.upto) AS coins_so_far
    FROM entry AS e
    WHERE e.upto IS NOT NULL
    WINDOW
        legs AS (PARTITION BY e.owner, e.id ORDER BY e.leg),
        one AS (PARTITION BY e.owner, e.id, e.upto)
)

SELECT
    count(*), count(c.problem),
    min(format('%s|combo %s of <%s>, leg %s: %s', c.booked_at, left(c.id::text, 8), c.owner, c.leg, c.problem))
    FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        s.*,
        CASE
            WHEN s.upto <> s.pieces_so_far THEN format('stands at %s, its steps come to %s', s.upto, s.pieces_so_far)
            WHEN s.item <> s.first_item THEN format('is version %s, it began as %s', s.item, s.first_item)
            WHEN s.coins * s.upto <> s.coins_so_far * s.pieces
                THEN format('%s coins for %s, another price than the steps before it', s.coins, s.pieces)
        END AS problem
    FROM step AS s
) AS c;

-- name: wrong_gifts
WITH rate AS (
    SELECT
        p.id, p.name, p.scope, p.amount, p.during,
        i.id IS NOT NULL AS imported
    FROM policy AS p
    LEFT JOIN import AS i ON i.policy = p.id AND p.scope = 'import:' || i.id
)

SELECT
    count(*), count(c.problem),
    min(format('%s %s|gift %s/%s %s', c.booked_at, lpad(c.position::text, 9, '0'), left(c.id::text, 8), c.leg, c.problem))
    FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        e.id, e.leg, e.booked_at, e.position,
        CASE
            WHEN p.id IS NULL THEN format('names policy %s, which is not there', e.policy)
            WHEN v.id IS NULL THEN format('is of gift version %s, which is not there', e.item)
            WHEN p.name <> 'diamonds_per_coin' THEN format('names policy %s, which is %s', e.policy, p.name)
            WHEN e.route = 13 AND NOT p.imported THEN format('names policy %s, which is of no import', e.policy)
            WHEN e.route <> 13 AND p.scope <> '' THEN format('names policy %s, which is of %s', e.policy, p.scope)
            WHEN e.route <> 13 AND NOT p.during @> e.at
                THEN format('of %s names policy %s, in force during %s', e.at, e.policy, p.during)
            WHEN e.credit_amount <> e.debit_amount * p.amount THEN format(
                'made %s thousandths of a diamond, expected %s × %s', e.credit_amount, e.debit_amount, p.amount
            )
        END AS problem
    FROM entry AS e
    LEFT JOIN rate AS p ON p.id = e.policy
    LEFT JOIN gift_version AS v ON v.id = e.item
    WHERE e.route IN (11, 12, 13)
) AS c;

-- name: wrong_purchases
SELECT
    count(*), count(c.problem),
    min(format('%s|purchase %s of <%s> %s', c.booked_at, left(c.id::text, 8), c.owner, c.problem))
    FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        e.id, e.owner, e.booked_at,
        CASE
            WHEN e.route = 2 AND coalesce(o.route, 0) <> 1 THEN 'brought a bonus and no coins'
            WHEN e.route = 2 AND coalesce(e.cause <> e.id, TRUE) THEN format('brought a bonus that names %s', e.cause)
            WHEN e.route = 2 AND (e.expires_at IS NULL OR e.expires_at <= e.at)
                THEN format('brought a bonus that expires %s', coalesce(e.expires_at::text, 'never'))
            WHEN
                e.route = 2 AND coalesce(e.item <> o.item, TRUE)
                THEN format('brought a bonus of pack %s, not %s', e.item, o.item)
            WHEN e.route = 2 THEN NULL
            WHEN p.id IS NULL THEN format('names pack %s, which is not there', e.item)
            WHEN coalesce((e.credit_amount, e.debit_amount, e.currency) <> (p.coins, p.price, p.currency), TRUE)
                THEN
                    format(
                        'is %s coins for %s %s, pack %s is %s for %s %s',
                        e.credit_amount, e.debit_amount, e.currency, p.code, p.coins, p.price, p.currency
                    )
            WHEN (CASE o.route WHEN 2 THEN o.credit_amount ELSE 0 END) <> p.bonus
                THEN
                    format(
                        'brought %s bonus coins, pack %s has %s',
                        CASE o.route WHEN 2 THEN o.credit_amount ELSE 0 END, p.code, p.bonus
                    )
            WHEN NOT p.during @> e.at THEN format('of %s is of pack %s, on sale during %s', e.at, p.code, p.during)
        END AS problem
    FROM entry AS e
    LEFT JOIN pack AS p ON p.id = e.item
    LEFT JOIN entry AS o ON o.owner = e.owner AND o.id = e.id AND o.leg = e.leg + CASE e.route WHEN 1 THEN 1 ELSE -1 END
    WHERE e.route IN (1, 2)
) AS c;

-- name: wrong_imported
SELECT
    count(*), count(c.problem),
    min(format('%s|entry %s/%s of <%s> %s', c.booked_at, left(c.id::text, 8), c.leg, c.owner, c.problem))
    FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        e.owner, e.id, e.leg, e.booked_at,
        CASE
            WHEN e.route = 13 AND coalesce(o.route, 0) <> 4 THEN 'is an imported gift that no import paid for'
            WHEN e.route = 4 AND coalesce(o.route, 0) <> 13 THEN 'brought in coins without a gift'
            WHEN o.debit_amount <> e.debit_amount THEN format('moved %s coins, its other leg %s', e.debit_amount, o.debit_amount)
            WHEN e.route = 4 AND e.debit_amount <> e.credit_amount
                THEN format('brought in %s coins out of %s', e.credit_amount, e.debit_amount)
        END AS problem
    FROM entry AS e
    LEFT JOIN entry AS o ON o.owner = e.owner AND o.id = e.id AND o.leg = e.leg + CASE e.route WHEN 4 THEN 1 ELSE -1 END
    WHERE e.route IN (4, 13)
) AS c;

-- name: imported_coins_left
SELECT
    count(*), count(*) FILTER (WHERE a.credits <> a.debits),
    min(format('|<%s> still has %s imported coins', a.user_id, a.credits - a.debits)) FILTER (WHERE a.credits <> a.debits)
FROM account AS a
WHERE a.kind = 3;

-- name: wrong_import_releases
SELECT
    count(*), count(c.problem),
    min(format('%s|release %s of <%s> %s', c.booked_at, left(c.id::text, 8), c.owner, c.problem))
    FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        e.owner, e.id, e.booked_at,
        CASE
            WHEN b.entry IS NULL THEN format('names %s, which backs no import', left(e.cause::text, 8))
            WHEN m.id IS NULL THEN format('names %s, for which no money was booked', left(e.cause::text, 8))
            WHEN b.posted_by = i.opened_by THEN format('rests on money posted by who opened import %s: %s', i.id, i.opened_by)
            WHEN e.debit_amount <> e.credit_amount THEN format('made %s out of %s', e.credit_amount, e.debit_amount)
        END AS problem
    FROM entry AS e
    LEFT JOIN backing AS b ON b.entry = e.cause
    LEFT JOIN import AS i ON i.id = b.import
    LEFT JOIN entry AS m ON m.owner = 0 AND m.id = b.entry AND m.leg = 0 AND m.route = 31
    WHERE e.route = 32
) AS c;

-- name: purchases_and_charges
SELECT
    coalesce(e.owner, c.owner) AS owner, coalesce(e.id, c.purchase) AS purchase,
    e.cause, e.debit_amount, e.currency, c.reference, c.processor, c.amount, c.currency AS charged_in
FROM (SELECT * FROM entry WHERE route = 1) AS e
FULL JOIN charge AS c ON c.owner = e.owner AND c.purchase = e.id
ORDER BY owner, purchase;

-- name: words
SELECT m.id, m.leg, m.salt, m.body, e.message
FROM message AS m
LEFT JOIN entry AS e ON e.owner = m.owner AND e.id = m.id AND e.leg = m.leg;

-- name: lost_places
SELECT
    count(*), count(*) FILTER (WHERE p.id IS NULL),
    min(
        format(
            '%s %s|gift %s/%s names place %s, which <%s> does not have',
            e.booked_at, lpad(e.position::text, 9, '0'), left(e.id::text, 8), e.leg, e.place, e.credit_user
        )
    ) FILTER (WHERE p.id IS NULL)
FROM entry AS e
LEFT JOIN place AS p ON p.creator = e.credit_user AND p.id = e.place
WHERE e.route IN (11, 12, 13);

-- name: lost_users
SELECT
    count(*), count(*) FILTER (WHERE u.id IS NULL),
    min(format('|%s names <%s>, who is not there', n.what, n.user_id)) FILTER (WHERE u.id IS NULL)
FROM (
    SELECT 'account of kind ' || a.kind AS what, a.user_id FROM account AS a
    UNION ALL
    SELECT 'place ' || p.id, p.creator FROM place AS p
    UNION ALL
    SELECT 'person ' || p.external_id, p.user_id FROM person AS p
) AS n
LEFT JOIN users AS u ON u.id = n.user_id;

-- name: wrong_earnings
-- What is undone counts in the hour of the gift: leg by leg, as a reversal has them.
WITH told AS (
    SELECT t.creator, t.hour, sum(t.earned) AS earned, sum(t.undone) AS undone, sum(t.unbacked) AS unbacked
    FROM (
        SELECT
            e.credit_user AS creator, date_trunc('hour', e.booked_at, 'UTC') AS hour,
            sum(e.credit_amount) FILTER (WHERE e.route <> 13) AS earned,
            0 AS undone,
            sum(e.credit_amount) FILTER (WHERE e.route = 13) AS unbacked
        FROM entry AS e
        WHERE e.route IN (11, 12, 13, 32)
        GROUP BY e.credit_user, date_trunc('hour', e.booked_at, 'UTC')
        UNION ALL
        SELECT g.credit_user, date_trunc('hour', g.booked_at, 'UTC'), 0, r.debit_amount, 0
        FROM entry AS r
        INNER JOIN entry AS g ON g.owner = r.owner AND g.id = r.cause AND g.leg = r.leg AND g.route IN (11, 12)
        WHERE r.route IN (14, 15)
    ) AS t
    GROUP BY t.creator, t.hour
),

both_sides AS (
    SELECT
        creator, hour, coalesce(e.undone BETWEEN 0 AND e.earned, TRUE) AS sound,
        format('earned %s, undone %s, unbacked %s', e.earned, e.undone, e.unbacked) AS there,
        format(
            'earned %s, undone %s, unbacked %s', coalesce(t.earned, 0), coalesce(t.undone, 0), coalesce(t.unbacked, 0)
        ) AS expected
    FROM earning AS e
    FULL JOIN told AS t USING (creator, hour)
)

SELECT
    count(*), count(*) FILTER (WHERE b.there <> b.expected OR NOT b.sound),
    min(format('%s|the hour %s of <%s> says %s, expected %s', b.hour, b.hour, b.creator, b.there, b.expected))
    FILTER (WHERE b.there <> b.expected OR NOT b.sound)
FROM both_sides AS b;

-- name: wrong_maturity
-- A debt is the balance of its account below zero, so both accounts' balances add up to diamonds less owed.
SELECT
    count(*), count(*) FILTER (WHERE c.has <> c.earned - c.taken),
    min(
        format(
            '|<%s> has %s thousandths of a diamond beyond debts, expected %s earned less %s taken out',
            c.user_id, c.has, c.earned, c.taken
        )
    ) FILTER (WHERE c.has <> c.earned - c.taken)
FROM (
    SELECT p.user_id, sum(p.has) AS has, sum(p.earned) AS earned, sum(p.taken) AS taken
    FROM (
        SELECT a.user_id, a.credits - a.debits AS has, 0::bigint AS earned, 0::bigint AS taken
        FROM account AS a
        WHERE a.kind IN (11, 13)
        UNION ALL
        SELECT e.creator, 0, e.earned - e.undone, 0 FROM earning AS e
        UNION ALL
        SELECT e.owner, 0, 0, CASE e.route WHEN 22 THEN e.credit_amount ELSE -e.debit_amount END
        FROM entry AS e
        WHERE e.route IN (22, 23)
    ) AS p
    GROUP BY p.user_id
) AS c;

-- name: wrong_releases
SELECT
    count(*), count(*) FILTER (WHERE h.debit_amount IS DISTINCT FROM r.credit_amount),
    min(
        format(
            '%s|release %s of <%s> gave back %s, its hold %s took %s', r.booked_at, left(r.id::text, 8), r.owner,
            r.credit_amount, left(r.cause::text, 8), coalesce(h.debit_amount::text, 'nothing')
        )
    ) FILTER (WHERE h.debit_amount IS DISTINCT FROM r.credit_amount)
FROM entry AS r
LEFT JOIN entry AS h ON h.owner = r.owner AND h.id = r.cause AND h.route = 22
WHERE r.route = 23;

-- name: wrong_settlements
-- As in economy/policy.py: whole minor units for the fewest thousandths that buy them, and a fee that rounds half up.
SELECT
    count(*), count(c.problem),
    min(format('%s|settlement %s of <%s> %s', c.booked_at, left(c.id::text, 8), c.owner, c.problem))
    FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        s.owner, s.id, s.booked_at,
        CASE
            WHEN h.id IS NULL THEN format('pays for hold %s, which is not there', left(s.cause::text, 8))
            WHEN r.id IS NOT NULL THEN format('pays for hold %s, which was given back', left(s.cause::text, 8))
            WHEN h.debit_amount <> s.debit_amount
                THEN format('took %s thousandths of a diamond, its hold %s', s.debit_amount, h.debit_amount)
            WHEN p.id IS NULL THEN 'paid nothing'
            WHEN coalesce((m.name, m.scope) <> ('money_per_diamond', s.currency), TRUE)
                THEN format('names policy %s, which is no price of diamonds in %s', s.policy, s.currency)
            WHEN lower(m.during) > h.at
                THEN format('of a hold of %s names policy %s, in force during %s', h.at, s.policy, m.during)
            WHEN
                (s.credit_amount, s.debit_amount)
                <> (
                    div(s.debit_amount::numeric * m.amount, 1000000000),
                    ceil(s.credit_amount::numeric * 1000000000 / m.amount)
                )
                THEN format(
                    'is %s minor units for %s thousandths of a diamond, which policy %s does not come to',
                    s.credit_amount, s.debit_amount, s.policy
                )
            WHEN coalesce((q.name, split_part(q.scope, ':', 2)) <> ('fee', s.currency), TRUE)
                THEN format('names policy %s, which is no fee in %s', p.policy, s.currency)
            WHEN f.policy <> p.policy THEN format('kept a fee of policy %s, not %s', f.policy, p.policy)
            WHEN coalesce(f.debit_amount, 0) <> div(s.credit_amount::numeric * q.share + 500000, 1000000) + q.amount
                THEN
                    format(
                        'kept a fee of %s, expected %s', coalesce(f.debit_amount, 0),
                        div(s.credit_amount::numeric * q.share + 500000, 1000000) + q.amount
                    )
            WHEN p.debit_amount <> s.credit_amount - coalesce(f.debit_amount, 0)
                THEN format('paid %s, expected %s', p.debit_amount, s.credit_amount - coalesce(f.debit_amount, 0))
            WHEN s.cause <> p.cause OR s.cause <> f.cause THEN 'has legs of another hold'
        END AS problem
    FROM entry AS s
    LEFT JOIN entry AS h ON h.owner = s.owner AND h.id = s.cause AND h.route = 22
    LEFT JOIN entry AS r ON r.owner = s.owner AND r.cause = s.cause AND r.route = 23
    LEFT JOIN entry AS f ON f.owner = s.owner AND f.id = s.id AND f.route = 25
    LEFT JOIN entry AS p ON p.owner = s.owner AND p.id = s.id AND p.route = 26
    LEFT JOIN policy AS m ON m.id = s.policy
    LEFT JOIN policy AS q ON q.id = p.policy
    WHERE s.route = 24
) AS c;

-- name: wrong_payments
-- A payment moves whole: of a hold that was settled either nothing is owed, because a payment is out, or one payment is.
SELECT
    count(*), count(c.problem),
    min(format('%s|hold %s of <%s> %s', c.booked_at, left(c.cause::text, 8), c.owner, c.problem))
    FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        b.owner, b.cause, b.booked_at,
        CASE
            WHEN b.settlements <> 1 THEN format('was settled %s times', b.settlements)
            WHEN b.currencies <> 1 THEN format('was paid in %s currencies', b.currencies)
            WHEN b.least <> b.most THEN format('was paid %s and %s: payments move whole', b.least, b.most)
            WHEN b.owed < 0 THEN format('paid out %s more than was settled', -b.owed)
            WHEN b.owed > b.most THEN format('got %s back more than was paid out', b.owed - b.most)
        END AS problem
    FROM (
        SELECT
            e.owner, e.cause,
            min(e.booked_at) AS booked_at,
            count(*) FILTER (WHERE e.route = 24) AS settlements,
            count(DISTINCT e.currency) AS currencies,
            min(e.debit_amount) FILTER (WHERE e.route IN (26, 27)) AS least,
            max(e.debit_amount) FILTER (WHERE e.route IN (26, 27)) AS most,
            sum(CASE WHEN e.route IN (24, 27) THEN e.credit_amount ELSE -e.debit_amount END) AS owed
        FROM entry AS e
        WHERE e.route IN (24, 25, 26, 27)
        GROUP BY e.owner, e.cause
    ) AS b
) AS c;

-- name: unfounded_claws
-- No route takes coins back for a dispute yet, so nothing can have written one.
SELECT
    count(*), count(*),
    min(format('|dispute %s of <%s> took coins of gift %s', left(c.dispute::text, 8), c.owner, left(c.gift::text, 8)))
FROM claw AS c;

-- name: wrong_refunds
-- What is paid back for coins is their share of the price: as in ledger/refunding.py, so that parts add up to it.
SELECT
    count(*), count(c.problem),
    min(format('%s|entry %s/%s of <%s> %s', c.booked_at, left(c.id::text, 8), c.leg, c.owner, c.problem))
    FILTER (WHERE c.problem IS NOT NULL)
FROM (
    SELECT
        e.owner, e.id, e.leg, e.booked_at,
        CASE
            WHEN e.route >= 7 AND f.id IS NULL THEN format('ends freeze %s, which is not there', left(e.cause::text, 8))
            WHEN p.id IS NULL THEN format('is about purchase %s, which is not there', left(coalesce(f.cause, e.cause)::text, 8))
            WHEN t.id IS NOT NULL THEN format('gave back freeze %s, which was thawed', left(f.id::text, 8))
            WHEN e.debit_amount <> f.debit_amount
                THEN format('moved %s coins, freeze %s took %s', e.debit_amount, left(f.id::text, 8), f.debit_amount)
            WHEN e.route = 9 AND (e.credit_amount, e.currency) IS DISTINCT FROM (h.price, p.currency)
                THEN format('paid back %s %s, expected %s %s', e.credit_amount, e.currency, h.price, p.currency)
            WHEN e.route <> 9 AND e.debit_amount <> e.credit_amount
                THEN format('made %s coins out of %s', e.credit_amount, e.debit_amount)
        END AS problem
    FROM entry AS e
    LEFT JOIN entry AS f
        ON
            f.owner = e.owner AND f.id = e.cause AND e.route >= 7
            AND f.route = CASE WHEN e.route IN (7, 9) THEN 5 ELSE 6 END
    LEFT JOIN entry AS p ON p.owner = e.owner AND p.id = coalesce(f.cause, e.cause) AND p.route = 1
    LEFT JOIN entry AS t ON t.owner = e.owner AND t.cause = e.cause AND e.route IN (9, 10) AND t.route = e.route - 2
    LEFT JOIN LATERAL (
        SELECT
            sum(
                div(p.debit_amount::numeric * (o.k + o.hi - o.lo), p.credit_amount)
                - div(p.debit_amount::numeric * o.k, p.credit_amount)
            ) AS price
        FROM hole AS o
        WHERE o.owner = e.owner AND o.entry = e.cause AND o.axis = 1
    ) AS h ON e.route = 9
    WHERE e.route BETWEEN 5 AND 10
) AS c;

-- name: exceptional_owners
SELECT h.owner FROM hole AS h
UNION
SELECT o.owner FROM origin AS o
UNION
SELECT e.owner FROM entry AS e WHERE e.route IN (3, 5, 6, 7, 8, 14, 15)
ORDER BY owner;

-- name: count_coin_owners
SELECT count(DISTINCT a.user_id) FROM account AS a WHERE a.kind IN (1, 2, 3) AND a.seq > 0;

-- name: holes_of
SELECT owner, entry, axis, lo, hi, purchase, k, axis_end FROM hole WHERE owner = %(owner)s ORDER BY axis, lo;

-- name: origins_of
SELECT owner, entry, axis, lo, hi, purchase, k FROM origin WHERE owner = %(owner)s ORDER BY axis, lo;

-- name: coin_moves
-- What moved the coins of one owner, account by account. Coins' entries are all their holder's own: those that made him
-- a creator of many gifts are not looked at.
SELECT
    m.axis, m.came, m.id, m.leg, m.route, m.cause, m.start, m.coins, m.at, m.expires_at
FROM (
    SELECT
        e.credit_kind AS axis, TRUE AS came, e.id, e.leg, e.route, e.cause, e.credit_start AS start,
        e.credit_amount AS coins, e.at, e.expires_at, e.credit_seq AS seq
    FROM entry AS e
    WHERE e.owner = %(owner)s AND e.credit_user = %(owner)s AND e.credit_kind <= 3
    UNION ALL
    SELECT
        e.debit_kind, FALSE, e.id, e.leg, e.route, e.cause, e.debit_start, e.debit_amount, e.at, NULL, e.debit_seq
    FROM entry AS e
    WHERE e.owner = %(owner)s AND e.debit_user = %(owner)s AND e.debit_kind <= 3
) AS m
ORDER BY m.axis, m.seq;

-- name: list_tips
SELECT id, number, entries, hash FROM writer ORDER BY id;

-- name: list_batches
SELECT writer, number, count, entries, booked_at, salt, root, previous, hash FROM batch ORDER BY writer, number;

-- name: list_entries
-- The rows that name each batch, by their positions, every row as a record: a driver that converts each value of it takes
-- three times as long. A gift between two users that has nothing else about it comes without what it has not.
SELECT
    e.writer, e.batch,
    array_agg(
        CASE
            WHEN
                num_nulls(
                    e.place, e.item, e.policy, e.debit_user, e.debit_start, e.debit_balance, e.debit_seq, e.credit_user,
                    e.credit_start, e.credit_balance, e.credit_seq
                ) = 0
                AND num_nonnulls(e.upto, e.currency, e.cause, e.expires_at, e.message) = 0
                THEN record_send(
                    row(
                        e.owner, e.id, e.leg, e.route, e.debit_kind, e.credit_kind, e.count, e.debit_amount,
                        e.credit_amount, e.at, e.booked_at, e.request, e.writer, e.position, e.batch, e.place, e.item,
                        e.policy, e.debit_user, e.debit_start, e.debit_balance, e.debit_seq, e.credit_user,
                        e.credit_start, e.credit_balance, e.credit_seq
                    )
                )
            ELSE record_send(
                row(
                    e.owner, e.id, e.leg, e.route, e.debit_kind, e.credit_kind, e.count, e.debit_amount,
                    e.credit_amount, e.at, e.booked_at, e.request, e.writer, e.position, e.batch, e.place, e.item,
                    e.policy, e.upto, e.currency, e.cause, e.expires_at, e.message, e.debit_user, e.debit_start,
                    e.debit_balance, e.debit_seq, e.credit_user, e.credit_start, e.credit_balance, e.credit_seq
                )
            )
        END
        ORDER BY e.position
    ) AS records
FROM entry AS e
GROUP BY e.writer, e.batch
ORDER BY e.writer, e.batch;

-- name: list_heads
SELECT number, signed_at, entries, spans::text AS spans, root, facts, previous, hash, public_key, signature
FROM head ORDER BY number;

-- name: batch_hashes
SELECT b.hash FROM batch AS b
WHERE b.writer = %(writer)s AND b.number BETWEEN %(low)s AND %(high)s
ORDER BY b.number;

-- name: entries_upto
SELECT b.entries FROM batch AS b WHERE b.writer = %(writer)s AND b.number = %(number)s;
