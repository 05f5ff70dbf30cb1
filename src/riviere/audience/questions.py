"""A question box: viewers ask in a stream and add their voice, creators answer.

Whether others see a question is decided as for words beside a gift (`trust/words.py`), under the same id: there it is
approved, hidden and reported. Connections are in autocommit; a function that writes opens its own transaction.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from psycopg.rows import dict_row

from riviere import notices
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy import checks
from riviere.economy.named import Names, Where
from riviere.economy.places import Place, StreamEnded
from riviere.errors import RiviereError
from riviere.ids import client_id, request_digest, system_id
from riviere.ledger.refusals import KeyReused
from riviere.trust import words
from riviere.trust.model import Standing

SQL = load("riviere.audience")

LONGEST: Final = 200

#: A viewer asks a creator once in this time.
PAUSE: Final = timedelta(seconds=30)


class UnknownQuestion(RiviereError):
    """This creator has no question {id} that everybody sees; it may have been hidden or erased since."""

    code = "unknown_question"


class AskedJustNow(RiviereError):
    """A viewer asks a creator one question in {pause} seconds; wait {wait} seconds and ask again."""

    code = "asked_just_now"


class TakesNoQuestion(RiviereError):
    """This stream takes no question from {asker!r}."""

    code = "takes_no_question"


class Question(msgspec.Struct, frozen=True):
    """What somebody asked, by the platform's own ids. `voices` counts who wants to know the same."""

    id: UUID
    where: Where
    asker: str
    text: str
    asked_at: datetime
    answered_at: datetime | None
    standing: Standing
    voices: int


def ask(connection: Connection, place: Place, asker: int, text: str, key: str, now: datetime) -> tuple[Question, bool]:
    """Asks in a stream; answers the question, and whether it stood under this key before.

    Raises BadText, BadKey, KeyReused, StreamEnded, TakesNoQuestion and AskedJustNow.
    """
    checks.text(text, "A question", LONGEST)
    creator = place.creator
    one = system_id("question", creator, asker, client_id(key))
    request = request_digest("question", place.id, text)
    who = {"creator": creator, "asker": asker}
    with connection.transaction():
        connection.execute(SQL["add_turn"], who)
        turn = connection.execute(SQL["lock_turn"], who).fetchone()
        known = connection.execute(SQL["read_request"], {"creator": creator, "id": one}).fetchone()
        if known is None:
            assert turn is not None
            _check_turn(place, turn[0], now)
            row = {"id": one, "place": place.id, "body": text, "request": request, "at": now}
            connection.execute(SQL["add_question"], who | row)
            asked = words.Changed(creator, place.id, None, one)
            if words.write(connection, asked, asker, text, now) == "blocked":
                raise TakesNoQuestion(asker=Names(connection, {asker}, set()).users[asker])
            connection.execute(SQL["take_turn"], who | {"at": now})
        elif known[0] != request:
            raise KeyReused
    return _read(connection, creator, [one])[0], known is not None


def find(connection: Connection, creator: int, question: UUID) -> Question:
    """A question that everybody sees, by our id of the creator. Raises UnknownQuestion."""
    found = _read(connection, creator, [question])
    if not found or found[0].standing != "shown":
        raise UnknownQuestion(id=question)
    return found[0]


def listed(
    connection: Connection, place: Place, after: tuple[datetime, UUID] | None, most: int, *, answered: bool | None
) -> list[Question]:
    """Up to `most` questions of a stream that everybody sees, in the order of asking, behind the given one.

    `answered` asks for those that are, or are not yet (None: all).
    """
    at, last = after or (None, None)
    asked = {"creator": place.creator, "place": place.id, "answered": answered, "at": at, "id": last, "most": most}
    rows = connection.execute(SQL["page_questions"], asked).fetchall()
    return _read(connection, place.creator, [row[0] for row in rows])


def answer(connection: Connection, creator: int, question: UUID, now: datetime) -> Question:
    """Marks a question as answered; the second time it does nothing. Raises UnknownQuestion."""
    find(connection, creator, question)
    with connection.transaction():
        row = connection.execute(SQL["answer"], {"creator": creator, "id": question, "at": now}).fetchone()
        if row is not None:
            notices.put(connection, creator, row[0], notices.QUESTION_ANSWERED, {"ids": [question]}, now)
    return find(connection, creator, question)


def add_voice(connection: Connection, creator: int, question: UUID, viewer: int) -> Question:
    """Says that a viewer wants to know the same; the second time it does nothing. Raises UnknownQuestion."""
    connection.execute(SQL["add_voice"], {"creator": creator, "id": question, "viewer": viewer})
    return find(connection, creator, question)


def _check_turn(place: Place, last: datetime | None, now: datetime) -> None:
    if place.ended_at is not None and place.ended_at <= now:
        raise StreamEnded(stream=place.external_id, ended_at=place.ended_at.isoformat())
    if last is not None and now < last + PAUSE:
        wait = -((now - last - PAUSE) // timedelta(seconds=1))
        raise AskedJustNow(pause=PAUSE.seconds, wait=wait)


def _read(connection: Connection, creator: int, ids: Sequence[UUID]) -> list[Question]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["read_questions"], {"creator": creator, "ids": [*ids]}).fetchall()
    names = Names(connection, {creator, *(row["asker"] for row in rows)}, {(creator, row["place"]) for row in rows})
    return [_question(names, row) for row in rows]


def _question(names: Names, row: dict[str, Any]) -> Question:
    where = names.place(row.pop("creator"), row.pop("place"))
    return Question(**row | {"asker": names.users[row["asker"]], "where": where})
