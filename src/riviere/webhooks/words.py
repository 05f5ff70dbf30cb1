"""Journal rows as the data of events: who, where and what, in the platform's own ids."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from psycopg.rows import class_row

from riviere import money
from riviere.database.connection import Connection
from riviere.database.sql import load
from riviere.economy.anonymous import Pair, anonymous_among
from riviere.economy.named import Names
from riviere.ledger.law import REVERSALS, SENT, Route
from riviere.ledger.model import Entry
from riviere.money import DIAMOND
from riviere.outbox import LARGEST_DATA
from riviere.webhooks import facts
from riviere.webhooks.facts import Coins, GiftsSent, GiftUndone, PurchaseCompleted, SentGift
from riviere.webhooks.model import COMBO_FINISHED, GIFT_REVERSED, GIFT_SENT, PURCHASE_COMPLETED

SQL = load("riviere.webhooks")

#: What the data of a gift.sent takes beside its gifts: the longest names, in JSON.
_FRAME: Final = 2_500


class Told(msgspec.Struct, frozen=True):
    """An event for the outbox."""

    kind: str
    subject: str
    data: msgspec.Struct
    at: datetime


class Teller:
    """Tells of entries in order. `wanted` are the kinds of event that anybody wants."""

    def __init__(self, connection: Connection, wanted: set[str]) -> None:
        self._connection = connection
        self._wanted = wanted
        self._told: list[Told] = []
        self._open: dict[str, tuple[GiftsSent, int]] = {}
        self._anonymous: set[Pair] = set()

    def tell(self, entries: Sequence[Entry]) -> list[Told]:
        """The events of these entries, each subject's in order: gifts of one place together, up to a full event."""
        undone = self._first_legs([entry for entry in entries if entry.route in REVERSALS])
        names = Names.of_entries(self._connection, [*entries, *undone.values()])
        gifts = {(entry.owner, entry.id) for entry in entries if entry.route in SENT}
        self._anonymous = anonymous_among(self._connection, gifts)
        for legs in _together(entries):
            first = legs[0]
            if first.route in SENT and GIFT_SENT in self._wanted:
                self._sent(names, legs)
            elif first.route in REVERSALS and GIFT_REVERSED in self._wanted and first.cause is not None:
                self._reversed(names, legs, undone[first.owner, first.cause])
            elif first.route == Route.COINS_BUY and PURCHASE_COMPLETED in self._wanted:
                self._bought(names, legs)
        told, self._told, self._open = self._told, [], {}
        return told

    def tell_quiet(self, now: datetime) -> list[Told]:
        """The combos that are over by now; each is forgotten until it takes another step."""
        rows = self._connection.execute(SQL["read_quiet_combos"], {"now": now}).fetchall()
        owners, ids = [row[0] for row in rows], [row[1] for row in rows]
        self._connection.execute(SQL["drop_combos"], {"owners": owners, "ids": ids})
        users = {*owners, *(row[2] for row in rows)}
        names = Names(self._connection, users, {row[2:4] for row in rows}, {row[4] for row in rows})
        anonymous = anonymous_among(self._connection, {(row[0], row[1]) for row in rows})
        told = []
        for owner, combo, creator, place, item, count, coins, diamonds, began_at, ended_at in rows:
            where = names.place(creator, place)
            worth = (coins, money.plain(diamonds, DIAMOND))
            hidden = (owner, combo) in anonymous
            gift = (names.gifts[item].code, count)
            data = facts.ComboFinished(combo, where, names.users[owner], *gift, *worth, began_at, ended_at, hidden)
            told.append(Told(COMBO_FINISHED, where.subject, data, now))
        return told

    def _first_legs(self, reversals: Sequence[Entry]) -> dict[tuple[int, UUID], Entry]:
        """The first leg of each gift that these undo."""
        asked = {"owners": [entry.owner for entry in reversals], "ids": [entry.cause for entry in reversals]}
        with self._connection.cursor(row_factory=class_row(Entry)) as cursor:
            found = cursor.execute(SQL["read_first_legs"], asked).fetchall() if reversals else []
        return {(entry.owner, entry.id): entry for entry in found}

    def _sent(self, names: Names, legs: list[Entry]) -> None:
        first, last = legs[0], legs[-1]
        where = names.place(first.credit_user, first.place)
        gift = SentGift(
            first.id,
            names.users[first.owner],
            names.gifts[first.item or 0].code,
            first.count,
            first.upto,
            sum(leg.debit_amount for leg in legs),
            money.plain(sum(leg.credit_amount for leg in legs), DIAMOND),
            first.at,
            first.booked_at,
            [Coins(*facts.debited(leg)) for leg in legs],
            (first.owner, first.id) in self._anonymous,
        )
        earned = facts.diamonds(*facts.credited(last))
        size = len(msgspec.json.encode(gift)) + 1
        open_event, filled = self._open.get(where.subject, (None, 0))
        if open_event is None or filled + size > LARGEST_DATA - _FRAME:
            open_event, filled = GiftsSent(where, [], earned), 0
            self._told.append(Told(GIFT_SENT, where.subject, open_event, first.booked_at))
        open_event.gifts.append(gift)
        open_event.earned = max(open_event.earned, earned, key=lambda account: account.seq)
        self._open[where.subject] = (open_event, filled + size)

    def _reversed(self, names: Names, legs: list[Entry], gift: Entry) -> None:
        first, last = legs[0], legs[-1]
        where = names.place(gift.credit_user, gift.place)
        data = GiftUndone(
            first.id,
            gift.id,
            where,
            names.users[first.owner],
            sum(leg.credit_amount for leg in legs),
            money.plain(sum(leg.debit_amount for leg in legs), DIAMOND),
            first.at,
            first.booked_at,
            [Coins(*facts.credited(leg)) for leg in legs],
            facts.diamonds(*facts.debited(last)),
        )
        # What is sent after it is told after it.
        self._open.pop(where.subject, None)
        self._told.append(Told(GIFT_REVERSED, where.subject, data, first.booked_at))

    def _bought(self, names: Names, legs: list[Entry]) -> None:
        paid, given = legs[0], legs[1:]
        assert paid.currency is not None
        data = PurchaseCompleted(
            paid.id,
            names.users[paid.owner],
            names.packs[paid.item or 0],
            facts.Price(money.plain(paid.debit_amount, paid.currency), paid.currency),
            paid.credit_amount,
            sum(leg.credit_amount for leg in given),
            given[0].expires_at if given else None,
            paid.at,
            paid.booked_at,
            [Coins(*facts.credited(leg)) for leg in legs],
        )
        self._told.append(Told(PURCHASE_COMPLETED, f"user/{data.user}", data, paid.booked_at))


def _together(entries: Iterable[Entry]) -> Iterable[list[Entry]]:
    """The legs of one gift, step, reversal or purchase. A gift's second leg counts no pieces: the first one did."""
    legs: list[Entry] = []
    for entry in entries:
        follows = legs and (legs[0].owner, legs[0].id, legs[0].batch) == (entry.owner, entry.id, entry.batch)
        if not follows or (entry.route in SENT and entry.count):
            if legs:
                yield legs
            legs = []
        legs.append(entry)
    if legs:
        yield legs
