"""The gate: an Authorization header in, who is asking and what they may do out."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

import msgspec

from riviere.access import errors, keys, token_keys, tokens
from riviere.access.keys import Held, Key
from riviere.access.recent import Recent
from riviere.access.scopes import Scope
from riviere.access.token_keys import TokenKey
from riviere.access.tokens import Verified
from riviere.database.connection import Connection

#: How long a change in the database (a key revoked, an operator disabled) may take to be felt here.
FELT_WITHIN: Final = timedelta(seconds=5)
#: API keys, token keys and verified tokens that are remembered, each at the most.
MOST_KEPT: Final = 10_000
#: Characters of an Authorization header. A token of a 4,096-bit key with long claims takes about 2,000.
LONGEST_HEADER: Final = 8_192

#: What tells an API key from a token.
_KEY: Final = keys.PREFIX + "_"


class Principal(msgspec.Struct, frozen=True):
    """Who is asking.

    `name` is the API key's name, the operator's, or the user's external id; `key` the id of the API key, if it was one.
    """

    kind: Literal["backend", "operator", "user"]
    name: str
    scopes: frozenset[Scope]
    key: int | None


class Gate:
    """Lets in who holds an API key or a user token. Any thread may ask."""

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]]) -> None:
        """`connect` lends a connection in autocommit: it is asked at most once for a caller, often not at all."""
        self._connect = connect
        #: By the part of a key that people see.
        self._keys: Recent[str, tuple[Held, Principal]] = Recent(MOST_KEPT)
        self._token_keys: Recent[str, TokenKey] = Recent(MOST_KEPT)
        self._tokens: Recent[bytes, tuple[Verified, Principal]] = Recent(MOST_KEPT)

    def remembered(self, authorization: str | None, now: datetime) -> Principal | None:
        """Who sent this Authorization header, without asking the database; None where it must be asked.

        Raises what `principal` raises.
        """
        text = _bearer(authorization)
        if text.startswith(_KEY):
            known = self._keys.get(_shown(text), now)
            if known is None:
                return None
            keys.check(known[0], text, now)
            return known[1]
        token = self._tokens.get(_digest(text), now)
        if token is None:
            return None
        key = self._token_keys.get(token[0].kid, now)
        if key is None:
            return None
        if key.retired(now):
            raise errors.RetiredTokenKey
        return token[1]

    def principal(self, authorization: str | None, now: datetime) -> Principal:
        """Who sent this Authorization header. Raises one of riviere.access.errors.UNAUTHORIZED."""
        text = _bearer(authorization)
        if text.startswith(_KEY):
            return self._holder_of_key(text, now)
        return self._user_of_token(text, now)

    def _holder_of_key(self, text: str, now: datetime) -> Principal:
        known = self._keys.get(_shown(text), now)
        if known is None:
            number = keys.number_in(text)
            with self._connect() as connection:
                held = keys.find(connection, number)
            # What is not there is not remembered: a new key opens at once, and guesses take no room.
            if held is None:
                raise errors.BadCredentials
            known = held, _holder(held.key)
            self._keys.keep(_shown(text), known, now, now + FELT_WITHIN)
        keys.check(known[0], text, now)
        return known[1]

    def _user_of_token(self, text: str, now: datetime) -> Principal:
        name = _digest(text)
        known = self._tokens.get(name, now)
        if known is None:
            verified = tokens.verify(text, lambda kid: self._token_key(kid, now), now)
            known = verified, Principal("user", verified.user, verified.scopes, None)
            self._tokens.keep(name, known, now, verified.expires_at)
        else:
            key = self._token_key(known[0].kid, now)
            if key is None or key.retired(now):
                raise errors.RetiredTokenKey
        return known[1]

    def _token_key(self, kid: str, now: datetime) -> TokenKey | None:
        key = self._token_keys.get(kid, now)
        if key is None:
            with self._connect() as connection:
                key = token_keys.find(connection, kid)
            if key is not None:
                self._token_keys.keep(kid, key, now, now + FELT_WITHIN)
        return key


def _shown(text: str) -> str:
    """The part of a key's text that people see, which names it as well as its number does."""
    return text[: keys.SHOWN]


def _holder(key: Key) -> Principal:
    if key.operator is not None:
        return Principal("operator", key.operator, key.allowed, key.id)
    return Principal("backend", key.name, key.allowed, key.id)


def _digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _bearer(authorization: str | None) -> str:
    """The credentials of RFC 6750's scheme. Raises MissingCredentials or BadCredentials."""
    if authorization is None or not authorization.strip():
        raise errors.MissingCredentials
    scheme, _, rest = authorization.strip().partition(" ")
    text = rest.strip()
    if scheme.lower() != "bearer" or not text or not text.isascii() or len(text) > LONGEST_HEADER:
        raise errors.BadCredentials
    return text
