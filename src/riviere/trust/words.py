"""What became of words: judged when they are first to be shown, then shown, held or hidden by whoever may.

Each change is told to whoever follows live, in the same transaction. Connections are in autocommit; a function that
writes opens its own transaction. Who changes words locks, in this order: rules (`lists.py`), words, the notice board.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from psycopg.rows import dict_row

from riviere import notices
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy.named import Names, Where
from riviere.trust import lists
from riviere.trust.model import (
    Decision,
    ForModerators,
    Reason,
    Standing,
    UnknownWords,
    Written,
    hidden,
    judged,
    may_approve,
)

SQL = load("riviere.trust")

#: Words that one transaction judges, and ids that one notice names.
_AT_ONCE: Final = 500
_IN_A_NOTICE: Final = 80


class OfGift(NamedTuple):
    """Which words: those beside one gift, or one step of a combo, by our ids."""

    creator: int
    author: int
    gift: UUID
    leg: int


class Words(msgspec.Struct, frozen=True):
    """Something written, for whoever decides on it, everybody by the platform's own ids.

    `gift` is the entry beside which it stands (None: it is a question), `reports` the reasons of those that are open.
    """

    id: UUID
    author: str
    where: Where
    gift: UUID | None
    text: str
    at: datetime
    standing: Standing
    reason: Reason | None
    reports: Sequence[str]


class Changed(NamedTuple):
    """Words whose standing has changed: of which creator, in which place, beside which gift (None: a question)."""

    creator: int
    place: int
    gift: UUID | None
    id: UUID


def shown(connection: Connection, wanted: Collection[OfGift]) -> dict[OfGift, Written]:
    """Those of the words beside these gifts that may be shown; what nobody has judged yet is judged now."""
    found = _of_gifts(connection, wanted)
    new = {written.id: key.creator for key, (written, standing) in found.items() if standing == "new"}
    if new:
        judge(connection, {*new.values()}, [*new])
        found = _of_gifts(connection, wanted)
    return {key: written for key, (written, standing) in found.items() if standing == "shown"}


def judge(connection: Connection, creators: Collection[int], only: Sequence[UUID] | None = None) -> None:
    """Decides on what nobody has judged yet of these creators (`only`: of these words). Any server may, at any time."""
    asked = {"creators": [*creators], "ids": None if only is None else [*only], "most": _AT_ONCE}
    judged_of = _AT_ONCE
    while judged_of == _AT_ONCE:
        with connection.transaction():
            rules = lists.share(connection, creators)
            rows = connection.execute(SQL["lock_new"], asked).fetchall()
            decided = [_decide(rules, creator, text, blocked=blocked) for creator, _, text, blocked in rows]
            columns = {
                "creators": [creator for creator, *_ in rows],
                "ids": [words for _, words, *_ in rows],
                "standings": [decision.standing for decision in decided],
                "reasons": [decision.reason for decision in decided],
            }
            connection.execute(SQL["judge"], columns)
        judged_of = len(rows)


def find(connection: Connection, creator: int, words: UUID) -> Words:
    """Something written, by our id of the creator. Raises UnknownWords."""
    found = _read(connection, creator, [words])
    if not found:
        raise UnknownWords(id=words)
    return found[0]


def held(connection: Connection, creator: int, after: tuple[datetime, UUID] | None, most: int) -> list[Words]:
    """Up to `most` words that wait until somebody has looked at them, the oldest first, behind the given one."""
    judge(connection, [creator])
    at, last = after or (None, None)
    rows = connection.execute(SQL["page_held"], {"creator": creator, "at": at, "id": last, "most": most})
    return _read(connection, creator, [row[0] for row in rows])


def approve(connection: Connection, creator: int, words: UUID, by: str, now: datetime, *, moderator: bool) -> Words:
    """Shows words to everybody; those that are shown already stay so. Raises UnknownWords and ForModerators."""
    with connection.transaction():
        touched, before = lock(connection, creator, words)
        if before.standing != "shown":
            if not may_approve(before.reason, moderator=moderator):
                raise ForModerators(id=words)
            decide(connection, touched, before, Decision("shown", "approved"), by, now)
    return find(connection, creator, words)


def hide(connection: Connection, creator: int, words: UUID, by: str, now: datetime, *, moderator: bool) -> Words:
    """Shows words to nobody any more; what a moderator hides only a moderator shows again. Raises UnknownWords."""
    with connection.transaction():
        touched, before = lock(connection, creator, words)
        decide(connection, touched, before, hidden(before, moderator=moderator), by, now)
    return find(connection, creator, words)


def lock(connection: Connection, creator: int, words: UUID) -> tuple[Changed, Decision]:
    """Words, held until the caller's transaction ends, and what was decided on them. Raises UnknownWords."""
    row = connection.execute(SQL["lock_words"], {"creator": creator, "id": words}).fetchone()
    if row is None:
        raise UnknownWords(id=words)
    place, gift, standing, reason = row
    return Changed(creator, place, gift, words), Decision(standing, reason)


def decide(connection: Connection, words: Changed, before: Decision, after: Decision, by: str, now: datetime) -> None:
    """Keeps a decision on locked words, and tells where it changes what is shown."""
    if after == before:
        return
    row = {"creator": words.creator, "id": words.id, "standing": after.standing, "reason": after.reason}
    connection.execute(SQL["decide"], row | {"at": now, "by": by})
    if after.standing == "shown":
        tell(connection, [words], now, shown=True)
    elif before.standing == "shown":
        tell(connection, [words], now, shown=False)


def write(connection: Connection, words: Changed, author: int, text: str, now: datetime) -> Reason | None:
    """Judges a question at once and keeps its standing, in the caller's transaction; answers what speaks against it."""
    rules = lists.share(connection, [words.creator])
    who = {"creator": words.creator, "viewer": author}
    blocked = connection.execute(SQL["read_block"], who).fetchone() is not None
    decision = _decide(rules, words.creator, text, blocked=blocked)
    row = {"creator": words.creator, "id": words.id, "author": author, "place": words.place, "at": now}
    connection.execute(SQL["add_words"], row | {"standing": decision.standing, "reason": decision.reason})
    if decision.standing == "shown":
        tell(connection, [words], now, shown=True)
    return decision.reason


def tell(connection: Connection, changed: Iterable[Changed], now: datetime, *, shown: bool) -> None:
    """Tells whoever follows live, in the caller's transaction, of words that are shown now, or are not any more."""
    for (creator, place, beside), some in groupby(sorted(changed, key=_where), key=_where):
        ids = [one.id for one in some]
        kind = _KINDS[beside, shown]
        for begin in range(0, len(ids), _IN_A_NOTICE):
            notices.put(connection, creator, place, kind, {"ids": ids[begin : begin + _IN_A_NOTICE]}, now)


def erase(connection: Connection, user: int, now: datetime) -> None:
    """Erases what a user wrote, reported and blocked, in the caller's transaction: the journal keeps salted hashes."""
    gone = [Changed(*row) for row in connection.execute(SQL["erase_words"], {"user": user})]
    for statement in ("erase_reports", "erase_blocks", "erase_rule"):
        connection.execute(SQL[statement], {"user": user})
    tell(connection, gone, now, shown=False)


#: What is told of words, by whether they stand beside a gift, and are shown now.
_KINDS: Final = {
    (True, True): notices.WORDS_SHOWN,
    (True, False): notices.WORDS_WITHHELD,
    (False, True): notices.QUESTION_ASKED,
    (False, False): notices.QUESTION_HIDDEN,
}


def _where(words: Changed) -> tuple[int, int, bool]:
    return words.creator, words.place, words.gift is not None


def _decide(rules: Mapping[int, lists.Rule], creator: int, text: str, *, blocked: bool) -> Decision:
    found = rules[lists.PLATFORM].finds(text) or rules[creator].finds(text)
    return judged(blocked=blocked, found=found, review=rules[creator].review)


def _of_gifts(connection: Connection, wanted: Collection[OfGift]) -> dict[OfGift, tuple[Written, str]]:
    columns = {
        "creators": [one.creator for one in wanted],
        "authors": [one.author for one in wanted],
        "gifts": [one.gift for one in wanted],
        "legs": [one.leg for one in wanted],
    }
    rows = connection.execute(SQL["read_words_of_gifts"], columns)
    return {OfGift(*row[:4]): (Written(row[4], row[6]), row[5]) for row in rows}


def _read(connection: Connection, creator: int, ids: Sequence[UUID]) -> list[Words]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["read_words"], {"creator": creator, "ids": [*ids]}).fetchall()
    names = Names(connection, {creator, *(row["author"] for row in rows)}, {(creator, row["place"]) for row in rows})
    return [_words(names, row) for row in rows]


def _words(names: Names, row: dict[str, Any]) -> Words:
    where = names.place(row.pop("creator"), row.pop("place"))
    return Words(**row | {"author": names.users[row["author"]], "where": where})
