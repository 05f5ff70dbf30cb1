"""People: a random id inside, the platform's own id outside, and the map between them, which can be erased.

Viewer and creator are the same kind of user. Connections are in autocommit; a function that writes opens its own
transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from riviere import outbox
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks
from riviere.economy.revision import changed
from riviere.errors import RiviereError
from riviere.ids import random_id, shown
from riviere.ledger.evidence import Signer
from riviere.ledger.merkle import microseconds

SQL = load("riviere.economy")

HIGHEST_LEVEL: Final = 1000


class UnknownUser(RiviereError):
    """There is no user {user!r}; register them first, or correct the id."""

    code = "unknown_user"


class UserExists(RiviereError):
    """There is a user {user!r} already; change their level or region instead."""

    code = "user_exists"


class User(msgspec.Struct, frozen=True, gc=False):
    """A person as the economy knows them. `region` is an ISO 3166 country code, or empty where it is not known."""

    id: int
    level: int
    region: str
    external_id: str


def user_seal(signer: Signer, user: int, created_at: datetime, level: int, region: str) -> bytes:
    """The seal of a row of `users`, over its fields in the order of its columns."""
    return signer.seal("users", user, microseconds(created_at), level, region)


def person_seal(signer: Signer, external_id: str, user: int) -> bytes:
    """The seal of a row of `person`, over its fields in the order of its columns."""
    return signer.seal("person", external_id, user)


def register(
    connection: Connection, signer: Signer, external_id: str, *, level: int = 0, region: str = "", now: datetime
) -> User:
    """A new user. Raises UserExists, BadText, BadNumber or BadRegion."""
    checks.text(external_id, "A user's id", checks.LONGEST_ID)
    _check_standing(level, region)
    added = _add(connection, signer, [external_id], level, region, now)
    if not added:
        raise UserExists(user=external_id)
    return User(added[external_id], level, region, external_id)


def ensure(connection: Connection, signer: Signer, external_ids: Iterable[str], now: datetime) -> dict[str, int]:
    """The user ids of these external ids; who is not known yet becomes a user of level 0. Raises BadText."""
    wanted = sorted({checks.text(name, "A user's id", checks.LONGEST_ID) for name in external_ids})
    users = _ids(connection, wanted)
    missing = [name for name in wanted if name not in users]
    if missing:
        _add(connection, signer, missing, 0, "", now)
        # Read again: some may have been added by another process at the same time.
        users |= _ids(connection, missing)
    return users


def find(connection: Connection, external_id: str) -> User:
    """The user of an external id. Raises UnknownUser."""
    found = known(connection, [external_id])
    if external_id not in found:
        raise UnknownUser(user=external_id)
    return found[external_id]


def known(connection: Connection, external_ids: Iterable[str]) -> dict[str, User]:
    """Those of the external ids that are users', by external id."""
    wanted = sorted({name for name in external_ids if checks.is_text(name, checks.LONGEST_ID)})
    rows = connection.execute(SQL["know_people"], {"external_ids": wanted}, binary=True)
    return {row[3]: User(*row) for row in rows}


def names(connection: Connection, users: Sequence[int]) -> dict[int, str]:
    """How to show users: by external id, or by the short form of ours where that was erased."""
    rows = connection.execute(SQL["read_people_of"], {"users": list(users)})
    return {user: shown("u", user) for user in users} | dict(rows.fetchall())


def set_standing(
    connection: Connection,
    signer: Signer,
    external_id: str,
    *,
    level: int | None = None,
    region: str | None = None,
    now: datetime,
) -> User:
    """Changes a user's level, region or both; tells "user.level". Raises UnknownUser, BadNumber or BadRegion."""
    user = find(connection, external_id).id
    with connection.transaction():
        row = connection.execute(SQL["lock_user"], {"id": user}).fetchone()
        assert row is not None, "users are never removed"
        _, created_at, old_level, old_region = row
        level = old_level if level is None else level
        region = old_region if region is None else region
        _check_standing(level, region)
        seal = user_seal(signer, user, created_at, level, region)
        connection.execute(SQL["set_standing"], {"id": user, "level": level, "region": region, "seal": seal})
        if level != old_level:
            told = {"user": external_id, "level": level, "before": old_level}
            outbox.put(connection, "user.level", f"user/{external_id}", told, now)
        changed(connection, "people")
    return User(user, level, region, external_id)


def forget(connection: Connection, external_id: str) -> None:
    """Erases who a user is. Their rows stay and name nobody. Raises UnknownUser."""
    with connection.transaction():
        found = find(connection, external_id)
        connection.execute(SQL["erase_person"], {"external_id": found.external_id})
        changed(connection, "people")


def _check_standing(level: int, region: str) -> None:
    checks.whole(level, "A level", 0, HIGHEST_LEVEL)
    if region != "":
        checks.region(region)


def _ids(connection: Connection, external_ids: Sequence[str]) -> dict[str, int]:
    return dict(connection.execute(SQL["read_people"], {"external_ids": external_ids}).fetchall())


def _add(
    connection: Connection, signer: Signer, names: Sequence[str], level: int, region: str, now: datetime
) -> dict[str, int]:
    """Adds who is not there yet (`names` in order) and answers them: others may be adding the same ones."""
    ids = [random_id() for _ in names]
    seals = [person_seal(signer, name, user) for name, user in zip(names, ids, strict=True)]
    with connection.transaction():
        people = {"external_ids": names, "users": ids, "seals": seals}
        added: dict[str, int] = dict(connection.execute(SQL["add_people"], people).fetchall())
        users = list(added.values())
        seals = [user_seal(signer, user, now, level, region) for user in users]
        row = {"created_at": now, "level": level, "region": region}
        connection.execute(SQL["add_users"], row | {"ids": users, "seals": seals})
    return added
