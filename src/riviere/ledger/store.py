"""The only place that runs the ledger's statements. `Batch` is what one transaction reads, decides on and writes.

A gift comes here twice, both times from `writer.py`: to have read what its rules look at, and, decided, to be written
into the journal of `database/migrations/0001_ledger.sql`. From there `economy/earnings.py` reads it.
"""

from collections.abc import Container, Iterable, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from psycopg import Connection, Cursor
from psycopg.rows import class_row, tuple_row

from riviere import ids
from riviere.clock import hour_of
from riviere.database.sql import array, load, uuids
from riviere.ledger import merkle, provenance, rows, running
from riviere.ledger.law import HOLDINGS, Kind
from riviere.ledger.model import Buy, Entry, Gift, Hold, Hole, Known, Order, Origin, Reverse, Totals
from riviere.ledger.posting import Posting
from riviere.ledger.rules import lookups, receiver

SQL = load("riviere.ledger")

#: Rows that are handed to the database at once, so that it stores some while the next are made.
ROWS_AT_ONCE: Final = 500

#: A user and a kind of account.
Account = tuple[int, int]

_NOTHING: Final = Totals()


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
    """What one transaction reads, decides on and writes. Implements posting.State.

    Its way is `ask` and `read`, then `accept` for each order that stands, then `move`, `store` and `end`. What `ask`,
    `move` and `store` send is not waited for: whoever writes does other work while the database does it.

    A batch may be read while the one `before` it is still being written: then it goes on from what that one will leave
    behind, and may be written only if that one was kept as it had been decided.
    """

    def __init__(self, connection: Connection[Any], before: "Batch | None" = None) -> None:
        """`connection` is what it reads through; one in autocommit will do."""
        #: What it reads through, and once it moves writes through.
        self.connection = connection
        self._before = before
        self._under_way = ExitStack()
        #: Users whose accounts were read.
        self.owners: set[int] = set()
        self._expected: set[int] = set()
        self._read: dict[Account, Totals] = {}
        self._totals: dict[Account, Totals] = {}
        self._known: dict[tuple[int, UUID], Known] = {}
        self._charges: dict[tuple[str, str], tuple[int, UUID]] = {}
        self._recent = 0
        self.accepted: list[tuple[Order, Posting]] = []
        #: What the batch before books, by owner and id.
        self.begun: dict[tuple[int, UUID], Known] = {}
        self._entries: list[Entry] = []
        self._moved = 0

    def ask(self, orders: Sequence[Order], there: Container[Account] = ()) -> None:
        """Asks for what deciding these orders takes, ids last.

        Whoever books one of the ids in between also moves an account, which the write then finds changed: a repeat is
        never booked twice. And a charge that is seen has its purchase seen: a repeat is never taken for another one.

        A creator who only receives is not read if the account is known to be `there`: it is moved by addition, and what
        the update answers sets the running balances right.
        """
        owners = {order.owner for order in orders}
        for order in orders:
            if isinstance(order, Gift):
                if receiver(order) not in there:
                    owners.add(order.creator)
            elif isinstance(order, Reverse):
                owners.update(leg.credit_user for leg in self.legs(order.owner, order.gift) if leg.credit_user)
        self.owners = owners
        paid = [order.charge for order in orders if isinstance(order, Buy)]
        self._orders = orders
        self._under_way.enter_context(self.connection.pipeline())
        self._accounts = self._run("read_accounts", users=array(sorted(owners)))
        self._paid = self._run("read_charges", charges=paid) if paid else ()
        self._ids = _ask_known(self.connection, dict.fromkeys(pair for order in orders for pair in lookups(order)))

    def read(self) -> None:
        """Waits for what was asked."""
        self._under_way.close()
        self._read = {(user, kind): Totals(*totals) for user, kind, *totals in self._accounts}
        self._charges = {(processor, charge): (owner, entry) for processor, charge, owner, entry in self._paid}
        self._known = _known_of(self._ids)
        if len(self._orders) == 1 and isinstance(self._orders[0], Hold):
            self._read_hold(self._orders[0])
        if self._before is not None:
            self._go_on_from(self._before)
            self._before = None

    def _go_on_from(self, before: "Batch") -> None:
        """What the batch before leaves behind, whether or not it was there to be read yet."""
        owners = self.owners & before.owners
        for account, totals in before.expected():
            if account[0] in owners:
                self._read[account] = totals
                self._expected.add(account[0])
        for _, posting in before.accepted:
            receipt = posting.receipt
            self._known[receipt.owner, receipt.id] = self.begun[receipt.owner, receipt.id] = receipt.known

    def expected(self) -> Iterable[tuple[Account, Totals]]:
        """What it moves, as it leaves that behind if nobody else moves it; of who is no owner, only what it adds."""
        nothing = _NOTHING
        return (
            (account, totals)
            for account, totals in self._totals.items()
            if totals.seq != self._read.get(account, nothing).seq
        )

    def _read_hold(self, order: Hold) -> None:
        for user, kind, *totals, recent in self._run("read_hold", creator=order.owner, hour=order.immature_from):
            self._read[user, kind] = Totals(*totals)
            self._recent = recent

    def _run(self, query: str, **parameters: object) -> Cursor[Any]:
        return self.connection.execute(SQL[query], parameters, binary=True)

    def totals(self, user: int, kind: int) -> Totals:
        """posting.State. Of an account that was not read, what this batch adds to it."""
        account = (user, kind)
        totals = self._totals.get(account)
        if totals is None:
            read = self._read.get(account, _NOTHING)
            totals = self._totals[account] = Totals(read.credits, read.debits, read.seq, read.turn)
        return totals

    def known(self, owner: int, entry: UUID) -> Known | None:
        """posting.State."""
        return self._known.get((owner, entry))

    def legs(self, owner: int, entry: UUID) -> list[Entry]:
        """posting.State."""
        with self.connection.cursor(row_factory=class_row(Entry)) as cursor:
            return cursor.execute(SQL["read_legs"], {"owner": owner, "id": entry}).fetchall()

    def queue(self, owner: int, axis: int) -> provenance.Queue:
        """posting.State."""
        return read_queue(self.connection, owner, axis, self.totals(owner, axis))

    def earned_since(self, creator: int, hour: datetime) -> int:  # noqa: ARG002 - read for exactly this hold
        """posting.State."""
        return self._recent

    def charge_owner(self, processor: str, charge: str) -> tuple[int, UUID] | None:
        """posting.State."""
        return self._charges.get((processor, charge))

    def accept(self, order: Order, posting: Posting) -> None:
        """Takes what was decided into the batch; later orders see it."""
        receipt = posting.receipt
        self._known[receipt.owner, receipt.id] = receipt.known
        if isinstance(order, Buy):
            self._charges[order.processor, order.charge] = (order.owner, order.id)
        self.accepted.append((order, posting))

    def in_doubt(self, order: Order) -> bool:
        """Whether a refusal of this order rests on what the batch before was only expected to leave behind."""
        return order.owner in self._expected

    def overtaken(self, order: Order) -> bool:
        """Whether the order's id has been booked since it was looked up."""
        pair = (order.owner, order.id)
        return pair not in self._known and bool(read_known(self.connection, [pair]))

    def move(self, connection: Connection[Any]) -> None:
        """Begins the transaction on `connection`: every touched balance moves."""
        self.connection = connection
        self._entries = [entry for _, posting in self.accepted for entry in posting.receipt.entries]
        moved, new = self._moves(self._entries)
        self._moved = len(moved)
        columns = zip(*moved, strict=True) if moved else ((),) * len(_COLUMNS_OF_A_MOVE)
        arrays = {name: array(column) for name, column in zip(_COLUMNS_OF_A_MOVE, columns, strict=True)}
        self._under_way.enter_context(connection.pipeline())
        if new:
            self._run("add_accounts", users=array(user for user, _ in new), kinds=array(kind for _, kind in new))
        self._answered = self._run("move_accounts", **arrays)

    def store(self, tip: Tip, row_type: int) -> Tip:
        """Waits for the balances, stores the rows and ends the transaction. Answers what the chain's new end will be.

        `row_type` is the database's number for the journal's rows. Raises OutOfDate.
        """
        entries, number = self._entries, tip.number + 1
        booked_at = max(self._settle(), tip.booked_at)
        for position, entry in enumerate(entries):
            entry.booked_at, entry.writer, entry.batch, entry.position = booked_at, tip.writer, number, position
        salt = ids.salt(32)
        leaves: list[bytes] = []
        for begin in range(0, len(entries), ROWS_AT_ONCE):
            some = entries[begin : begin + ROWS_AT_ONCE]
            self._run("add_entries", rows=rows.array_of(some, row_type))
            leaves += [merkle.leaf(entry, salt) for entry in some]
        tree = merkle.root(leaves)
        after = Tip(tip.writer, number, tip.entries + len(entries), b"", booked_at)
        after.hash = merkle.batch_hash(tip.writer, number, len(entries), after.entries, booked_at, tree, tip.hash)
        link = {"writer": tip.writer, "number": number, "entries": after.entries, "previous": tip.hash}
        figures = {"count": len(entries), "booked_at": booked_at, "salt": salt, "root": tree, "hash": after.hash}
        self._write_beside()
        self._run("close_batch", **link, **figures, **_earnings(entries, booked_at))
        self._run("commit")
        return after

    def end(self) -> None:
        """Waits until the transaction is durable. Raises what the database says to what no longer fits."""
        self._under_way.close()

    def date(self, booked_at: datetime) -> None:
        """Says in the receipts when they were booked."""
        begun: dict[tuple[int, UUID], Known] = {}
        for _, posting in self.accepted:
            receipt = posting.receipt
            known, pair = receipt.known, (receipt.owner, receipt.id)
            if known.legs == len(receipt.entries):
                known.booked_at = booked_at
                begun[pair] = known
            elif (first := begun.get(pair) or self.begun.get(pair)) is not None:
                # A combo that was begun in this batch, or in the one before while this was decided.
                known.booked_at = first.booked_at

    def drop(self) -> None:
        """Leaves off, wherever it is; nothing of it is written that has not been committed."""
        with suppress(psycopg.Error):
            self._under_way.close()
        if not self.connection.closed:
            self.connection.rollback()

    def _settle(self) -> datetime:
        """Waits for the balances, sets the entries' running balances right, and answers when it was done."""
        *others, (found, _, _, _, _, booked_at) = self._answered.fetchall()
        if found != self._moved:
            raise OutOfDate
        shifts = {}
        for user, kind, credited, debited, seq, _ in others:
            now = self._totals[user, kind]
            shifts[user, kind] = Totals(credited - now.credits, debited - now.debits, seq - now.seq)
        if shifts:
            running.shift(self._entries, shifts)
        at: datetime = booked_at
        return at

    def _moves(self, entries: Sequence[Entry]) -> tuple[list[tuple[int, ...]], list[Account]]:
        """What is to be added to which accounts and must be as it was read, in their order; and those that are new."""
        guards = self._guards(entries)
        turned = {(posting.receipt.owner, int(Kind.COINS)) for _, posting in self.accepted if posting.turns}
        for account in guards:
            self.totals(*account)
        moved: list[tuple[int, ...]] = []
        new = []
        for account, now in self._totals.items():
            seen, guard = self._read.get(account), guards.get(account, 0)
            if seen is None:
                if not guard and not now.seq:
                    continue
                seen = _NOTHING
                if account[0] in self.owners:
                    new.append(account)
            elif not guard and now.seq == seen.seq:
                continue
            user, kind = account
            credited, debited = seen.credits, seen.debits
            added = now.credits - credited, now.debits - debited, now.seq - seen.seq, 1 if account in turned else 0
            moved.append((user, kind, *added, guard, credited, debited, seen.turn, now.seq))
        # In the order of accounts, so that no two writers lock in different ones.
        return sorted(moved), sorted(new)

    def _guards(self, entries: Sequence[Entry]) -> dict[Account, int]:
        """The accounts that must be as they were read: 1 says their debits, 2 their credits and turn as well."""
        guards: dict[Account, int] = {}
        for entry in entries:
            if entry.debit_user is not None and entry.debit_kind in HOLDINGS:
                guards[entry.debit_user, entry.debit_kind] = 1
        for order, posting in self.accepted:
            receipt = posting.receipt
            if posting.turns:
                guards.update({(receipt.owner, kind): 2 for kind in (Kind.COINS, Kind.BONUS)})
            elif isinstance(order, Gift) and not order.imported and receipt.known.legs > len(receipt.entries):
                # A combo goes on only if nobody has reversed it since, and a reversal moves no debits: it turns.
                guards[receipt.owner, Kind.COINS] = 2
        return guards

    def _write_beside(self) -> None:
        """The rows that stand beside the journal: charges, words, and those of exceptional events."""
        bought = [order for order, _ in self.accepted if isinstance(order, Buy)]
        if bought:
            self._run(
                "add_charges",
                charges=[order.charge for order in bought],
                processors=[order.processor for order in bought],
                owners=array(order.owner for order in bought),
                purchases=uuids(order.id for order in bought),
                amounts=array(order.price for order in bought),
                currencies=[order.currency for order in bought],
            )
        said = [
            (order.words, entry)
            for order, posting in self.accepted
            if isinstance(order, Gift) and order.words
            for entry in posting.receipt.entries
            if entry.message
        ]
        if said:
            self._run(
                "add_messages",
                owners=array(entry.owner for _, entry in said),
                ids=uuids(entry.id for _, entry in said),
                legs=array(entry.leg for _, entry in said),
                salts=[words.salt for words, _ in said],
                bodies=[words.body for words, _ in said],
            )
        for _, posting in self.accepted:
            for hole in posting.holes:
                self._run("add_hole", **_fields(hole))
            for origin in posting.origins:
                self._run("add_origin", **_fields(origin))
            for creator, hour, diamonds in posting.undone:
                self._run("add_undone", creator=creator, hour=hour, diamonds=diamonds)


_COLUMNS_OF_A_MOVE: Final = (
    *("users", "kinds", "credits", "debits", "moves", "turns", "guards"),
    *("seen_credits", "seen_debits", "seen_turns", "seqs"),
)


def _earnings(entries: Iterable[Entry], booked_at: datetime) -> dict[str, Any]:
    """The columns of what creators earned by these entries, each creator once, in order."""
    found = sorted(running.earned(entries).items())
    return {
        "creators": array(creator for creator, _ in found),
        "hour": hour_of(booked_at),
        "earned": array(own for _, (own, _) in found),
        "unbacked": array(unbacked for _, (_, unbacked) in found),
    }


def _fields(row: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(row)


def plan_by_index(connection: Connection[Any]) -> None:
    """Has this connection look rows up by their keys, whatever its statistics say.

    Where those are old, joining a few ids with the journal once read all of an owner's entries: 565 ms, not 2.
    """
    connection.execute(SQL["plan_by_index"])


def read_known(connection: Connection[Any], asked: Iterable[tuple[int, UUID]]) -> dict[tuple[int, UUID], Known]:
    """What is booked under these (owner, id), which must all be different; those that are not there are left out."""
    return _known_of(_ask_known(connection, asked))


def _ask_known(connection: Connection[Any], asked: Iterable[tuple[int, UUID]]) -> Cursor[Any]:
    pairs = list(asked)
    parameters = {"owners": array(owner for owner, _ in pairs), "ids": uuids(entry for _, entry in pairs)}
    return connection.execute(SQL["read_known"], parameters, binary=True)


def _known_of(found: Iterable[Any]) -> dict[tuple[int, UUID], Known]:
    return {(owner, entry): Known(*known) for owner, entry, *known in found}


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
