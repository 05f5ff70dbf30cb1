-- The statements of API keys, operators and the keys that user tokens are signed with.

-- name: add_operator
INSERT INTO operator (name, role, created_at, disabled_at)
VALUES (%(name)s, %(role)s, %(created_at)s, %(disabled_at)s)
ON CONFLICT (name) DO NOTHING
RETURNING name;

-- name: change_operator
UPDATE operator SET role = %(role)s, disabled_at = %(disabled_at)s WHERE name = %(name)s;

-- name: add_operator_change
-- The operator's row is locked: nobody else takes the same number.
INSERT INTO operator_change (operator, number, role, disabled, at, by)
SELECT %(name)s, coalesce(max(c.number), 0) + 1, %(role)s, %(disabled)s, %(at)s, %(by)s
FROM operator_change AS c
WHERE c.operator = %(name)s;

-- name: read_operator
SELECT name, role, created_at, disabled_at FROM operator WHERE name = %(name)s;

-- name: lock_operator
SELECT name, role, created_at, disabled_at FROM operator WHERE name = %(name)s FOR UPDATE;

-- name: list_operators
SELECT name, role, created_at, disabled_at
FROM operator
WHERE %(after)s::text IS NULL OR name > %(after)s
ORDER BY name
LIMIT %(most)s;

-- name: list_operator_changes
SELECT operator, number, role, disabled, at, by FROM operator_change WHERE operator = %(name)s ORDER BY number;

-- name: add_key
INSERT INTO api_key (id, name, digest, scopes, operator, created_at, created_by, expires_at)
VALUES (
    %(id)s, %(name)s, %(digest)s, %(scopes)s, %(operator)s, %(created_at)s, %(created_by)s, %(expires_at)s
);

-- name: read_key
SELECT
    k.id, k.name, k.scopes, k.operator, k.created_at, k.created_by, k.expires_at, k.revoked_at, k.revoked_by,
    o.role, o.disabled_at, k.digest
FROM api_key AS k
LEFT JOIN operator AS o ON o.name = k.operator
WHERE k.id = %(id)s;

-- name: list_keys
SELECT
    k.id, k.name, k.scopes, k.operator, k.created_at, k.created_by, k.expires_at, k.revoked_at, k.revoked_by,
    o.role, o.disabled_at
FROM api_key AS k
LEFT JOIN operator AS o ON o.name = k.operator
WHERE %(id)s::bigint IS NULL OR (k.created_at, k.id) > (%(created_at)s::timestamptz, %(id)s::bigint)
ORDER BY k.created_at, k.id
LIMIT %(most)s;

-- name: revoke_key
UPDATE api_key SET revoked_at = %(at)s, revoked_by = %(by)s WHERE id = %(id)s AND revoked_at IS NULL;

-- name: add_token_key
INSERT INTO token_key (kid, algorithm, jwk, thumbprint, issuer, added_at, added_by)
VALUES (%(kid)s, %(algorithm)s, %(jwk)s, %(thumbprint)s, %(issuer)s, %(added_at)s, %(added_by)s)
ON CONFLICT DO NOTHING
RETURNING kid;

-- name: read_token_key
SELECT kid, algorithm, jwk, issuer, added_at, added_by, retires_at, retired_by FROM token_key WHERE kid = %(kid)s;

-- name: read_kid_of_thumbprint
SELECT kid FROM token_key WHERE thumbprint = %(thumbprint)s;

-- name: list_token_keys
SELECT kid, algorithm, jwk, issuer, added_at, added_by, retires_at, retired_by
FROM token_key
WHERE %(kid)s::text IS NULL OR (added_at, kid) > (%(added_at)s::timestamptz, %(kid)s)
ORDER BY added_at, kid
LIMIT %(most)s;

-- name: retire_token_key
UPDATE token_key SET retires_at = %(at)s, retired_by = %(by)s
WHERE kid = %(kid)s AND (retires_at IS NULL OR retires_at > %(now)s)
RETURNING kid, algorithm, jwk, issuer, added_at, added_by, retires_at, retired_by;

-- name: add_sign_in_link
INSERT INTO sign_in_link (digest, operator, user_id, made_at, made_by, expires_at)
VALUES (%(digest)s, %(operator)s, %(user)s, %(now)s, %(by)s, %(expires_at)s);

-- name: read_sign_in_link
SELECT operator, user_id, expires_at, used_at FROM sign_in_link WHERE digest = %(digest)s;

-- name: use_sign_in_link
UPDATE sign_in_link SET used_at = %(now)s
WHERE digest = %(digest)s AND used_at IS NULL AND expires_at > %(now)s
RETURNING operator, user_id;

-- name: withdraw_sign_in_links
DELETE FROM sign_in_link
WHERE used_at IS NULL AND operator IS NOT DISTINCT FROM %(operator)s AND user_id IS NOT DISTINCT FROM %(user)s;

-- name: add_session
INSERT INTO session (digest, operator, user_id, begun_at, expires_at)
VALUES (%(digest)s, %(operator)s, %(user)s, %(now)s, %(expires_at)s);

-- name: read_session
SELECT s.operator, s.user_id, s.expires_at, s.ended_at, o.role, o.disabled_at, p.external_id
FROM session AS s
LEFT JOIN operator AS o ON o.name = s.operator
LEFT JOIN person AS p ON p.user_id = s.user_id
WHERE s.digest = %(digest)s;

-- name: end_session
UPDATE session SET ended_at = %(now)s WHERE digest = %(digest)s AND ended_at IS NULL;

-- name: forget_sessions
-- Those of operators stay: an auditor may ask who was here.
WITH links AS (
    DELETE FROM sign_in_link WHERE expires_at < %(before)s AND operator IS NULL
)

DELETE FROM session WHERE expires_at < %(before)s AND operator IS NULL;
