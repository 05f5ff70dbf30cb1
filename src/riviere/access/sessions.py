"""Signing in to the pages: a link that works once begins a session, and a session's secret is a browser's cookie.

Nobody has a password here. Whoever may make a link says who somebody is: the person at the server's terminal for the
first operator, an admin for others, the platform's own back end for its users. Secrets are 256 random bits and kept
only as digests. Connections are in autocommit; a function that writes opens its own transaction.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import Final, NamedTuple

from riviere import ids
from riviere.access import operators, scopes
from riviere.access.gate import FELT_WITHIN, MOST_KEPT, Principal
from riviere.access.operators import SQL
from riviere.access.recent import Recent
from riviere.database.connection import Connection
from riviere.economy import people
from riviere.errors import RiviereError

#: How long a link works, and how long a session lasts: of who runs the platform, and of everybody else.
LINK_LASTS: Final = timedelta(days=1)
OPERATOR_STAYS: Final = timedelta(hours=12)
USER_STAYS: Final = timedelta(days=14)

#: How long the rows of users' links and sessions are kept after their end.
_KEPT: Final = timedelta(days=1)

_BYTES: Final = 32
#: Hexadecimal characters of a secret.
_LENGTH: Final = 2 * _BYTES


class UnknownLink(RiviereError):
    """This sign-in link is not known here; open it whole, as it was printed, or ask for a new one."""

    code = "unknown_link"


class UsedLink(RiviereError):
    """This sign-in link was used before, and works once only; ask for a new one."""

    code = "used_link"


class ExpiredLink(RiviereError):
    """This sign-in link was good until {at}; ask for a new one."""

    code = "expired_link"


class Someone(NamedTuple):
    """Whom a link or a session is for: an operator by name, or else a user by their id."""

    operator: str | None
    user: int | None


class Visitor(NamedTuple):
    """Somebody who is signed in: who they are, their user id where they are a user, and what their forms must say."""

    principal: Principal
    user: int | None
    form_token: str


def link_for_operator(connection: Connection, name: str, *, by: str, now: datetime) -> str:
    """The secret of a new link that signs an operator in; earlier ones that nobody used stop working.

    Raises UnknownOperator or OperatorDisabled.
    """
    return _link(connection, Someone(operators.working(operators.find(connection, name)).name, None), by, now)


def link_for_user(connection: Connection, external_id: str, *, by: str, now: datetime) -> str:
    """The secret of a new link that signs a user in; earlier ones that nobody used stop working. Raises UnknownUser."""
    return _link(connection, Someone(None, people.find(connection, external_id).id), by, now)


def look(connection: Connection, secret: str, now: datetime) -> str:
    """Whom a link would sign in, by name; it still works after that.

    Raises UnknownLink, UsedLink, ExpiredLink or OperatorDisabled; UnknownUser for a user who was forgotten since.
    """
    someone = Someone(*_usable(connection, secret, now))
    return _principal(connection, someone).name


def begin(connection: Connection, secret: str, now: datetime) -> tuple[Someone, str, timedelta]:
    """Signs in by a link: whom, the secret of a new session, and how long it lasts. Raises what `look` raises."""
    with connection.transaction():
        used = connection.execute(SQL["use_sign_in_link"], {"digest": _digest(secret), "now": now}).fetchone()
        if used is None:
            _usable(connection, secret, now)
            raise UsedLink  # by somebody else, at this very moment
        someone = Someone(*used)
        return someone, *begin_as(connection, someone, now)


def begin_as(connection: Connection, someone: Someone, now: datetime) -> tuple[str, timedelta]:
    """A new session of somebody who is known to be them. Raises OperatorDisabled, or UnknownUser who was forgotten."""
    _principal(connection, someone)
    stays = USER_STAYS if someone.operator is None else OPERATOR_STAYS
    session = _secret()
    row = {"digest": _digest(session), "operator": someone.operator, "user": someone.user, "now": now}
    connection.execute(SQL["add_session"], row | {"expires_at": now + stays})
    return session, stays


def forget_old(connection: Connection, now: datetime) -> None:
    """Removes users' links and sessions that ended a while ago."""
    connection.execute(SQL["forget_sessions"], {"before": now - _KEPT})


class Sessions:
    """Who a browser's cookie belongs to. Any thread may ask."""

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]]) -> None:
        """`connect` lends a connection in autocommit: it is asked at most once in FELT_WITHIN for a visitor."""
        self._connect = connect
        self._visitors: Recent[bytes, Visitor] = Recent(MOST_KEPT)

    def remembered(self, secret: str, now: datetime) -> Visitor | None:
        """Who holds this secret, without asking the database; None where it must be asked."""
        return self._visitors.get(_digest(secret), now)

    def visitor(self, secret: str, now: datetime) -> Visitor | None:
        """Who holds this secret; None where nobody does any more."""
        if len(secret) != _LENGTH:
            return None
        digest = _digest(secret)
        found = self._visitors.get(digest, now)
        if found is None:
            with self._connect() as connection:
                row = connection.execute(SQL["read_session"], {"digest": digest}).fetchone()
            if row is None:
                return None
            operator, user, expires_at, ended_at, role, disabled_at, external_id = row
            if ended_at is not None or expires_at <= now or disabled_at is not None:
                return None
            if operator is not None:
                principal = Principal("operator", operator, scopes.of_role(role), None)
            elif external_id is not None:
                principal = Principal("user", external_id, scopes.USER_SCOPES, None)
            else:
                return None
            found = Visitor(principal, user, form_token(secret))
            self._visitors.keep(digest, found, now, min(expires_at, now + FELT_WITHIN))
        return found

    def end(self, secret: str, now: datetime) -> None:
        """Signs out: at once here, within FELT_WITHIN on other servers."""
        digest = _digest(secret)
        with self._connect() as connection:
            connection.execute(SQL["end_session"], {"digest": digest, "now": now})
        self._visitors.forget(digest)


def form_token(secret: str) -> str:
    """What the forms of a session say, so that no other site's form can: it cannot be guessed without the secret."""
    return sha256(b"form:" + secret.encode()).hexdigest()[:32]


def same(said: str, token: str) -> bool:
    """Whether a form said the right token."""
    return compare_digest(said.encode(), token.encode())


def _link(connection: Connection, someone: Someone, by: str, now: datetime) -> str:
    secret = _secret()
    row = {"operator": someone.operator, "user": someone.user}
    with connection.transaction():
        connection.execute(SQL["withdraw_sign_in_links"], row)
        asked = row | {"digest": _digest(secret), "now": now, "by": by, "expires_at": now + LINK_LASTS}
        connection.execute(SQL["add_sign_in_link"], asked)
    return secret


def _usable(connection: Connection, secret: str, now: datetime) -> Someone:
    row = connection.execute(SQL["read_sign_in_link"], {"digest": _digest(secret)}).fetchone()
    if row is None:
        raise UnknownLink
    operator, user, expires_at, used_at = row
    if used_at is not None:
        raise UsedLink
    if expires_at <= now:
        raise ExpiredLink(at=expires_at.isoformat())
    return Someone(operator, user)


def _principal(connection: Connection, someone: Someone) -> Principal:
    if someone.operator is not None:
        operator = operators.working(operators.find(connection, someone.operator))
        return Principal("operator", operator.name, scopes.of_role(operator.role), None)
    assert someone.user is not None, "a link is for an operator or a user"
    name = people.names(connection, [someone.user])[someone.user]
    return Principal("user", people.find(connection, name).external_id, scopes.USER_SCOPES, None)


def _secret() -> str:
    return ids.salt(_BYTES).hex()


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
