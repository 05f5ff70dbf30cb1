"""The gate: an Authorization header in, who is asking and what they may do out."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

import msgspec

from riviere.access import errors, keys, token_keys, tokens
from riviere.access.keys import Held
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
        self._keys: Recent[int, Held] = Recent(MOST_KEPT)
        self._token_keys: Recent[str, TokenKey] = Recent(MOST_KEPT)
        self._tokens: Recent[bytes, Verified] = Recent(MOST_KEPT)

    def principal(self, authorization: str | None, now: datetime) -> Principal:
        """Who sent this Authorization header. Raises one of riviere.access.errors.UNAUTHORIZED."""
        text = _bearer(authorization)
        if text.startswith(keys.PREFIX + "_"):
            return self._holder_of_key(text, now)
        return self._user_of_token(text, now)

    def _holder_of_key(self, text: str, now: datetime) -> Principal:
        number = keys.number_in(text)
        held = self._keys.get(number, now)
        if held is None:
            with self._connect() as connection:
                held = keys.find(connection, number)
            # What is not there is not remembered: a new key opens at once, and guesses take no room.
            if held is None:
                raise errors.BadCredentials
            self._keys.keep(number, held, now, now + FELT_WITHIN)
        key = keys.check(held, text, now)
        if key.operator is not None:
            return Principal("operator", key.operator, key.allowed, key.id)
        return Principal("backend", key.name, key.allowed, key.id)

    def _user_of_token(self, text: str, now: datetime) -> Principal:
        name = sha256(text.encode()).digest()
        verified = self._tokens.get(name, now)
        if verified is None:
            verified = tokens.verify(text, lambda kid: self._token_key(kid, now), now)
            self._tokens.keep(name, verified, now, verified.expires_at)
        else:
            key = self._token_key(verified.kid, now)
            if key is None or key.retired(now):
                raise errors.RetiredTokenKey
        return Principal("user", verified.user, verified.scopes, None)

    def _token_key(self, kid: str, now: datetime) -> TokenKey | None:
        key = self._token_keys.get(kid, now)
        if key is None:
            with self._connect() as connection:
                key = token_keys.find(connection, kid)
            if key is not None:
                self._token_keys.keep(kid, key, now, now + FELT_WITHIN)
        return key


def _bearer(authorization: str | None) -> str:
    """The credentials of RFC 6750's scheme. Raises MissingCredentials or BadCredentials."""
    if authorization is None or not authorization.strip():
        raise errors.MissingCredentials
    scheme, _, rest = authorization.strip().partition(" ")
    text = rest.strip()
    if scheme.lower() != "bearer" or not text or not text.isascii() or len(text) > LONGEST_HEADER:
        raise errors.BadCredentials
    return text
