"""Books a recording: every gift once, however often it is run, stopped or killed.

A gift comes from a row of `model.GiftRecord`, its users, places and catalogue rows are made where they are missing, and
it goes to `ledger/writer.py` as an imported gift: the coins come from the import clearing account, the diamonds stay
unbacked. Its id is made of the format and the record's own id, so a second run finds it there.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from pathlib import Path
from uuid import UUID

import msgspec

from riviere import ids, money
from riviere.connectors import imports
from riviere.connectors.imports import Import
from riviere.connectors.model import Free, GiftRecord, Recording, Reject, Row
from riviere.database.connection import Connection
from riviere.economy import catalogue, people, places
from riviere.errors import RiviereError
from riviere.ledger.evidence import Signer, sign_head
from riviere.ledger.model import Gift, Known, Receipt
from riviere.ledger.store import read_known
from riviere.ledger.writer import Writes

#: Rows read, prepared and written together.
CHUNK = 2_000


class Summary(msgspec.Struct):
    """What a replay did and what the recording adds up to.

    `gifts` have value, `new` of them were booked by this run, `free` carry none; `rows` are the data rows of the gift
    file; `coins` and `diamonds` (a decimal string) are what stands in the ledger for this recording. `ignored` counts
    rows of other kinds, `seconds` the run without starting up. `note` says what was asked and not done.
    """

    format: str
    source: str
    rate: str
    rows: int = 0
    gifts: int = 0
    new: int = 0
    free: int = 0
    coins: int = 0
    diamonds: str = "0"
    rejected: int = 0
    ignored: dict[str, int] = msgspec.field(default_factory=dict)
    seconds: float = 0
    rejects: str | None = None
    note: str | None = None


Progress = Callable[[int, int, int], None]

_ONCE = (0, 0)


class Replay:
    """One run of one recording."""

    def __init__(
        self, connection: Connection, writer: Writes, signer: Signer, recording: Recording, rejects: Path
    ) -> None:
        """`rejects` is the folder that keeps the rows which could not be read."""
        self._connection, self._writer, self._signer = connection, writer, signer
        self._recording = recording
        self._rejects = rejects
        self._refused: list[Reject] = []
        self._owners: dict[UUID, int] = {}
        self._counted: dict[UUID, tuple[int, int]] = {}
        self._coins = self._thousandths = 0
        self._last: dict[tuple[int, int], datetime] = {}

    def run(self, rate: int | None, by: str, now: datetime, progress: Progress) -> Summary:
        """Books what is not there yet and answers the summary. `rate` is thousandths of a diamond a coin.

        `progress` hears (bytes read, bytes in all, gifts so far) after each chunk. What it raises, and what Ctrl-C
        raises, stops the run between two chunks with everything before it durable.
        """
        begun = time.monotonic()
        made = imports.open_import(self._connection, self._signer, self._recording, rate, by, now)
        summary = Summary(self._recording.format, self._recording.source, money.plain(made.rate, money.DIAMOND))
        booking = rate is None or rate == made.rate
        if not booking:
            summary.note = (
                f"nothing was booked: this recording was imported at rate {summary.rate} and an import keeps its rate; "
                f"run it without --rate to add what is new at {summary.rate}"
            )
        rows = self._recording.rows(now)
        while chunk := list(islice(rows, CHUNK)):
            self._chunk(made, [row for _, row in chunk], summary, now, booking=booking)
            progress(min(chunk[-1][0], self._recording.size), self._recording.size, summary.gifts)
        self._finish(summary, made, now)
        summary.seconds = round(time.monotonic() - begun, 3)
        return summary

    def _chunk(self, made: Import, rows: Sequence[Row], summary: Summary, now: datetime, *, booking: bool) -> None:
        summary.rows += len(rows)
        summary.free += sum(isinstance(row, Free) for row in rows)
        self._refused += [row for row in rows if isinstance(row, Reject)]
        records = [row for row in rows if isinstance(row, GiftRecord)]
        if not records:
            return
        users = people.ensure(
            self._connection, self._signer, {name for row in records for name in (row.sender, row.creator)}, now
        )
        records = [row for row in records if self._first_of_its_sender(row, users)]
        if not booking:
            self._look_up(records, users, summary)
            return
        orders = self._orders(made, records, users, now)
        for record, answer in zip(records, self._writer.write(orders), strict=True):
            if isinstance(answer, RiviereError):
                self._refused.append(_reject(record, str(answer)))
            else:
                self._count(record, answer, summary)

    def _first_of_its_sender(self, record: GiftRecord, users: dict[str, int]) -> bool:
        """One id is one gift: under another sender it would be booked a second time, so it is rejected."""
        owner = users[record.sender]
        if self._owners.setdefault(_id(self._recording, record), owner) == owner:
            return True
        self._refused.append(_reject(record, f"the id {record.source_id!r} was another sender's before."))
        return False

    def _orders(self, made: Import, records: Sequence[GiftRecord], users: dict[str, int], now: datetime) -> list[Gift]:
        wanted = {(row.item, row.item_name, row.unit_coins, row.combo) for row in records}
        shelf = catalogue.ensure_recorded(self._connection, self._signer, sorted(wanted), now)
        where = places.ensure(
            self._connection,
            self._signer,
            [(users[row.creator], row.place_kind, row.place, row.at) for row in records],
        )
        orders = []
        for row in records:
            creator = users[row.creator]
            place = where[creator, row.place_kind, row.place]
            self._last[creator, place] = max(self._last.get((creator, place), row.at), row.at)
            version = shelf.priced(row.item, row.unit_coins)
            assert version is not None, "ensure_recorded has just made it"
            orders.append(
                Gift(
                    users[row.sender],
                    _id(self._recording, row),
                    _request(row),
                    row.at,
                    creator,
                    row.count,
                    row.streak,
                    row.unit_coins,
                    row.paid_coins,
                    made.rate,
                    version.id,
                    made.policy,
                    place,
                    None,
                    True,
                )
            )
        return orders

    def _count(self, record: GiftRecord, receipt: Receipt, summary: Summary) -> None:
        """Adds a receipt to the totals: a gift seen twice counts once, a streak for as much as it came to."""
        if len(receipt.entries) == receipt.known.legs:
            summary.new += 1
        self._add(receipt.id, receipt.known, summary, streak=record.streak)

    def _add(self, entry: UUID, known: Known, summary: Summary, *, streak: bool) -> None:
        if entry not in self._counted:
            summary.gifts += 1
            coins = thousandths = 0
        elif streak:
            coins, thousandths = self._counted[entry]
        else:
            return
        self._coins += known.coins - coins
        self._thousandths += known.diamonds - thousandths
        # A single gift is only remembered; what a streak came to is needed when it goes on.
        self._counted[entry] = (known.coins, known.diamonds) if streak else _ONCE

    def _look_up(self, records: Sequence[GiftRecord], users: dict[str, int], summary: Summary) -> None:
        """Counts what stands already, where nothing may be booked."""
        wanted = {(users[row.sender], _id(self._recording, row)): row for row in records}
        for (_, entry), known in read_known(self._connection, list(wanted)).items():
            self._add(entry, known, summary, streak=False)

    def _finish(self, summary: Summary, made: Import, now: datetime) -> None:
        places.close_imported(self._connection, self._signer, self._last)
        with self._connection.transaction():
            sign_head(self._connection, self._signer, now)
        summary.coins = self._coins
        summary.diamonds = money.plain(self._thousandths, money.DIAMOND)
        summary.ignored = self._recording.ignored()
        summary.rejected = len(self._refused)
        kept = self._rejects / f"import-{made.id}.jsonl"
        if self._refused:
            draft = kept.with_suffix(".draft")
            draft.write_bytes(b"\n".join(map(msgspec.json.encode, self.refused())) + b"\n")
            draft.replace(kept)
            summary.rejects = str(kept)
        else:
            with suppress(FileNotFoundError):
                kept.unlink()

    def refused(self) -> Iterator[Reject]:
        """The rows that could not be used, by line."""
        return iter(sorted(self._refused, key=lambda reject: reject.line))


def _id(recording: Recording, record: GiftRecord) -> UUID:
    """A recorded gift's id. Both forms of our gift log are one: a log saved in the other form is the same log."""
    family = recording.format.removesuffix("_jsonl").removesuffix("_csv")
    return ids.system_id("import", family, "streak" if record.streak else "gift", record.source_id)


def _request(record: GiftRecord) -> UUID:
    """What makes a row the same row. A streak's count and time move on, so they are no part of it."""
    same = (record.creator, record.item, record.place_kind, record.place)
    if record.streak:
        return ids.request_digest(*same)
    return ids.request_digest(*same, record.count, record.unit_coins, record.paid_coins)


def _reject(record: GiftRecord, reason: str) -> Reject:
    return Reject(record.line, reason, msgspec.json.encode(record).decode())
