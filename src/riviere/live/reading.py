"""What happened to creators since a position, out of the journal and the notices, ready to be sent.

A gift comes here from the journal and goes to `hub.py` as the JSON that everyone who watches is sent.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from heapq import merge
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from riviere import money
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy.anonymous import Pair, anonymous_among
from riviere.economy.named import Names
from riviere.live import boards
from riviere.live.notice import Notice
from riviere.live.noticed import Known, Noticed, in_place
from riviere.live.overlays import telling
from riviere.live.position import Position
from riviere.money import DIAMOND
from riviere.trust import words
from riviere.trust.model import Written
from riviere.wire.feed import ComboGrew, GiftSent, Happening, ShownWords

SQL = load("riviere.live")

#: Behind all that there will ever be.
END: Final = Position(2**63 - 1, 2**63 - 1)

#: Rows of a creator that are read at once. A gift has two at the most.
MOST: Final = 1_000


class Happened(NamedTuple):
    """Something that happened: when, in which place of the creator's (None: in none), and its JSON.

    What is `everywhere` belongs to each of the creator's places; what is for one `overlay` is for nobody else.
    """

    at: datetime
    place: int | None
    event: bytes
    everywhere: bool = False
    overlay: int | None = None


class Read(NamedTuple):
    """What happened since a position, in order, and the position behind it. `cut` says that there is more."""

    position: Position
    happened: Sequence[Happened]
    cut: bool


class _Sent(msgspec.Struct):
    """A gift or a step of a combo, both its legs together."""

    creator: int
    seq: int
    owner: int
    id: UUID
    place: int
    item: int
    count: int
    upto: int | None
    coins: int
    diamonds: int
    at: datetime
    leg: int
    has_words: bool

    @property
    def pair(self) -> Pair:
        """The sender and the gift."""
        return self.owner, self.id

    @property
    def of(self) -> words.OfGift:
        """What names the words beside it."""
        return words.OfGift(self.creator, self.owner, self.id, self.leg)


def position(connection: Connection, creator: int) -> Position:
    """Behind all that has happened to this creator by now."""
    row = connection.execute(SQL["read_position"], {"creator": creator}).fetchone()
    assert row is not None
    return Position(*row)


def since(connection: Connection, watched: Mapping[int, Position], until: Position = END) -> dict[int, Read]:
    """What happened to these creators since these positions; those to whom nothing did are left out."""
    asked = {"creators": [*watched], "most": MOST}
    after = {"after": [position.entry for position in watched.values()], "until": until.entry}
    rows = connection.execute(SQL["read_sent"], asked | after).fetchall()
    after = {"after": [position.notice for position in watched.values()], "until": until.notice}
    noticed = [Notice(*row) for row in connection.execute(SQL["read_notices"], asked | after)]
    if not rows and not noticed:
        return {}
    cut = _full(row[0] for row in rows) | _full(one.creator for one in noticed)
    sent = _together(rows, cut)
    about = Noticed(connection, noticed)
    spoken = {gift.of for gift in sent if gift.has_words}
    shown = words.shown(connection, spoken) if spoken else {}
    anonymous = anonymous_among(connection, about.gifts | {gift.pair for gift in sent})
    places = {(gift.creator, gift.place) for gift in sent}
    places |= {(notice.creator, notice.place) for notice in noticed if notice.place is not None}
    users = {gift.owner for gift in sent} | about.users | watched.keys()
    known = Known(Names(connection, users, places, {gift.item for gift in sent} | about.items), anonymous)
    gifts: dict[int, list[Happened]] = defaultdict(list)
    told: dict[int, list[Happened]] = defaultdict(list)
    ends = dict(watched)
    for gift in sent:
        gifts[gift.creator].append(_happened(gift.at, gift.place, _gift(known, shown.get(gift.of), gift)))
        ends[gift.creator] = ends[gift.creator]._replace(entry=gift.seq)
    for notice in noticed:
        told[notice.creator] += _told(about, known, notice)
        ends[notice.creator] = ends[notice.creator]._replace(notice=notice.number)
    # Each kind keeps its own order, which is that of commits; times only say how the two lie beside each other.
    return {
        creator: Read(ends[creator], [*merge(gifts[creator], told[creator], key=lambda one: one.at)], creator in cut)
        for creator in gifts.keys() | told.keys()
    }


def _full(creators: Iterable[int]) -> set[int]:
    """Those of whom as much was read as is read at once."""
    return {creator for creator, rows in Counter(creators).items() if rows == MOST}


def _together(rows: Sequence[tuple[Any, ...]], cut: AbstractSet[int]) -> list[_Sent]:
    """The legs of each gift or step as one. Where reading was cut, the last one may lack a leg, and waits."""
    found: list[_Sent] = []
    for row in rows:
        leg = _Sent(*row)
        # A second leg pays for pieces that the first one counted.
        if leg.count:
            found.append(leg)
        elif found and found[-1].id == leg.id:
            found[-1].seq = leg.seq
            found[-1].coins += leg.coins
            found[-1].diamonds += leg.diamonds
    last = {sent.creator: sent for sent in found}
    return [sent for sent in found if sent.creator not in cut or sent is not last[sent.creator]]


def _happened(at: datetime, place: int | None, event: Happening, everywhere: bool = False) -> Happened:
    return Happened(at, place, msgspec.json.encode(event), everywhere)


def _told(about: Noticed, known: Known, notice: Notice) -> list[Happened]:
    if notice.kind in telling.KINDS:
        overlay, heard = telling.event(notice.kind, notice.at, notice.data)
        return [Happened(notice.at, None, msgspec.json.encode(heard), overlay=overlay)]
    everywhere = boards.everywhere(notice)
    return [_happened(notice.at, notice.place, event, everywhere) for event in about.events(known, notice)]


def _gift(known: Known, written: Written | None, sent: _Sent) -> Happening:
    what = known.names.gifts[sent.item]
    told: dict[str, Any] = {
        **in_place(known.names.place(sent.creator, sent.place)),
        "id": str(sent.id),
        "at": sent.at,
        "sender": known.sender(sent.pair),
        "gift": what.code,
        "name": what.name,
        "count": sent.count,
        "coins": sent.coins,
        "diamonds": money.plain(sent.diamonds, DIAMOND),
        "words": None if written is None else ShownWords(id=str(written.id), text=written.text),
    }
    return GiftSent(**told) if sent.upto is None else ComboGrew(**told, upto=sent.upto)
