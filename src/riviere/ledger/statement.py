"""What an account held at any moment, and its statement: every entry, with proofs that an outsider can check alone."""

import json
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from riviere.errors import RiviereError
from riviere.ledger import merkle, proof
from riviere.ledger.evidence import Signer, batch_hashes, head_over, sign_head
from riviere.ledger.law import KINDS, Kind
from riviere.ledger.model import Entry
from riviere.ledger.proof import BatchProof, Line, Proof, SignedHead, Statement
from riviere.ledger.store import SQL


class StatementTooLong(RiviereError):
    """This period has more than {most:,} {what}; ask for a shorter one."""

    code = "statement_too_long"


#: The shortest time there is: what is booked at an instant is booked before the tick after it.
_TICK: Final = timedelta(microseconds=1)


class Past(NamedTuple):
    """An account as it stood before an instant: the number of its last entry (0: none yet), the balance after it."""

    seq: int
    balance: int


def balance_at(connection: Connection[Any], user: int, kind: Kind, instant: datetime | None = None) -> int:
    """What the account holds (for a debt: owes) in its smallest unit, now or as it stood at `instant`.

    The past is in the journal: each entry keeps the balance after it.
    """
    if instant is not None:
        return past(connection, user, kind, instant + _TICK).balance
    row = connection.execute(SQL["read_balance"], {"user": user, "kind": kind}).fetchone()
    return int(row[0]) if row else 0


def past(connection: Connection[Any], user: int, kind: Kind, instant: datetime) -> Past:
    """How the account stood when all that was booked before `instant` had been booked, and nothing else."""
    parameters = {"user": user, "kind": kind, "instant": instant}
    row = connection.execute(SQL["read_past"], parameters).fetchone()
    return Past(*row) if row else Past(0, 0)


def entries(connection: Connection[Any], user: int, kind: Kind, before: int | None, limit: int) -> list[Line]:
    """The lines of one account, newest first: `limit` at the most, numbered below `before` if given."""
    if before is None:
        row = connection.execute(SQL["read_last"], {"user": user, "kind": kind}).fetchone()
        before = row[0] + 1 if row else 1
    return _lines(connection, user, kind, before - 1 - limit, before - 1)[::-1]


def settled(connection: Connection[Any], user: int, kind: Kind) -> datetime:
    """An instant before which nothing more will be booked on the account. `connection` is in autocommit.

    An entry gets its time while the account is held for it, so whoever holds it at this moment is waited for.
    """
    row = connection.execute(SQL["read_clock"]).fetchone()
    assert row is not None
    if connection.execute(SQL["wait_for_account"], {"user": user, "kind": kind}).fetchone() is None:
        # Not there yet, or being added by somebody whose first entry is under way: then this waits for them.
        connection.execute(SQL["add_accounts"], {"users": [user], "kinds": [kind]})
    instant: datetime = row[0]
    return instant


def statement(
    connection: Connection[Any], user: int, kind: Kind, since: datetime, until: datetime, most: int | None = None
) -> Statement:
    """The entries of one account booked from `since` on and before `until`, between its balances at both ends.

    Raises StatementTooLong for more than `most` lines.
    """
    before, last = past(connection, user, kind, since), past(connection, user, kind, until)
    if most is not None and last.seq - before.seq > most:
        raise StatementTooLong(most=most, what="lines")
    lines = _lines(connection, user, kind, before.seq, last.seq)
    return Statement(proof.VERSION, user, KINDS[kind].name, since, until, before.balance, last.balance, lines)


def _lines(connection: Connection[Any], user: int, kind: Kind, after: int, upto: int) -> list[Line]:
    """The lines numbered after one number and up to another, in order."""
    parameters = {"user": user, "kind": kind, "after": after, "upto": upto}
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        found = cursor.execute(SQL["read_lines"], parameters).fetchall()
    return sorted((line_of(entry, user, kind) for entry in found), key=lambda line: line.seq)


def burden(connection: Connection[Any], document: Statement) -> int:
    """What proving it would read: the entries, anybody's, of all the batches that hold its lines."""
    batches = sorted({(line.entry.writer, line.entry.batch) for line in document.lines})
    columns = {"writers": [writer for writer, _ in batches], "numbers": [number for _, number in batches]}
    row = connection.execute(SQL["count_batches"], columns).fetchone()
    assert row is not None
    return int(row[0])


class _Cover(NamedTuple):
    """A head, the batches of each writer that it covers (first and last), and the tree over them."""

    head: SignedHead
    spans: dict[str, list[int]]
    tree: list[list[bytes]]

    def holds(self, writer: int, number: int) -> bool:
        """Whether it covers this batch."""
        first, last = self.spans.get(str(writer), (1, 0))
        return first <= number <= last


def prove(connection: Connection[Any], signer: Signer, document: Statement, now: datetime) -> None:
    """Makes a statement one that can be handed over: proofs, no balance of anybody else, a signature over it all.

    Signs a head first, in a transaction of its own, so that every line is under one.
    """
    with connection.transaction():
        sign_head(connection, signer, now)
    batches: dict[tuple[int, int], list[Line]] = defaultdict(list)
    for line in document.lines:
        batches[line.entry.writer, line.entry.batch].append(line)
    covers: dict[int, _Cover] = {}
    cover: _Cover | None = None
    for writer, number in sorted(batches):
        batch, salt, leaves = _batch(connection, writer, number)
        if cover is None or not cover.holds(writer, number):
            cover = _cover(connection, covers, writer, number)
        batch.head = cover.head.number
        batch.path = merkle.path(cover.tree, cover.tree[0].index(batch.hash))
        document.batches.append(batch)
        _prove_lines(batches[writer, number], salt, leaves)
    document.heads = [covers[number].head for number in sorted(covers)]
    document.public_key = signer.public_key
    document.signature = signer.sign(proof.digest(document))


def _debits(entry: Entry, user: int, kind: Kind) -> bool:
    return (entry.debit_user, entry.debit_kind) == (user, kind)


def line_of(entry: Entry, user: int, kind: Kind) -> Line:
    """One entry as the holder of one of its two accounts sees it."""
    side: proof.Side = "debit" if _debits(entry, user, kind) else "credit"
    seq, balance, start = (getattr(entry, f"{side}_{figure}") for figure in ("seq", "balance", "start"))
    return Line(seq, proof.amount(entry, side), balance, start, side, entry)


def _batch(connection: Connection[Any], writer: int, number: int) -> tuple[BatchProof, bytes, list[bytes]]:
    """A batch, the salt that is nobody's to see, and the leaves of its tree."""
    parameters = {"writer": writer, "number": number}
    row = connection.execute(SQL["read_batch"], parameters).fetchone()
    assert row is not None, "an entry lies in a batch"
    count, entries_upto, booked_at, salt, root, previous, link = row[2:]
    batch = BatchProof(writer, number, count, entries_upto, booked_at, root, previous, link)
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        entries = cursor.execute(SQL["read_batch_entries"], parameters).fetchall()
    return batch, salt, [merkle.leaf(entry, salt) for entry in entries]


def _cover(connection: Connection[Any], known: dict[int, _Cover], writer: int, number: int) -> _Cover:
    head = head_over(connection, writer, number)
    assert head is not None, "a head was signed over all that is committed"
    if head.number not in known:
        tree = merkle.levels(batch_hashes(connection, head.spans))
        known[head.number] = _Cover(head, json.loads(head.spans), tree)
    return known[head.number]


def _prove_lines(lines: Iterable[Line], salt: bytes, leaves: list[bytes]) -> None:
    """Adds the proofs of lines of one batch, and takes out the other side's figures: only their hash stays."""
    tree = merkle.levels(leaves)
    for line in lines:
        entry = line.entry
        salts, figures = merkle.side_salts(salt, entry.position), merkle.sides(entry)
        own, other = (0, 1) if line.side == "debit" else (1, 0)
        line.proof = Proof(
            merkle.path(tree, entry.position), salts[own], merkle.side_digest(figures[other], salts[other])
        )
        hidden = "credit" if line.side == "debit" else "debit"
        blank: dict[str, Any] = {f"{hidden}_{figure}": None for figure in ("start", "balance", "seq", "user")}
        line.entry = msgspec.structs.replace(entry, **blank)
