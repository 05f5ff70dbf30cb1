"""Notices as the events that they become: what each names is looked up when it is told, for all of them together.

So who is forgotten is so here as well, and words that were hidden since are not told.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, TypeVar
from uuid import UUID

import msgspec

from riviere import money, notices
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy.anonymous import Pair
from riviere.economy.named import Names, Where
from riviere.economy.places import STREAM
from riviere.live import boards
from riviere.live.combos import Over
from riviere.live.notice import Notice
from riviere.money import DIAMOND
from riviere.wire.feed import (
    ComboFinished,
    Happening,
    QuestionAnswered,
    QuestionAsked,
    QuestionsHidden,
    ShownWords,
    StreamAnnounced,
    StreamBegan,
    StreamOver,
    WordsShown,
    WordsWithheld,
)

SQL = load("riviere.live")

#: A creator and something of theirs, by our ids.
Key = tuple[int, UUID]
Thing = TypeVar("Thing")


class _Ids(msgspec.Struct, frozen=True):
    """The data of a notice that names things of its creator's."""

    ids: list[UUID]


class _Words(NamedTuple):
    """Words that are shown, with who wrote them beside which gift."""

    author: int
    gift: UUID
    text: str


class _Question(NamedTuple):
    """A question that is shown."""

    asker: int
    text: str


class _Announced(NamedTuple):
    """A coming stream as it stands now."""

    title: str
    text: str
    starts_at: datetime


class Known(NamedTuple):
    """What events are made with: names, and the gifts whose sender is not to be named."""

    names: Names
    anonymous: set[Pair]

    def sender(self, gift: Pair) -> str | None:
        """Who sent a gift, as viewers are told: nobody, where they wished so."""
        return None if gift in self.anonymous else self.names.users[gift[0]]


_QUESTIONS: Final = (notices.QUESTION_ASKED, notices.QUESTION_ANSWERED)
_ANNOUNCED: Final[Mapping[str, Literal["made", "changed", "cancelled", "due"]]] = {
    notices.ANNOUNCEMENT_MADE: "made",
    notices.ANNOUNCEMENT_CHANGED: "changed",
    notices.ANNOUNCEMENT_CANCELLED: "cancelled",
    notices.ANNOUNCEMENT_DUE: "due",
}


class Noticed:
    """What some notices name, and the events that they are. `users`, `items` and `gifts` are what Known must know."""

    def __init__(self, connection: Connection, found: Sequence[Notice]) -> None:
        self._over = {
            (one.creator, one.number): msgspec.json.decode(one.data, type=Over)
            for one in found
            if one.kind == notices.COMBO_FINISHED
        }
        rows = _look_up(connection, "read_shown_words", found, (notices.WORDS_SHOWN,))
        self._words = {key: _Words(*row) for key, row in rows.items()}
        rows = _look_up(connection, "read_shown_questions", found, _QUESTIONS)
        self._questions = {key: _Question(*row) for key, row in rows.items()}
        rows = _look_up(connection, "read_announced", found, _ANNOUNCED)
        self._announced = {key: _Announced(*row) for key, row in rows.items()}
        self.items = {combo.item for combo in self._over.values()}
        self.gifts: set[Pair] = {(combo.owner, combo.id) for combo in self._over.values()}
        self.gifts |= {(words.author, words.gift) for words in self._words.values()}
        self.users = {owner for owner, _ in self.gifts} | {one.asker for one in self._questions.values()}
        self.users |= boards.users_in(found)

    def events(self, known: Known, notice: Notice) -> list[Happening]:
        """What a notice tells: nothing, where what it is about is not to be seen any more."""
        if notice.kind in boards.KINDS:
            return [boards.event(known.names, notice)]
        if notice.place is None:
            return self._announcements(notice)
        where = known.names.place(notice.creator, notice.place)
        at: dict[str, Any] = {"at": notice.at, **in_place(where)}
        match notice.kind:
            case notices.STREAM_STARTED:
                return [StreamBegan(at=notice.at, stream=where.id)]
            case notices.STREAM_ENDED:
                return [StreamOver(at=notice.at, stream=where.id)]
            case notices.COMBO_FINISHED:
                return [self._finished(known, notice, at)]
            case notices.WORDS_SHOWN:
                return self._words_shown(known, notice, at)
            case notices.WORDS_WITHHELD:
                return [WordsWithheld(**at, ids=[str(one) for one in _ids(notice)])]
            case notices.QUESTION_HIDDEN:
                return [QuestionsHidden(**at, ids=[str(one) for one in _ids(notice)])]
        return self._questions_told(known, notice, at)

    def _finished(self, known: Known, notice: Notice, at: dict[str, Any]) -> Happening:
        over = self._over[notice.creator, notice.number]
        what = known.names.gifts[over.item]
        return ComboFinished(
            **at,
            id=str(over.id),
            sender=known.sender((over.owner, over.id)),
            gift=what.code,
            name=what.name,
            count=over.count,
            coins=over.coins,
            diamonds=money.plain(over.diamonds, DIAMOND),
        )

    def _words_shown(self, known: Known, notice: Notice, at: dict[str, Any]) -> list[Happening]:
        return [
            WordsShown(
                **at,
                gift=str(words.gift),
                sender=known.sender((words.author, words.gift)),
                words=ShownWords(id=str(one), text=words.text),
            )
            for one, words in _those(notice, self._words)
        ]

    def _questions_told(self, known: Known, notice: Notice, at: dict[str, Any]) -> list[Happening]:
        found = _those(notice, self._questions)
        if notice.kind == notices.QUESTION_ANSWERED:
            return [QuestionAnswered(**at, id=str(one)) for one, _ in found]
        users = known.names.users
        return [QuestionAsked(**at, id=str(one), asker=users[asked.asker], text=asked.text) for one, asked in found]

    def _announcements(self, notice: Notice) -> list[Happening]:
        return [
            StreamAnnounced(at=notice.at, what=_ANNOUNCED[notice.kind], id=str(one), **told._asdict())
            for one, told in _those(notice, self._announced)
        ]


def in_place(place: Where) -> dict[str, Any]:
    """The field of an event that says where it happened."""
    return {"stream" if place.kind == STREAM else "post": place.id}


def _ids(notice: Notice) -> list[UUID]:
    return msgspec.json.decode(notice.data, type=_Ids).ids


def _those(notice: Notice, found: Mapping[Key, Thing]) -> list[tuple[UUID, Thing]]:
    """What a notice names, and is still there to be seen."""
    keys = [(notice.creator, one) for one in _ids(notice)]
    return [(key[1], found[key]) for key in keys if key in found]


def _look_up(
    connection: Connection, statement: str, told: Iterable[Notice], kinds: Container[str]
) -> dict[Key, tuple[Any, ...]]:
    """What notices of these kinds name, by creator and id, in one go."""
    keys = [(notice.creator, one) for notice in told if notice.kind in kinds for one in _ids(notice)]
    asked = {"creators": [creator for creator, _ in keys], "ids": [one for _, one in keys]}
    rows = connection.execute(SQL[statement], asked) if keys else ()
    return {(creator, one): tuple(row) for creator, one, *row in rows}
