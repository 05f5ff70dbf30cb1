"""What an account held at any moment, and its statement: every entry, with proofs that an outsider can check alone."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import class_row

from riviere.errors import RiviereError
from riviere.ledger import merkle, proof
from riviere.ledger.evidence import Signer, batch_hashes, sign_head
from riviere.ledger.law import KINDS, Kind
from riviere.ledger.model import Entry
from riviere.ledger.proof import BatchProof, Line, Proof, SignedHead, Statement
from riviere.ledger.store import SQL


class StatementTooLong(RiviereError):
    """This period has more than {most:,} {what}; ask for a shorter one."""

    code = "statement_too_long"


#: Later than anything is booked.
_LAST = datetime.max.replace(tzinfo=UTC)


def balance_at(connection: Connection[Any], user: int, kind: Kind, instant: datetime | None = None) -> int:
    """What the account holds (for a debt: owes) in its smallest unit, now or as it stood at `instant`.

    The past is two look-ups in the journal: each entry keeps the balance after it.
    """
    parameters = {"user": user, "kind": kind, "instant": instant}
    query = "read_balance" if instant is None else "read_balance_at"
    row = connection.execute(SQL[query], parameters).fetchone()
    return int(row[0]) if row else 0


def entries(
    connection: Connection[Any], user: int, kind: Kind, before: tuple[datetime, int] | None, limit: int
) -> list[Line]:
    """The lines of one account, newest first: `limit` at the most, booked before the line (booked at, seq) if given."""
    booked_at, seq = before or (_LAST, 0)
    parameters = {"user": user, "kind": kind, "booked_at": booked_at, "seq": seq, "most": limit}
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        found = cursor.execute(SQL["read_entries"], parameters).fetchall()
    lines = [line_of(entry, user, kind) for entry in found]
    return sorted(lines, key=lambda line: (line.entry.booked_at, line.seq), reverse=True)[:limit]


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
    parameters = {
        "user": user,
        "kind": kind,
        "since": since,
        "until": until,
        "most": None if most is None else most + 1,
    }
    with connection.cursor(row_factory=class_row(Entry)) as cursor:
        found = cursor.execute(SQL["read_statement"], parameters).fetchall()
    if most is not None and len(found) > most:
        raise StatementTooLong(most=most, what="lines")
    lines = sorted((line_of(entry, user, kind) for entry in found), key=lambda line: line.seq)
    before = lines[0].balance - lines[0].amount if lines else balance_at(connection, user, kind, since)
    after = lines[-1].balance if lines else before
    return Statement(proof.VERSION, user, KINDS[kind].name, since, until, before, after, lines)


def burden(connection: Connection[Any], document: Statement) -> int:
    """What proving it would read: the entries, anybody's, of all the batches that hold its lines."""
    batches = sorted({(line.entry.writer, line.entry.batch) for line in document.lines})
    columns = {"writers": [writer for writer, _ in batches], "numbers": [number for _, number in batches]}
    row = connection.execute(SQL["count_batches"], columns).fetchone()
    assert row is not None
    return int(row[0])


def prove(connection: Connection[Any], signer: Signer, document: Statement, now: datetime) -> None:
    """Makes a statement one that can be handed over: proofs, no balance of anybody else, a signature over it all.

    Signs a head first, in a transaction of its own, so that every line is under one.
    """
    with connection.transaction():
        sign_head(connection, signer, now)
    batches: dict[tuple[int, int], list[Line]] = defaultdict(list)
    for line in document.lines:
        batches[line.entry.writer, line.entry.batch].append(line)
    heads: dict[int, tuple[SignedHead, list[bytes]]] = {}
    for writer, number in sorted(batches):
        batch, salt, leaves = _batch(connection, writer, number)
        head, hashes = _head(connection, heads, writer, number)
        batch.head = head.number
        batch.path = merkle.path(merkle.levels(hashes), hashes.index(batch.hash))
        document.batches.append(batch)
        _prove_lines(batches[writer, number], salt, leaves)
    document.heads = [heads[number][0] for number in sorted(heads)]
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


def _head(
    connection: Connection[Any], known: dict[int, tuple[SignedHead, list[bytes]]], writer: int, number: int
) -> tuple[SignedHead, list[bytes]]:
    with connection.cursor(row_factory=class_row(SignedHead)) as cursor:
        head = cursor.execute(SQL["read_head_over"], {"writer": str(writer), "number": number}).fetchone()
    assert head is not None, "a head was signed over all that is committed"
    if head.number not in known:
        known[head.number] = (head, batch_hashes(connection, head.spans))
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
