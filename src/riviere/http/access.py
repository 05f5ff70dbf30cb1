"""Credentials over HTTP: API keys, operators, the keys that sign users' tokens. Nobody gives more than they have."""

from datetime import datetime
from typing import Final, cast

import msgspec

from riviere.access import jwk, keys, operators, scopes, sessions, token_keys
from riviere.clock import BadTime
from riviere.economy import checks
from riviere.http import cursors
from riviere.http.cursors import Number
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.wire import access as wire
from riviere.wire.common import Page, Paged
from riviere.wire.users import SignInLink

_KEY: Final = wire.ApiKey(
    id="rvk_3f9k2m7q0x8wt",
    name="app",
    scopes=["gifts:write", "users:read"],
    operator=None,
    state="works",
    created_at=EXAMPLE_TIME,
    created_by="operator ada",
    expires_at=None,
    revoked_at=None,
    revoked_by=None,
)
_NEW: Final = wire.NewKey(**msgspec.structs.asdict(_KEY), secret=f"{_KEY.id}_{'a' * 52}")
_KIM: Final = wire.Operator(name="kim", role="finance", created_at=EXAMPLE_TIME, disabled_at=None)
#: The key of RFC 8037, appendix A.
_JWK: Final = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
_TOKEN_KEY: Final = wire.TokenKey(
    kid="2026-01",
    algorithm="EdDSA",
    jwk=_JWK,
    issuer=None,
    added_at=EXAMPLE_TIME,
    added_by="operator ada",
    retires_at=None,
    retired_by=None,
)


@operation(
    "POST",
    "/v1/keys",
    id="makeKey",
    tag="Access",
    scope="keys:write",
    status=201,
    raises=(
        BadTime,
        checks.BadText,
        keys.BeyondRole,
        keys.ExpiryPast,
        keys.NoScope,
        operators.OperatorDisabled,
        operators.UnknownOperator,
        scopes.BeyondGiver,
        scopes.UnknownScope,
    ),
    asked=wire.MakeKey(name="app", scopes=["gifts:write", "users:read"]),
    answer=_NEW,
)
def make_key(call: Call, body: wire.MakeKey) -> wire.NewKey:
    """Make an API key, for a back end or for an operator.

    `secret` is in this answer and never again: here is kept only its digest. A key opens no scope that whoever makes it
    has not. Where the answer got lost, make another one and revoke the one that the list shows.
    """
    expires_at = None if body.expires_at is None else call.instant(body.expires_at)
    with call.reading() as connection:
        key, text = keys.create(
            connection,
            body.name,
            body.scopes,
            operator=body.operator,
            expires_at=expires_at,
            giver=call.caller.scopes,
            by=call.actor,
            now=call.now,
        )
    return wire.NewKey(**msgspec.structs.asdict(_key(key, call.now)), secret=text)


@operation(
    "GET",
    "/v1/keys",
    id="listKeys",
    tag="Access",
    scope="keys:read",
    answer=Page(data=[_KEY]),
)
def list_keys(call: Call, query: Paged) -> Page[wire.ApiKey]:
    """List every API key ever made, oldest first, also those that work no more. No secret is here to be shown."""
    after = cursors.read(query.cursor, tuple[datetime, Number])
    with call.reading() as connection:
        rows = keys.listed(connection, after, query.limit + 1)
    return cursors.page(rows, query.limit, lambda row: _key(row, call.now), lambda row: (row.created_at, row.id))


@operation(
    "DELETE",
    "/v1/keys/{id}",
    id="revokeKey",
    tag="Access",
    scope="keys:write",
    raises=(keys.UnknownKey,),
    answer=msgspec.structs.replace(_KEY, state="revoked", revoked_at=EXAMPLE_TIME, revoked_by="operator ada"),
)
def revoke_key(call: Call) -> wire.ApiKey:
    """Revoke an API key, for good.

    It opens nothing any more within five seconds, on every server. A key that was revoked before stays as it was. The
    id is the beginning of the key, `rvk_` and 13 characters.
    """
    number = keys.number_of(call.path["id"])
    with call.reading() as connection:
        return _key(keys.revoke(connection, number, call.actor, call.now), call.now)


@operation(
    "POST",
    "/v1/operators",
    id="addOperator",
    tag="Access",
    scope="keys:write",
    status=201,
    raises=(checks.BadText, operators.OperatorExists, scopes.BeyondGiver),
    asked=wire.AddOperator(name="kim", role="finance"),
    answer=_KIM,
)
def add_operator(call: Call, body: wire.AddOperator) -> wire.Operator:
    """Add an operator: somebody who runs the platform.

    They can do nothing until a key is made for them. A role that may do more than whoever gives it is refused.
    """
    scopes.given(scopes.of_role(body.role), call.caller.scopes)
    with call.reading() as connection:
        return _operator(operators.create(connection, body.name, body.role, call.actor, call.now))


@operation(
    "GET",
    "/v1/operators",
    id="listOperators",
    tag="Access",
    scope="keys:read",
    answer=Page(data=[_KIM]),
)
def list_operators(call: Call, query: Paged) -> Page[wire.Operator]:
    """List every operator by name, the disabled ones too."""
    after = cursors.read(query.cursor, tuple[str])
    with call.reading() as connection:
        rows = operators.listed(connection, None if after is None else after[0], query.limit + 1)
    return cursors.page(rows, query.limit, _operator, lambda row: (row.name,))


@operation(
    "PATCH",
    "/v1/operators/{name}",
    id="changeOperator",
    tag="Access",
    scope="keys:write",
    raises=(operators.OperatorDisabled, operators.UnknownOperator, scopes.BeyondGiver),
    asked=wire.ChangeOperator(role="finance"),
    answer=_KIM,
)
def change_operator(call: Call, body: wire.ChangeOperator) -> wire.Operator:
    """Give an operator another role.

    Their keys open what it allows within five seconds, and never more than they were made for.
    """
    scopes.given(scopes.of_role(body.role), call.caller.scopes)
    with call.reading() as connection:
        return _operator(operators.set_role(connection, call.path["name"], body.role, call.actor, call.now))


@operation(
    "DELETE",
    "/v1/operators/{name}",
    id="disableOperator",
    tag="Access",
    scope="keys:write",
    raises=(operators.UnknownOperator,),
    answer=msgspec.structs.replace(_KIM, disabled_at=EXAMPLE_TIME),
)
def disable_operator(call: Call) -> wire.Operator:
    """Disable an operator, for good.

    Their keys open nothing any more within five seconds. What they decided stays, under their name.
    """
    with call.reading() as connection:
        return _operator(operators.disable(connection, call.path["name"], call.actor, call.now))


@operation(
    "POST",
    "/v1/operators/{name}/sign-in-links",
    id="makeOperatorLink",
    tag="Access",
    scope="keys:write",
    status=201,
    raises=(operators.OperatorDisabled, operators.UnknownOperator, scopes.BeyondGiver),
    answer=SignInLink(path="/claim/" + "3f" * 32, expires_at=EXAMPLE_TIME),
)
def make_operator_link(call: Call) -> SignInLink:
    """Make a link that signs an operator in to the pages, once: hand it to them, and to nobody else.

    Earlier links of theirs that nobody used stop working. Whoever makes one can be that operator, so this needs every
    scope of their role.
    """
    with call.reading() as connection:
        operator = operators.find(connection, call.path["name"])
        scopes.given(scopes.of_role(operator.role), call.caller.scopes)
        secret = sessions.link_for_operator(connection, operator.name, by=call.actor, now=call.now)
    return SignInLink(path=f"/claim/{secret}", expires_at=call.now + sessions.LINK_LASTS)


@operation(
    "GET",
    "/v1/operators/{name}/changes",
    id="listOperatorChanges",
    tag="Access",
    scope="keys:read",
    raises=(operators.UnknownOperator,),
    answer=Page(data=[wire.OperatorChange(number=1, role="finance", disabled=False, at=EXAMPLE_TIME, by="key app")]),
)
def list_operator_changes(call: Call) -> Page[wire.OperatorChange]:
    """List all that was ever decided about an operator, oldest first, and by whom. It is one page."""
    with call.reading() as connection:
        rows = operators.changes(connection, call.path["name"])
    return Page(data=[_change(row) for row in rows])


@operation(
    "POST",
    "/v1/token-keys",
    id="registerTokenKey",
    tag="Access",
    scope="keys:write",
    status=201,
    raises=(
        checks.BadText,
        jwk.BadTokenKey,
        jwk.SecretTokenKey,
        scopes.BeyondGiver,
        token_keys.TokenKeyExists,
        token_keys.TokenKeyKnown,
    ),
    asked=wire.RegisterTokenKey(jwk=_JWK, kid="2026-01"),
    answer=_TOKEN_KEY,
)
def register_token_key(call: Call, body: wire.RegisterTokenKey) -> wire.TokenKey:
    """Register the public half of a key that signs users' tokens; they are taken from now on.

    Whoever has the other half can be every user, so this needs every scope of a user's token besides. To change keys
    register the new one, sign with it, and retire the old one an hour later: its last token has expired by then.
    """
    scopes.given(scopes.USER_SCOPES, call.caller.scopes)
    with call.reading() as connection:
        added = token_keys.register(connection, body.jwk, kid=body.kid, issuer=body.issuer, by=call.actor, now=call.now)
    return _token_key(added)


@operation(
    "GET",
    "/v1/token-keys",
    id="listTokenKeys",
    tag="Access",
    scope="keys:read",
    answer=Page(data=[_TOKEN_KEY]),
)
def list_token_keys(call: Call, query: Paged) -> Page[wire.TokenKey]:
    """List every key that users' tokens were ever signed with, oldest first, the retired ones too."""
    after = cursors.read(query.cursor, tuple[datetime, str])
    with call.reading() as connection:
        rows = token_keys.listed(connection, after, query.limit + 1)
    return cursors.page(rows, query.limit, _token_key, lambda row: (row.added_at, row.kid))


@operation(
    "POST",
    "/v1/token-keys/{kid}/retire",
    id="retireTokenKey",
    tag="Access",
    scope="keys:write",
    raises=(BadTime, token_keys.NoTokenKey, token_keys.RetiresInPast, token_keys.TokenKeyOver),
    asked=wire.RetireTokenKey(at=EXAMPLE_TIME.replace(hour=21)),
    answer=msgspec.structs.replace(_TOKEN_KEY, retires_at=EXAMPLE_TIME.replace(hour=21), retired_by="operator ada"),
)
def retire_token_key(call: Call, body: wire.RetireTokenKey) -> wire.TokenKey:
    """Take no token of a key any more, from now or from some time on.

    Until then that can be changed; afterwards it is for good. It is felt within five seconds on every server.
    """
    at = None if body.at is None else call.instant(body.at)
    with call.reading() as connection:
        return _token_key(token_keys.retire(connection, call.path["kid"], at=at, by=call.actor, now=call.now))


def _key(key: keys.Key, now: datetime) -> wire.ApiKey:
    return wire.ApiKey(
        id=key.shown,
        name=key.name,
        scopes=sorted(key.allowed),
        operator=key.operator,
        state=cast("wire.KeyState", key.state(now)),
        created_at=key.created_at,
        created_by=key.created_by,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        revoked_by=key.revoked_by,
    )


def _operator(operator: operators.Operator) -> wire.Operator:
    return wire.Operator(
        name=operator.name,
        role=cast("wire.Role", operator.role),
        created_at=operator.created_at,
        disabled_at=operator.disabled_at,
    )


def _change(change: operators.Change) -> wire.OperatorChange:
    return wire.OperatorChange(
        number=change.number,
        role=cast("wire.Role", change.role),
        disabled=change.disabled,
        at=change.at,
        by=change.by,
    )


def _token_key(key: token_keys.TokenKey) -> wire.TokenKey:
    return wire.TokenKey(
        kid=key.kid,
        algorithm=cast("wire.Algorithm", key.algorithm),
        jwk=key.jwk,
        issuer=key.issuer,
        added_at=key.added_at,
        added_by=key.added_by,
        retires_at=key.retires_at,
        retired_by=key.retired_by,
    )
