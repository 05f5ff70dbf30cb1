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

from riviere import money, notices
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy.named import Names, Where
from riviere.economy.places import STREAM
from riviere.live.combos import Over
from riviere.live.position import Position
from riviere.money import DIAMOND
from riviere.wire.feed import ComboFinished, ComboGrew, GiftSent, Happening, StreamBegan, StreamOver

SQL = load("riviere.live")

#: Behind all that there will ever be.
END: Final = Position(2**63 - 1, 2**63 - 1)

#: Rows of a creator that are read at once. A gift has two at the most.
MOST: Final = 1_000


class Happened(NamedTuple):
    """Something that happened: when, in which place of the creator's (None: in none), and its JSON."""

    at: datetime
    place: int | None
    event: bytes


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


class _Notice(NamedTuple):
    creator: int
    number: int
    place: int | None
    kind: str
    at: datetime
    data: str


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
    noticed = [_Notice(*row) for row in connection.execute(SQL["read_notices"], asked | after)]
    if not rows and not noticed:
        return {}
    cut = _full(row[0] for row in rows) | _full(one.creator for one in noticed)
    sent = _together(rows, cut)
    over = {(one.creator, one.number): _over(one) for one in noticed if one.kind == notices.COMBO_FINISHED}
    owners = {gift.owner for gift in sent} | {combo.owner for combo in over.values()}
    places = {(gift.creator, gift.place) for gift in sent}
    places |= {(notice.creator, notice.place) for notice in noticed if notice.place is not None}
    items = {gift.item for gift in sent} | {combo.item for combo in over.values()}
    names = Names(connection, owners | watched.keys(), places, items)
    gifts: dict[int, list[Happened]] = defaultdict(list)
    told: dict[int, list[Happened]] = defaultdict(list)
    ends = dict(watched)
    for gift in sent:
        gifts[gift.creator].append(_happened(gift.at, gift.place, _gift(names, gift)))
        ends[gift.creator] = ends[gift.creator]._replace(entry=gift.seq)
    for notice in noticed:
        event = _notice(names, notice, over.get((notice.creator, notice.number)))
        told[notice.creator].append(_happened(notice.at, notice.place, event))
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


def _happened(at: datetime, place: int | None, event: Happening) -> Happened:
    return Happened(at, place, msgspec.json.encode(event))


def _gift(names: Names, sent: _Sent) -> Happening:
    what = names.gifts[sent.item]
    told: dict[str, Any] = {
        **_where(names.place(sent.creator, sent.place)),
        "id": str(sent.id),
        "at": sent.at,
        "sender": names.users[sent.owner],
        "gift": what.code,
        "name": what.name,
        "count": sent.count,
        "coins": sent.coins,
        "diamonds": money.plain(sent.diamonds, DIAMOND),
    }
    return GiftSent(**told) if sent.upto is None else ComboGrew(**told, upto=sent.upto)


def _notice(names: Names, notice: _Notice, over: Over | None) -> Happening:
    where = names.place(notice.creator, notice.place)
    if over is None:
        kinds: dict[str, type[StreamBegan | StreamOver]] = {
            notices.STREAM_STARTED: StreamBegan,
            notices.STREAM_ENDED: StreamOver,
        }
        return kinds[notice.kind](at=notice.at, stream=where.id)
    what = names.gifts[over.item]
    return ComboFinished(
        **_where(where),
        id=str(over.id),
        at=notice.at,
        sender=names.users[over.owner],
        gift=what.code,
        name=what.name,
        count=over.count,
        coins=over.coins,
        diamonds=money.plain(over.diamonds, DIAMOND),
    )


def _over(notice: _Notice) -> Over:
    return msgspec.json.decode(notice.data, type=Over)


def _where(place: Where) -> dict[str, str]:
    return {"stream" if place.kind == STREAM else "post": place.id}
