"""The public keys that the platform signs its users' tokens with: several at once, so that one can follow another.

To change keys: register the new one, sign with it, and retire the old one an hour later, when its last token has
expired. Keys are registered here by hand or by the API and never fetched: this server makes no outgoing call to learn
whom it may trust. Connections are in autocommit; a function that writes opens its own transaction.
"""

from datetime import datetime
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from riviere import ids
from riviere.access import jwk
from riviere.access.operators import SQL
from riviere.database.connection import Connection
from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.money import shown


class TokenKeyExists(RiviereError):
    """There is a token key {kid} already; give this one another kid."""

    code = "token_key_exists"


class TokenKeyKnown(RiviereError):
    """This public key is registered as {kid} already, and a retired key never comes back; make a new one."""

    code = "token_key_known"


class NoTokenKey(RiviereError):
    """There is no token key {kid}; correct the kid."""

    code = "no_token_key"


class TokenKeyOver(RiviereError):
    """The token key {kid} was retired at {at} and stays so; register a new one."""

    code = "token_key_over"


class RetiresInPast(RiviereError):
    """A token key is retired now or later: {at} is past."""

    code = "retires_in_past"


class TokenKey(msgspec.Struct, frozen=True):
    """A key that user tokens may be signed with. `issuer`, where there is one, is what they must say in `iss`.

    `jwk` has the public members only.
    """

    kid: str
    algorithm: str
    jwk: dict[str, str]
    issuer: str | None
    added_at: datetime
    added_by: str
    retires_at: datetime | None
    retired_by: str | None

    def retired(self, now: datetime) -> bool:
        """Whether no token that it signed is taken any more."""
        return self.retires_at is not None and self.retires_at <= now


def register(
    connection: Connection,
    given: object,
    *,
    kid: str | None = None,
    issuer: str | None = None,
    by: str,
    now: datetime,
) -> TokenKey:
    """Takes tokens signed with a key from now on; `given` is its public half as a JWK, an object or JSON.

    Its name is `kid`, else the JWK's own, else the key's RFC 7638 thumbprint. Raises BadTokenKey, SecretTokenKey,
    BadText, TokenKeyExists or TokenKeyKnown.
    """
    public = jwk.read(given)
    name = checks.text(kid or public.kid or public.thumbprint, "A token key's kid", checks.LONGEST_ID)
    if issuer is not None:
        checks.text(issuer, "A token key's issuer", checks.LONGEST_ID)
    checks.text(by, "Who registers a token key", checks.LONGEST_ID)
    key = TokenKey(name, public.algorithm, public.jwk, issuer, now, by, None, None)
    row = msgspec.structs.asdict(key) | {"jwk": Jsonb(public.jwk), "thumbprint": public.thumbprint}
    if connection.execute(SQL["add_token_key"], row).fetchone() is None:
        same = connection.execute(SQL["read_kid_of_thumbprint"], {"thumbprint": public.thumbprint}).fetchone()
        if same is not None:
            raise TokenKeyKnown(kid=shown(same[0]))
        raise TokenKeyExists(kid=shown(name))
    return key


def retire(connection: Connection, kid: str, *, at: datetime | None = None, by: str, now: datetime) -> TokenKey:
    """Takes no token of a key any more from `at` on, or from now; until then that can be changed.

    Raises NoTokenKey, RetiresInPast or TokenKeyOver.
    """
    checks.text(by, "Who retires a token key", checks.LONGEST_ID)
    when = now if at is None else at
    if when < now:
        raise RetiresInPast(at=when.isoformat())
    there = find(connection, kid)
    if there is None:
        raise NoTokenKey(kid=shown(kid))
    with connection.cursor(row_factory=class_row(TokenKey)) as cursor:
        changed = cursor.execute(SQL["retire_token_key"], {"kid": kid, "at": when, "by": by, "now": now}).fetchone()
    if changed is None:
        raise TokenKeyOver(kid=shown(kid), at=there.retires_at)
    return changed


def find(connection: Connection, kid: str) -> TokenKey | None:
    """The key of a kid, retired or not, if there is one."""
    if not checks.is_text(kid, checks.LONGEST_ID):
        return None
    with connection.cursor(row_factory=class_row(TokenKey)) as cursor:
        return cursor.execute(SQL["read_token_key"], {"kid": kid}).fetchone()


def listed(
    connection: Connection, after: tuple[datetime, str] | None = None, most: int | None = None
) -> list[TokenKey]:
    """Every key ever registered, in order, or up to `most` of those behind the one added and named `after`."""
    added_at, kid = after or (None, None)
    with connection.cursor(row_factory=class_row(TokenKey)) as cursor:
        return cursor.execute(SQL["list_token_keys"], {"added_at": added_at, "kid": kid, "most": most}).fetchall()


def new_pair(kid: str | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """A new Ed25519 key as private and as public JWK, named `kid` or by its thumbprint.

    The private one is for whoever signs the platform's tokens; this server never needs it.
    """
    pair = OKPKey.import_key(Ed25519PrivateKey.from_private_bytes(ids.salt(32)))
    named = {"kid": kid or pair.thumbprint(), "alg": "EdDSA", "use": "sig"}
    return {**pair.as_dict(private=True), **named}, {**pair.as_dict(private=False), **named}
