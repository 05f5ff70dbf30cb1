"""The only place that runs the ledger's statements. `Batch` is what one transaction reads, decides on and writes.

A gift comes here twice, both times from `writer.py`: to have read what its rules look at, and, decided, to be written
into the journal of `database/migrations/0001_ledger.sql`. From there `economy/earnings.py` reads it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import Connection
from psycopg.rows import class_row, tuple_row

from riviere import ids
from riviere.clock import hour_of
from riviere.database.sql import array, load
from riviere.ledger import merkle, provenance
from riviere.ledger.law import GIFTS, Kind, Route
from riviere.ledger.model import Buy, Entry, Gift, Hold, Hole, Known, Order, Origin, Reverse, Totals
from riviere.ledger.posting import Posting
from riviere.ledger.rules import guards, lookups, touched

SQL = load("riviere.ledger")

#: The journal's columns, in the order of Entry's fields, as COPY's binary format types them.
ENTRY_TYPES = (
    *("int8", "uuid", "int4", "int2", "int2", "int2", "int4"),
    *("int8",) * 10,
    *("timestamptz", "timestamptz", "uuid", "int2", "int4", "int8"),
    *("int8", "int4", "int4", "int4", "text", "uuid", "timestamptz", "bytea"),
)

EARNING = (Route.GIFT, Route.GIFT_BONUS, Route.IMPORT_RELEASE)


class Tip(msgspec.Struct):
    """The end of a writer's chain of batches."""

    writer: int
    number: int
    entries: int
    hash: bytes
    booked_at: datetime


class OutOfDate(Exception):
    """Somebody else moved an account between our reading and our writing."""


class Batch:
    """One transaction's view of the ledger. Implements posting.State; `load` first, `write` last."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._read: dict[tuple[int, int], Totals] = {}
        self._totals: dict[tuple[int, int], Totals] = {}
        self._known: dict[tuple[int, UUID], Known] = {}
        self._charges: dict[tuple[str, str], tuple[int, UUID]] = {}
        self._recent = 0

    def load(self, orders: Sequence[Order]) -> None:
        """Reads what deciding these orders takes, ids last.

        Whoever books one of the ids in between also moves an account, which the write then finds changed: a repeat is
        never booked twice. And a charge that is seen has its purchase seen: a repeat is never taken for another one.
        """
        accounts = {account for order in orders for account in touched(order)}
        for order in orders:
            if isinstance(order, Reverse):
                legs = self.legs(order.owner, order.gift)
                accounts.update((leg.credit_user, Kind.OWED) for leg in legs if leg.credit_user and leg.route in GIFTS)
        self._read_accounts(sorted(accounts))
        if len(orders) == 1 and isinstance(orders[0], Hold):
            self._read_hold(orders[0])
        charges = [order.charge for order in orders if isinstance(order, Buy)]
        if charges:
            for processor, charge, *purchase in self._connection.execute(SQL["read_charges"], {"charges": charges}):
                self._charges[processor, charge] = (purchase[0], purchase[1])
        asked = list(dict.fromkeys(pair for order in orders for pair in lookups(order)))
        self._known = read_known(self._connection, asked)

    def _read_accounts(self, accounts: Sequence[tuple[int, int]]) -> None:
        for user, kind, *totals in self._connection.execute(SQL["read_accounts"], _columns(accounts)).fetchall():
            self._read[user, kind] = Totals(*totals)
        missing = [account for account in accounts if account not in self._read]
        if missing:
            self._connection.execute(SQL["add_accounts"], _columns(missing))
            self._read.update((account, Totals()) for account in missing)
        self._totals = {account: msgspec.structs.replace(totals) for account, totals in self._read.items()}

    def _read_hold(self, order: Hold) -> None:
        parameters = {"creator": order.owner, "hour": order.immature_from}
        for user, kind, *totals, recent in self._connection.execute(SQL["read_hold"], parameters):
            self._read[user, kind] = Totals(*totals)
            self._totals[user, kind] = Totals(*totals)
            self._recent = recent

    def totals(self, user: int, kind: int) -> Totals:
        """posting.State."""
        return self._totals[user, kind]

    def known(self, owner: int, entry: UUID) -> Known | None:
        """posting.State."""
        return self._known.get((owner, entry))

    def legs(self, owner: int, entry: UUID) -> list[Entry]:
        """posting.State."""
        return self._entries("read_legs", owner=owner, id=entry)

    def queue(self, owner: int, axis: int) -> provenance.Queue:
        """posting.State."""
        return read_queue(self._connection, owner, axis, self._totals[owner, axis])

    def earned_since(self, creator: int, hour: datetime) -> int:  # noqa: ARG002 - read for exactly this hold
        """posting.State."""
        return self._recent

    def charge_owner(self, processor: str, charge: str) -> tuple[int, UUID] | None:
        """posting.State."""
        return self._charges.get((processor, charge))

    def accept(self, order: Order, posting: Posting) -> None:
        """Lets later orders of the same batch see what this one booked."""
        receipt = posting.receipt
        self._known[receipt.owner, receipt.id] = receipt.known
        if isinstance(order, Buy):
            self._charges[order.processor, order.charge] = (order.owner, order.id)

    def overtaken(self, order: Order) -> bool:
        """Whether the order's id has been booked since it was looked up."""
        pair = (order.owner, order.id)
        return pair not in self._known and bool(read_known(self._connection, [pair]))

    def _entries(self, query: str, **parameters: object) -> list[Entry]:
        with self._connection.cursor(row_factory=class_row(Entry)) as cursor:
            return cursor.execute(SQL[query], parameters).fetchall()

    def write(self, accepted: Sequence[tuple[Order, Posting]], tip: Tip) -> Tip:
        """Writes what was decided as one batch and answers the chain's new end. Raises OutOfDate."""
        entries = [entry for _, posting in accepted for entry in posting.receipt.entries]
        booked_at = max(self._move(accepted, entries), tip.booked_at)
        number = tip.number + 1
        for position, entry in enumerate(entries):
            entry.booked_at, entry.writer, entry.batch, entry.position = booked_at, tip.writer, number, position
        salt = ids.salt(32)
        tree = merkle.root([merkle.leaf(entry, salt) for entry in entries])
        after = Tip(tip.writer, number, tip.entries + len(entries), b"", booked_at)
        after.hash = merkle.batch_hash(tip.writer, number, len(entries), after.entries, booked_at, tree, tip.hash)
        run = self._connection.execute
        with self._connection.cursor() as cursor, cursor.copy(SQL["copy_entries"]) as copy:
            copy.set_types(ENTRY_TYPES)
            for entry in entries:
                copy.write_row(msgspec.structs.astuple(entry))
        self._add_earnings(entries, booked_at)
        for order, posting in accepted:
            self._write_beside(order, posting)
        link = {"writer": tip.writer, "number": number, "entries": after.entries, "previous": tip.hash}
        run(
            SQL["add_batch"],
            link | {"count": len(entries), "booked_at": booked_at, "salt": salt, "root": tree, "hash": after.hash},
        )
        if run(SQL["move_tip"], link | {"hash": after.hash}).rowcount != 1:
            raise OutOfDate
        return after

    def _move(self, accepted: Sequence[tuple[Order, Posting]], entries: Sequence[Entry]) -> datetime:
        """Moves every touched balance, sets the entries' running balances right, and answers when it was done."""
        guarded = dict.fromkeys((account for _, posting in accepted for account in guards(posting)), 1)
        turned = set()
        for order, posting in accepted:
            receipt = posting.receipt
            if posting.turns:
                turned.add((receipt.owner, int(Kind.COINS)))
                guarded.update({(receipt.owner, kind): 2 for kind in (Kind.COINS, Kind.BONUS)})
            elif isinstance(order, Gift) and not order.imported and receipt.known.legs > len(receipt.entries):
                # A combo goes on only if nobody has reversed it since, and a reversal moves no debits: it turns.
                guarded[receipt.owner, Kind.COINS] = 2
        moved = []
        for account in sorted(self._totals):
            seen, now = self._read[account], self._totals[account]
            if now.seq != seen.seq or account in guarded:
                moved.append((account, seen, now, int(account in turned), guarded.get(account, 0)))
        rows = self._connection.execute(
            SQL["move_accounts"],
            {
                **_columns([account for account, *_ in moved]),
                "credits": array(now.credits - seen.credits for _, seen, now, _, _ in moved),
                "debits": array(now.debits - seen.debits for _, seen, now, _, _ in moved),
                "moves": array(now.seq - seen.seq for _, seen, now, _, _ in moved),
                "turns": array(turns for *_, turns, _ in moved),
                "guards": array(guard for *_, guard in moved),
                "seen_credits": array(seen.credits for _, seen, *_ in moved),
                "seen_debits": array(seen.debits for _, seen, *_ in moved),
                "seen_turns": array(seen.turn for _, seen, *_ in moved),
            },
        ).fetchall()
        if len(rows) != len(moved):
            raise OutOfDate
        shifts = {}
        for user, kind, credited, debited, seq, _ in rows:
            now = self._totals[user, kind]
            if (credited, debited, seq) != (now.credits, now.debits, now.seq):
                shifts[user, kind] = Totals(credited - now.credits, debited - now.debits, seq - now.seq)
        if shifts:
            shift(entries, shifts)
        booked: datetime = max(row[5] for row in rows) if rows else self._now()
        return booked

    def _now(self) -> datetime:
        """The database's clock, for an entry that moves no user's account."""
        row = self._connection.execute(SQL["read_clock"]).fetchone()
        assert row is not None
        instant: datetime = row[0]
        return instant

    def _add_earnings(self, entries: Iterable[Entry], booked_at: datetime) -> None:
        earned: dict[int, list[int]] = {}
        for entry in entries:
            if entry.credit_user is None:
                continue
            if entry.route in EARNING:
                earned.setdefault(entry.credit_user, [0, 0])[0] += entry.credit_amount
            elif entry.route == Route.GIFT_IMPORTED:
                earned.setdefault(entry.credit_user, [0, 0])[1] += entry.credit_amount
        if earned:
            creators = sorted(earned)
            self._connection.execute(
                SQL["add_earnings"],
                {
                    "creators": creators,
                    "hours": [hour_of(booked_at)] * len(creators),
                    "earned": [earned[creator][0] for creator in creators],
                    "unbacked": [earned[creator][1] for creator in creators],
                },
            )

    def _write_beside(self, order: Order, posting: Posting) -> None:
        """The rows that stand beside the journal: words, charges, and those of exceptional events."""
        run = self._connection.execute
        if isinstance(order, Gift) and order.words:
            leg = next(entry.leg for entry in posting.receipt.entries if entry.message)
            run(SQL["add_message"], {"owner": order.owner, "id": order.id, "leg": leg} | _fields(order.words))
        if isinstance(order, Buy):
            run(SQL["add_charge"], _fields(order) | {"purchase": order.id})
        for hole in posting.holes:
            run(SQL["add_hole"], _fields(hole))
        for origin in posting.origins:
            run(SQL["add_origin"], _fields(origin))
        for creator, hour, diamonds in posting.undone:
            run(SQL["add_undone"], {"creator": creator, "hour": hour, "diamonds": diamonds})


def _columns(accounts: Sequence[tuple[int, int]]) -> dict[str, str]:
    return {"users": array(user for user, _ in accounts), "kinds": array(kind for _, kind in accounts)}


def _fields(row: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(row)


def shift(entries: Iterable[Entry], shifts: dict[tuple[int, int], Totals]) -> None:
    """Moves running balances by what others added to an account while this batch was decided."""
    for entry in entries:
        if entry.debit_user is not None:
            by = shifts.get((entry.debit_user, entry.debit_kind))
            if by is not None:
                entry.debit_start, entry.debit_balance, entry.debit_seq = _shifted(
                    entry.debit_start, by.debits, entry.debit_balance, entry.debit_kind, by, entry.debit_seq
                )
        if entry.credit_user is not None:
            by = shifts.get((entry.credit_user, entry.credit_kind))
            if by is not None:
                entry.credit_start, entry.credit_balance, entry.credit_seq = _shifted(
                    entry.credit_start, by.credits, entry.credit_balance, entry.credit_kind, by, entry.credit_seq
                )


def _shifted(
    start: int | None, further: int, balance: int | None, kind: int, by: Totals, seq: int | None
) -> tuple[int, int, int]:
    assert start is not None
    assert balance is not None
    assert seq is not None
    difference = by.credits - by.debits
    return start + further, balance + (-difference if kind == Kind.OWED else difference), seq + by.seq


def plan_by_index(connection: Connection[Any]) -> None:
    """Has this connection look rows up by their keys, whatever its statistics say.

    Where those are old, joining a few ids with the journal once read all of an owner's entries: 565 ms, not 2.
    """
    connection.execute(SQL["plan_by_index"])


def read_known(connection: Connection[Any], asked: Sequence[tuple[int, UUID]]) -> dict[tuple[int, UUID], Known]:
    """What is booked under these (owner, id), which must all be different; those that are not there are left out."""
    parameters = {"owners": array(owner for owner, _ in asked), "ids": array(entry for _, entry in asked)}
    rows = connection.execute(SQL["read_known"], parameters)
    return {(owner, entry): Known(*known) for owner, entry, *known in rows}


def read_queue(connection: Connection[Any], owner: int, axis: int, totals: Totals) -> provenance.Queue:
    """A coin account as provenance sees it, with the totals that were read before."""
    parameters = {"owner": owner, "axis": axis}
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        came_in = cursor.execute(SQL["read_credits"], parameters).fetchall()
        went_out = cursor.execute(SQL["read_removals"], parameters).fetchall()
    with connection.cursor(row_factory=tuple_row) as cursor:
        origins = [Origin(*row) for row in cursor.execute(SQL["read_origins"], parameters)]
        holes = [Hole(*row) for row in cursor.execute(SQL["read_holes"], parameters)]
    return provenance.queue_of(axis, came_in, went_out, origins, holes, totals)
