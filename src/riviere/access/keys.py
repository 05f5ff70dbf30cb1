"""API keys: how a back end or an operator says who they are. Shown once, kept only as a digest.

A key reads `rvk_` and 13 characters that find its row, then `_` and 52 that are the secret: 256 random bits. So many
bits need no slow hash. Connections are in autocommit; a function that writes opens its own transaction.
"""

import hmac
import re
from base64 import b32encode
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from riviere import ids
from riviere.access import errors, operators, scopes
from riviere.access.operators import SQL
from riviere.access.scopes import Scope
from riviere.database.connection import Connection
from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.money import shown

#: What every key begins with: scanners of leaked secrets can look for it.
PREFIX: Final = "rvk"
#: Characters of a key's text that are its id, as people see it.
SHOWN: Final = 17

_SECRET_BYTES: Final = 32
_KEY = re.compile(rf"({PREFIX}_[0-9a-z]{{13}})_[a-z2-7]{{52}}", re.ASCII)


class UnknownKey(RiviereError):
    """There is no API key {key}; its id is the first 17 characters of the key, rvk_ and 13 more."""

    code = "unknown_key"


class NoScope(RiviereError):
    """A key without a scope opens nothing; name one or more of {known}."""

    code = "no_scope"


class BeyondRole(RiviereError):
    """The operator {operator} is {role} and may not have {scope}; leave it out, or change the role."""

    code = "beyond_role"


class ExpiryPast(RiviereError):
    """A key expires after it is made: {at} is past."""

    code = "expiry_past"


class Key(msgspec.Struct, frozen=True):
    """What is known of a key. `role` and `disabled_at` are its operator's, where it has one."""

    id: int
    name: str
    scopes: frozenset[Scope]
    operator: str | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    role: str | None
    disabled_at: datetime | None

    @property
    def shown(self) -> str:
        """Its id as people see it: the beginning of the key."""
        return ids.shown(PREFIX, self.id)

    @property
    def allowed(self) -> frozenset[Scope]:
        """What it opens while it works: an operator's key what their role allows at present, and no more."""
        return self.scopes if self.role is None else self.scopes & scopes.of_role(self.role)

    def state(self, now: datetime) -> str:
        """Where it stands: works, revoked, expired, or disabled with its operator."""
        if self.revoked_at is not None:
            return "revoked"
        if self.disabled_at is not None:
            return "disabled"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "works"


class Held(msgspec.Struct, frozen=True):
    """A key with the digest that its text must have."""

    key: Key
    digest: bytes


def create(
    connection: Connection,
    name: str,
    wanted: Collection[str],
    *,
    operator: str | None = None,
    expires_at: datetime | None = None,
    giver: frozenset[Scope] = scopes.EVERY,
    by: str,
    now: datetime,
) -> tuple[Key, str]:
    """A new key with the scopes `wanted`, and its text, which nobody can show again.

    An operator's key needs no scopes named: it then has those of the role. Names may repeat: a back end that changes
    its key has two for a while. `giver` is what whoever makes it may do, the most that it can open. Raises BadText,
    NoScope, UnknownScope, ExpiryPast, UnknownOperator, OperatorDisabled, BeyondRole or BeyondGiver.
    """
    checks.text(name, "A key's name", checks.LONGEST_NAME)
    checks.text(by, "Who makes a key", checks.LONGEST_ID)
    if expires_at is not None and expires_at <= now:
        raise ExpiryPast(at=expires_at.isoformat())
    role = None
    if operator is not None:
        role = operators.working(operators.find(connection, operator)).role
    granted = scopes.given(_granted(wanted, operator, role), giver)
    number = ids.random_id()
    secret = b32encode(ids.salt(_SECRET_BYTES)).decode().rstrip("=").lower()
    text = f"{ids.shown(PREFIX, number)}_{secret}"
    key = Key(number, name, granted, operator, now, by, expires_at, None, None, role, None)
    row = msgspec.structs.asdict(key) | {"scopes": sorted(granted), "digest": _digest(text)}
    connection.execute(SQL["add_key"], row)
    return key, text


def listed(connection: Connection, after: tuple[datetime, int] | None = None, most: int | None = None) -> list[Key]:
    """Every key ever made, in order, or up to `most` of those behind the one made and numbered `after`."""
    created_at, number = after or (None, None)
    rows = connection.execute(SQL["list_keys"], {"created_at": created_at, "id": number, "most": most})
    return [_key(row) for row in rows]


def revoke(connection: Connection, number: int, by: str, now: datetime) -> Key:
    """Ends a key for good. A key that was revoked before stays as it was. Raises UnknownKey or BadText."""
    checks.text(by, "Who revokes a key", checks.LONGEST_ID)
    connection.execute(SQL["revoke_key"], {"id": number, "at": now, "by": by})
    held = find(connection, number)
    if held is None:
        raise UnknownKey(key=ids.shown(PREFIX, number))
    return held.key


def find(connection: Connection, number: int) -> Held | None:
    """The key of an id, if there is one."""
    row = connection.execute(SQL["read_key"], {"id": number}).fetchone()
    return None if row is None else Held(_key(row[:-1]), row[-1])


def number_of(shown_id: str) -> int:
    """The id that people see, `rvk_` and 13 characters, as a number. Raises UnknownKey for any other text."""
    try:
        return ids.read(PREFIX, shown_id)
    except ids.BadId:
        # What was sent in its place may be a whole key: it is not repeated.
        raise UnknownKey(key="of that id") from None


def number_in(text: str) -> int:
    """The id in a key's own text. Raises BadCredentials where it has not the form of a key."""
    found = _KEY.fullmatch(text)
    if found is None:
        raise errors.BadCredentials
    try:
        return ids.read(PREFIX, found[1])
    except ids.BadId:
        raise errors.BadCredentials from None


def check(held: Held, text: str, now: datetime) -> Key:
    """The key, if `text` is its text and it works.

    Raises BadCredentials; and only for who has the secret RevokedKey, ExpiredKey or KeyOfDisabledOperator.
    """
    if not hmac.compare_digest(held.digest, _digest(text)):
        raise errors.BadCredentials
    match held.key.state(now):
        case "revoked":
            raise errors.RevokedKey
        case "expired":
            raise errors.ExpiredKey
        case "disabled":
            raise errors.KeyOfDisabledOperator
    return held.key


def _granted(wanted: Collection[str], operator: str | None, role: str | None) -> frozenset[Scope]:
    granted = scopes.known(wanted)
    if operator is None or role is None:
        if not granted:
            raise NoScope(known=", ".join(scopes.SCOPES))
        return granted
    allowed = scopes.of_role(role)
    for scope in sorted(granted - allowed):
        raise BeyondRole(operator=shown(operator), role=role, scope=scope)
    return granted or allowed


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _key(row: tuple[Any, ...]) -> Key:
    values = list(row)
    values[2] = frozenset(values[2])
    return Key(*values)
