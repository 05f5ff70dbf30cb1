"""`riviere admin key`, `operator` and `token-key`: who may use the API, and whose tokens it takes."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter

from riviere import clock
from riviere.access import keys, operators, token_keys
from riviere.access.keys import Key
from riviere.access.operators import Operator
from riviere.access.token_keys import TokenKey
from riviere.cli.common import NOTHING_SAID, Common, err, table
from riviere.cli.common import operator as acting
from riviere.cli.inputs import At, MaybeWhole, NotWritten, read_file
from riviere.cli.showing import iso, when
from riviere.economy import checks
from riviere.errors import BadInput

key = App(name="key", help="API keys: how a back end or an operator says who they are.")
operator = App(name="operator", help="Operators: the people who run the platform, each with one role.")
token_key = App(name="token-key", help="The public keys that the platform signs its users' tokens with.")

Role = Literal["admin", "finance", "trust", "auditor"]

#: A key that lasts longer need not expire: a hundred years in days.
_MOST_DAYS = 36_500


@key.command(name="add")
def add_key(
    name: str,
    *,
    scope: Annotated[
        tuple[str, ...], Parameter(consume_multiple=True, negative=(), help="What it opens: gifts:write users:read …")
    ] = (),
    operator_name: Annotated[
        str | None, Parameter(name="--operator", help="Whose it is; without --scope it opens all that the role does.")
    ] = None,
    expires: Annotated[MaybeWhole, Parameter(help="Days until it stops working; never if not given.")] = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Make an API key; its text is shown this once and cannot be shown again."""
    now = clock.now()
    lasts = None if expires is None else timedelta(days=checks.whole(expires, "--expires", 1, _MOST_DAYS))
    with common.riviere() as riviere:
        made, text = keys.create(
            riviere.connection,
            name,
            scope,
            operator=operator_name,
            expires_at=None if lasts is None else now + lasts,
            by=acting(),
            now=now,
        )
    if not common.json:
        ends = f"expires at {when(made.expires_at)} UTC" if made.expires_at else "does not expire"
        err.print(f"{made.shown} {made.name} {ends}; keep the key, it is not shown again")
    common.answer({"key": text} | _key(made), text)


@key.command(name="list")
def list_keys(*, common: Common = NOTHING_SAID) -> None:
    """List every API key, without its secret."""
    with common.riviere() as riviere:
        rows = keys.listed(riviere.connection)
    columns = ("id", "name", "operator", "state", "made at (UTC)", "by", "expires (UTC)", "scopes")
    lines = [
        (
            row.shown,
            row.name,
            row.operator or "",
            row.state(clock.now()),
            when(row.created_at),
            row.created_by,
            when(row.expires_at),
            " ".join(sorted(row.allowed)),
        )
        for row in rows
    ]
    shown = table(columns, lines) if rows else "no keys yet: riviere admin key add NAME --scope gifts:write"
    common.answer({"keys": [_key(row) for row in rows]}, shown)


@key.command(name="revoke")
def revoke_key(id: str, *, common: Common = NOTHING_SAID) -> None:  # noqa: A002 - the word people read
    """End an API key for good; servers that run feel it within five seconds."""
    number = keys.number_of(id)
    with common.riviere() as riviere:
        ended = keys.revoke(riviere.connection, number, acting(), clock.now())
    common.answer(_key(ended), f"{ended.shown} {ended.name} was revoked at {when(ended.revoked_at)} UTC")


@operator.command(name="add")
def add_operator(name: str, *, role: Role, common: Common = NOTHING_SAID) -> None:
    """Add somebody who runs the platform."""
    with common.riviere() as riviere:
        added = operators.create(riviere.connection, name, role, acting(), clock.now())
    common.answer(_operator(added), f"{name} added: {role}", f"next: riviere admin key add KEY_NAME --operator {name}")


@operator.command(name="set")
def set_operator(name: str, *, role: Role, common: Common = NOTHING_SAID) -> None:
    """Give an operator another role; their keys never open more than they were made for."""
    with common.riviere() as riviere:
        changed = operators.set_role(riviere.connection, name, role, acting(), clock.now())
    common.answer(_operator(changed), f"{name} changed: {role}")


@operator.command(name="list")
def list_operators(*, common: Common = NOTHING_SAID) -> None:
    """List every operator."""
    with common.riviere() as riviere:
        rows = operators.listed(riviere.connection)
    columns = ("operator", "role", "added at (UTC)", "disabled at (UTC)")
    lines = [(row.name, row.role, when(row.created_at), when(row.disabled_at)) for row in rows]
    shown = table(columns, lines) if rows else "no operators yet: riviere admin operator add NAME --role admin"
    common.answer({"operators": [_operator(row) for row in rows]}, shown)


@operator.command(name="history")
def operator_history(name: str, *, common: Common = NOTHING_SAID) -> None:
    """List all that was ever decided about an operator."""
    with common.riviere() as riviere:
        rows = operators.changes(riviere.connection, name)
    columns = ("at (UTC)", "role", "state", "by")
    lines = [(when(row.at), row.role, "disabled" if row.disabled else "works", row.by) for row in rows]
    answer = [{"at": iso(row.at), "role": row.role, "disabled": row.disabled, "by": row.by} for row in rows]
    common.answer({"operator": name, "changes": answer}, table(columns, lines))


@operator.command(name="disable")
def disable_operator(name: str, *, common: Common = NOTHING_SAID) -> None:
    """End an operator's work for good; their keys open nothing within five seconds."""
    with common.riviere() as riviere:
        ended = operators.disable(riviere.connection, name, acting(), clock.now())
    common.answer(_operator(ended), f"{name} was disabled at {when(ended.disabled_at)} UTC")


@token_key.command(name="add")
def add_token_key(
    *,
    kid: Annotated[str | None, Parameter(help="What tokens call it; its thumbprint if not given.")] = None,
    issuer: Annotated[str | None, Parameter(help="What `iss` of its tokens must be; anything if not given.")] = None,
    file: Annotated[Path | None, Parameter(help="The public key as JWK; a new Ed25519 pair if not given.")] = None,
    out: Annotated[Path | None, Parameter(help="Where a new private key goes; standard output if not given.")] = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Take user tokens that are signed with a key; without --file a new one, whose private half is yours to keep."""
    if file is not None and out is not None:
        raise BadInput(detail="--out is for the private half of a new key, and --file brings a key of your own")
    private, public = (None, read_file(file)) if file is not None else token_keys.new_pair(kid)
    with common.riviere() as riviere, riviere.connection.transaction():
        added = token_keys.register(riviere.connection, public, kid=kid, issuer=issuer, by=acting(), now=clock.now())
        if out is not None:  # before the commit: a key whose private half is lost would sign nothing
            _write_secret(out, msgspec.json.encode(private) + b"\n")
    answer = _token_key(added)
    told = f"{added.kid} registered for {added.algorithm}"
    if private is None:
        common.answer(answer, told)
    elif out is not None:
        common.answer(answer, f"{told}; the private key is in {out}")
    else:
        if not common.json:
            err.print(f"{told}; keep the private key, it is not shown again")
        common.answer(answer | {"private": private}, msgspec.json.encode(private).decode())


@token_key.command(name="list")
def list_token_keys(*, common: Common = NOTHING_SAID) -> None:
    """List every key that user tokens are or were signed with."""
    with common.riviere() as riviere:
        rows = token_keys.listed(riviere.connection)
    columns = ("kid", "algorithm", "added at (UTC)", "by", "retires (UTC)", "issuer")
    lines = [
        (row.kid, row.algorithm, when(row.added_at), row.added_by, when(row.retires_at), row.issuer or "")
        for row in rows
    ]
    shown = table(columns, lines) if rows else "no token keys yet: riviere admin token-key add --out private.jwk.json"
    common.answer({"token_keys": [_token_key(row) for row in rows]}, shown)


@token_key.command(name="retire")
def retire_token_key(kid: str, *, at: At = None, common: Common = NOTHING_SAID) -> None:
    """Take no token of a key any more, from now on or from a time to come."""
    with common.riviere() as riviere:
        ended = token_keys.retire(riviere.connection, kid, at=at, by=acting(), now=clock.now())
    common.answer(_token_key(ended), f"{ended.kid} is retired from {when(ended.retires_at)} UTC on")


def _write_secret(path: Path, text: bytes) -> None:
    """A new file that nobody else may read; what is there is left alone. Raises NotWritten."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text)
    except OSError as error:
        raise NotWritten(path=path, reason=error.strerror) from error


def _key(row: Key) -> dict[str, Any]:
    return {
        "id": row.shown,
        "name": row.name,
        "scopes": sorted(row.allowed),
        "operator": row.operator,
        "state": row.state(clock.now()),
        "created_at": iso(row.created_at),
        "created_by": row.created_by,
        "expires_at": iso(row.expires_at),
        "revoked_at": iso(row.revoked_at),
        "revoked_by": row.revoked_by,
    }


def _operator(row: Operator) -> dict[str, Any]:
    return {
        "operator": row.name,
        "role": row.role,
        "created_at": iso(row.created_at),
        "disabled_at": iso(row.disabled_at),
    }


def _token_key(row: TokenKey) -> dict[str, Any]:
    return {
        "kid": row.kid,
        "algorithm": row.algorithm,
        "jwk": row.jwk,
        "issuer": row.issuer,
        "added_at": iso(row.added_at),
        "added_by": row.added_by,
        "retires_at": iso(row.retires_at),
        "retired_by": row.retired_by,
    }
