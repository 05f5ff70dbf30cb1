"""Imports: one row an import, known by its format and its first record; and the money that a second person posts.

Nothing of an import can be redeemed: its diamonds lie in an account from which no route leads on but the release below,
and that happens only against money which somebody other than who ran the import has posted.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from riviere import ids, money
from riviere.connectors.model import Recording
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import policies, policy
from riviere.errors import RiviereError
from riviere.ledger.evidence import Signer, sign_head
from riviere.ledger.model import PLATFORM, Back, Order, Unbind
from riviere.ledger.writer import Writes

SQL = load("riviere.connectors")


class Import(msgspec.Struct, frozen=True):
    """One import. `rate` is thousandths of a diamond a coin, from the policy row `policy`."""

    id: int
    format: str
    source: str
    policy: int
    rate: int
    opened_at: datetime
    opened_by: str


class Backing(msgspec.Struct, frozen=True):
    """Money posted behind an import: the `number`-th time, for what it had brought by `posted_at`."""

    number: int
    entry: UUID
    posted_at: datetime
    posted_by: str


class Backed(msgspec.Struct, frozen=True):
    """What one posting released: minor units of the currency, thousandths of a diamond, and to how many creators."""

    amount: int
    currency: str
    diamonds: int
    creators: int


class UnknownImport(RiviereError):
    """There is no import {number}; `riviere admin imports` lists them."""

    code = "unknown_import"


class SameOperator(RiviereError):
    """{operator} ran this import; the money behind it has to be posted by somebody else."""

    code = "same_operator"


class NothingToBack(RiviereError):
    """There is already money behind all that import {number} brought."""

    code = "nothing_to_back"


def identity(recording: Recording) -> UUID:
    """The same for a file that grew, moved or was renamed."""
    return ids.request_digest(recording.format, recording.first_record.hex())


def open_import(
    connection: Connection, signer: Signer, recording: Recording, rate: int | None, by: str, now: datetime
) -> Import:
    """The import this recording belongs to, begun at `rate` (1 diamond a coin if None) where it is new.

    An import that exists keeps its rate, whatever is asked for now.
    """
    key = {"format": recording.format, "first_record": identity(recording)}
    with connection.transaction():
        connection.execute(SQL["lock_imports"])
        with connection.cursor(row_factory=class_row(Import)) as cursor:
            known = cursor.execute(SQL["read_import"], key).fetchone()
        if known is not None:
            return known
        row = connection.execute(SQL["next_import"]).fetchone()
        assert row is not None
        number = row[0]
        figure = policies.announce(
            connection,
            signer,
            "diamonds_per_coin",
            f"import:{number}",
            rate or 1_000,
            starts_at=now,
            by=by,
            now=now,
        )
        made = Import(number, recording.format, recording.source, figure.id, figure.amount, now, by)
        connection.execute(SQL["add_import"], msgspec.structs.asdict(made) | key)
        sign_head(connection, signer, now)
        return made


def listed(connection: Connection) -> list[Import]:
    """Every import, in order."""
    with connection.cursor(row_factory=class_row(Import)) as cursor:
        return cursor.execute(SQL["list_imports"]).fetchall()


def posted(connection: Connection, numbers: Iterable[int]) -> dict[int, list[Backing]]:
    """What was posted behind each of these imports, in order."""
    return {number: _backings(connection, number) for number in numbers}


def quote(connection: Connection, number: int, currency: str, by: str, now: datetime) -> Backed:
    """What `back` would post and release; nothing is written.

    Raises UnknownImport, SameOperator, NothingToBack, UnknownCurrency, NoPolicy.
    """
    money.scale(currency)
    made, backings = _backable(connection, number, by)
    at = backings.pop().posted_at if _unfinished(connection, made, backings) else now
    waiting = _waiting(connection, made, backings, at)
    if not waiting:
        raise NothingToBack(number=number)
    return Backed(_worth(connection, waiting, currency, at), currency, sum(waiting.values()), len(waiting))


def back(
    connection: Connection, writer: Writes, signer: Signer, number: int, currency: str, by: str, now: datetime
) -> Backed:
    """Posts the money behind all that import `number` has brought, and releases its diamonds to their creators.

    The amount is what those diamonds are worth at the rate in force, rounded up. Stopped halfway, the same call goes on
    where it stopped. Raises what `quote` raises, and then nothing was written.
    """
    quote(connection, number, currency, by, now)
    made, backings = _backable(connection, number, by)
    if not _unfinished(connection, made, backings):
        backings.append(_new_backing(connection, signer, made, backings, by, now))
    last = backings.pop()
    return _release(connection, writer, made, last, _waiting(connection, made, backings, last.posted_at), currency)


def _backable(connection: Connection, number: int, by: str) -> tuple[Import, list[Backing]]:
    """The import and what was posted behind it before. Raises UnknownImport or SameOperator."""
    made = next((row for row in listed(connection) if row.id == number), None)
    if made is None:
        raise UnknownImport(number=number)
    if made.opened_by == by:
        raise SameOperator(operator=by)
    return made, _backings(connection, number)


def _backings(connection: Connection, number: int) -> list[Backing]:
    return [Backing(*row) for row in connection.execute(SQL["list_backings"], {"import": number})]


def _unfinished(connection: Connection, made: Import, backings: list[Backing]) -> bool:
    """Whether the last posting was stopped before all of its diamonds were released."""
    return bool(backings) and bool(_waiting(connection, made, backings, backings[-1].posted_at))


def _worth(connection: Connection, waiting: dict[int, int], currency: str, at: datetime) -> int:
    """Minor units behind these diamonds, at the rate of an instant. Raises NoPolicy."""
    rate = policies.in_force(connection, "money_per_diamond", currency, at).amount
    return policy.worth(sum(waiting.values()), rate)


def _new_backing(
    connection: Connection, signer: Signer, made: Import, backings: list[Backing], by: str, now: datetime
) -> Backing:
    number = len(backings) + 1
    backing = Backing(number, ids.system_id("back", made.id, number), now, by)
    with connection.transaction():
        connection.execute(SQL["add_backing"], msgspec.structs.asdict(backing) | {"import": made.id})
        sign_head(connection, signer, now)
    return backing


def _waiting(connection: Connection, made: Import, earlier: list[Backing], upto: datetime) -> dict[int, int]:
    """Thousandths of a diamond by creator that no earlier backing released."""
    parameters = {"policy": made.policy, "upto": upto, "earlier": [backing.entry for backing in earlier]}
    return dict(connection.execute(SQL["sum_unbacked"], parameters).fetchall())


def _release(
    connection: Connection, writer: Writes, made: Import, backing: Backing, waiting: dict[int, int], currency: str
) -> Backed:
    """Books the money and the releases. Their ids and amounts follow from the backing alone: doing it again is safe."""
    at = backing.posted_at
    amount = _worth(connection, waiting, currency, at)
    posted = Back(PLATFORM, backing.entry, ids.request_digest("back", amount, currency), at, amount, currency)
    releases: list[Order] = [
        Unbind(
            creator,
            ids.system_id("unbind", made.id, backing.number, creator),
            ids.request_digest("unbind", creator, part),
            at,
            part,
            backing.entry,
        )
        for creator, part in sorted(waiting.items())
    ]
    for answer in [*writer.write([posted]), *writer.write(releases)]:
        if isinstance(answer, RiviereError):
            raise answer
    return Backed(amount, currency, sum(waiting.values()), len(releases))
