"""What one transaction reads, decides on and writes: some orders, from their accounts and ids to durable rows.

A gift comes here twice, both times from `writer.py`: to have read what its rules look at, and, decided, to be written
into the journal of `database/migrations/0001_ledger.sql`. From there `economy/earned/earnings.py` reads it.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
import psycopg
from psycopg import Connection, Cursor
from psycopg.rows import class_row

from riviere import ids
from riviere.clock import hour_of
from riviere.database.sql import array, uuids
from riviere.ledger import merkle, provenance, rows, running
from riviere.ledger.law import HOLDINGS, Kind, is_users
from riviere.ledger.model import Buy, Entry, Gift, Hold, Known, Order, Reverse, Totals
from riviere.ledger.posting import Posting
from riviere.ledger.rules import lookups, receiver
from riviere.ledger.store import SQL, Tip, known_by, read_known, read_queue

#: Rows that are handed to the database at once, so that it stores some while the next are made.
ROWS_AT_ONCE: Final = 500

#: A user and a kind of account.
Account = tuple[int, int]

#: Credits, debits, number of the last entry and turn of an account, as they were read.
Seen = tuple[int, int, int, int]

#: The owner of an entry and its id as a number, which is quicker to look up by.
Pair = tuple[int, int]

_NOTHING: Final[Seen] = (0, 0, 0, 0)

#: The kinds of account that users have.
_USERS: Final = tuple(int(kind) for kind in Kind if is_users(kind))


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
        self._orders: Sequence[Order] = ()
        #: Users whose accounts were read.
        self.owners: set[int] = set()
        self._expected: set[int] = set()
        self._kept: Mapping[Account, Seen] = {}
        self._seen: dict[Account, Seen] = {}
        self._totals: dict[Account, Totals] = {}
        self._asked: dict[Pair, UUID] = {}
        self._known: dict[Pair, Known] = {}
        #: What it books, by owner and id; and which accounts that moves, with what must be as it was seen (`_touches`).
        self.booked: dict[Pair, Known] = {}
        self.touched: dict[Account, int] = {}
        #: What the batch before books, by owner and id.
        self._begun: dict[Pair, Known] = {}
        self._charges: dict[tuple[str, str], tuple[int, UUID]] = {}
        self._recent = 0
        self.checked: list[tuple[Any, ...]] = []
        self.accepted: list[tuple[Order, Posting]] = []
        self._entries: list[Entry] = []

    def ask(
        self, orders: Sequence[Order], kept: Mapping[Account, Seen] | None = None, check: str | None = None
    ) -> None:
        """Asks for what deciding these orders takes, ids last, and before that for the rows of `check`.

        Whoever books one of the ids in between also moves an account, which the write then finds changed: a repeat is
        never booked twice. And a charge that is seen has its purchase seen: a repeat is never taken for another one.

        A creator who only receives is not read whose account is `kept`: it is moved by addition, and where somebody
        else has moved it too, the update says so and the running balances are set right.
        """
        self._orders = orders
        self._kept = kept or {}
        owners = self.owners = {order.owner for order in orders}
        for order in orders:
            if isinstance(order, Gift):
                if receiver(order) not in self._kept:
                    owners.add(order.creator)
            elif isinstance(order, Reverse):
                owners.update(leg.credit_user for leg in self.legs(order.owner, order.gift) if leg.credit_user)
        self._asked = {(owner, entry.int): entry for order in orders for owner, entry in lookups(order)}
        known = known_by((owner, entry) for (owner, _), entry in self._asked.items())
        paid = [order.charge for order in orders if isinstance(order, Buy)]
        self._under_way.enter_context(self.connection.pipeline())
        self._rows_of_check = self.connection.execute(check, binary=True) if check else None
        self._rows_of_accounts = self._run("read_accounts", users=array(sorted(owners)))
        self._rows_of_charges = self._run("read_charges", charges=paid) if paid else ()
        self._rows_of_known = self._run("read_known", **known)

    def read(self) -> None:
        """Waits for what was asked."""
        self._under_way.close()
        self.checked = self._rows_of_check.fetchall() if self._rows_of_check else []
        kept = self._kept
        for order in self._orders:
            if isinstance(order, Gift) and (account := receiver(order)) in kept:
                self._seen[account] = kept[account]
        self._seen.update({row[:2]: row[2:] for row in self._rows_of_accounts})
        self._charges = {row[:2]: row[2:] for row in self._rows_of_charges}
        self._known = {(owner, entry.int): Known(*known) for owner, entry, *known in self._rows_of_known}
        if len(self._orders) == 1 and isinstance(self._orders[0], Hold):
            self._read_hold(self._orders[0])
        if self._before is not None:
            self._go_on_from(self._before)
            self._before = None

    def _go_on_from(self, before: "Batch") -> None:
        """What the batch before leaves behind if nobody else moves it, whether or not it was there to be read yet."""
        both = self.owners & before.owners
        accounts = {(user, kind) for user in both for kind in _USERS} | (self._kept.keys() & self._seen.keys())
        for account in accounts & before.touched.keys():
            self._seen[account] = before.leaves(account)
        self._expected = {user for user in both for kind in _USERS if (user, kind) in before.touched}
        for pair in self._asked.keys() & before.booked.keys():
            self._known[pair] = self._begun[pair] = before.booked[pair]

    def leaves(self, account: Account) -> Seen:
        """An account that it has touched, as it leaves it."""
        totals = self._totals[account]
        return totals.credits, totals.debits, totals.seq, totals.turn

    def _read_hold(self, order: Hold) -> None:
        for row in self._run("read_hold", creator=order.owner, hour=order.immature_from):
            self._seen[row[:2]] = row[2:6]
            self._recent = row[6]

    def _run(self, query: str, **parameters: object) -> Cursor[Any]:
        return self.connection.execute(SQL[query], parameters, binary=True)

    def totals(self, user: int, kind: int) -> Totals:
        """posting.State."""
        account = (user, kind)
        totals = self._totals.get(account)
        if totals is None:
            totals = self._totals[account] = Totals(*self._seen.get(account, _NOTHING))
        return totals

    def known(self, owner: int, entry: UUID) -> Known | None:
        """posting.State."""
        pair = (owner, entry.int)
        return self.booked.get(pair) or self._known.get(pair)

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
        self.booked[receipt.owner, receipt.id.int] = receipt.known
        if isinstance(order, Buy):
            self._charges[order.processor, order.charge] = (order.owner, order.id)
        self.accepted.append((order, posting))

    def in_doubt(self, order: Order) -> bool:
        """Whether a refusal of this order rests on what the batch before was only expected to leave behind."""
        return order.owner in self._expected

    def overtaken(self, order: Order) -> bool:
        """Whether the order's id has been booked since it was looked up."""
        new = (order.owner, order.id.int) not in self._known
        return new and bool(read_known(self.connection, [(order.owner, order.id)]))

    def move(self, connection: Connection[Any]) -> None:
        """Begins the transaction on `connection`: every touched balance moves."""
        self.connection = connection
        self._entries = [entry for _, posting in self.accepted for entry in posting.receipt.entries]
        self.touched = self._touches()
        moved, new = self._moves()
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
        """Says in the receipts when they were booked; a combo, when its first step was."""
        for _, posting in self.accepted:
            receipt = posting.receipt
            known = receipt.known
            if known.legs != len(receipt.entries):
                pair = (receipt.owner, receipt.id.int)
                if (begun := self._begun.get(pair)) is not None:
                    known.booked_at = begun.booked_at
                    continue
                if pair in self._known:
                    continue
            known.booked_at = booked_at

    def drop(self) -> None:
        """Leaves off, wherever it is; nothing of it is written that has not been committed."""
        with suppress(psycopg.Error):
            self._under_way.close()
        if not self.connection.closed:
            self.connection.rollback()

    def _settle(self) -> datetime:
        """Waits for the balances, sets the entries' running balances right, and answers when it was done."""
        *others, (found, _, _, _, _, booked_at) = self._answered.fetchall()
        if found != len(self.touched):
            raise OutOfDate
        shifts = {}
        for user, kind, credited, debited, seq, _ in others:
            now = self._totals[user, kind]
            shifts[user, kind] = Totals(credited - now.credits, debited - now.debits, seq - now.seq)
        if shifts:
            running.shift(self._entries, shifts)
        at: datetime = booked_at
        return at

    def _moves(self) -> tuple[list[tuple[int, ...]], list[Account]]:
        """What is to be added to which accounts and must be as it was seen, in their order; and those that are new."""
        turned = {(posting.receipt.owner, int(Kind.COINS)) for _, posting in self.accepted if posting.turns}
        moved: list[tuple[int, ...]] = []
        new = []
        for account, guard in self.touched.items():
            seen = self._seen.get(account)
            if seen is None:
                seen = _NOTHING
                new.append(account)
            now = self.totals(*account)
            credited, debited, number, turn = seen
            added = now.credits - credited, now.debits - debited, now.seq - number, 1 if account in turned else 0
            moved.append((*account, *added, guard, credited, debited, turn, now.seq))
        # In the order of accounts, so that no two writers lock in different ones.
        return sorted(moved), sorted(new)

    def _touches(self) -> dict[Account, int]:
        """The accounts to be moved: 1 says that their debits must be as seen, 2 their credits and turn as well."""
        touched: dict[Account, int] = {}
        for entry in self._entries:
            if entry.debit_user is not None:
                touched[entry.debit_user, entry.debit_kind] = 1 if entry.debit_kind in HOLDINGS else 0
            if entry.credit_user is not None:
                touched.setdefault((entry.credit_user, entry.credit_kind), 0)
        for order, posting in self.accepted:
            receipt = posting.receipt
            if posting.turns:
                touched.update({(receipt.owner, kind): 2 for kind in (Kind.COINS, Kind.BONUS)})
            elif isinstance(order, Gift) and not order.imported and receipt.known.legs > len(receipt.entries):
                # A combo goes on only if nobody has reversed it since, and a reversal moves no debits: it turns.
                touched[receipt.owner, Kind.COINS] = 2
        return touched

    def _write_beside(self) -> None:
        """The rows that stand beside the journal: charges, words, wishes, and those of exceptional events."""
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
        hidden = [
            posting.receipt
            for order, posting in self.accepted
            # A combo's later steps are what its first one was: another wish makes them another request.
            if isinstance(order, Gift) and order.anonymous
            if posting.receipt.known.legs == len(posting.receipt.entries)
        ]
        if hidden:
            owners = array(receipt.owner for receipt in hidden)
            self._run("add_anonymous", owners=owners, ids=uuids(receipt.id for receipt in hidden))
        said = [
            (order, order.words, entry)
            for order, posting in self.accepted
            if isinstance(order, Gift) and order.words
            for entry in posting.receipt.entries
            if entry.message
        ]
        if said:
            self._run(
                "add_messages",
                owners=array(entry.owner for _, _, entry in said),
                ids=uuids(entry.id for _, _, entry in said),
                legs=array(entry.leg for _, _, entry in said),
                salts=[words.salt for _, words, _ in said],
                bodies=[words.body for _, words, _ in said],
                creators=array(0 if order.imported else order.creator for order, _, _ in said),
                places=array(order.place for order, _, _ in said),
                booked_at=said[0][2].booked_at,
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
