"""The evidence: every batch's root and link recomputed from its entries, and every head's from the batches."""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from psycopg.rows import class_row

from riviere.ledger import evidence, merkle
from riviere.ledger.proof import SignedHead, signed
from riviere.ledger.verify.leaves import UNHASHABLE, Row, leaf_of, row_of
from riviere.ledger.verify.model import SQL, Found, Look

#: Rows that come from the database at a time.
_AT_ONCE = 5_000

#: Batches whose entries come at a time: half a kilobyte an entry.
_GROUPS_AT_ONCE = 50

#: The tables whose rows a head vouches for beside the batches (statement digest_facts).
FACTS = "kind, route, gift, gift_version, pack, policy, import, backing"


class _Batch(NamedTuple):
    writer: int
    number: int
    size: int
    entries: int
    booked_at: datetime
    salt: bytes
    root: bytes
    previous: bytes
    hash: bytes


class _Tip(NamedTuple):
    """How far a writer's chain has come: its last batch, the entries so far, that batch's hash."""

    number: int
    entries: int
    hash: bytes


_NOTHING = _Tip(0, 0, merkle.EMPTY)


def batches(look: Look) -> Found:
    """Each batch's root, link and counts, each writer's tip, and that every entry is in a batch."""
    tips = {row[0]: _Tip(*row[1:]) for row in look.connection.execute(SQL["list_tips"])}
    reached: dict[int, _Tip] = {}
    problem, count, done = None, 0, 0
    for (writer, number), batch, records in _paired(_batches(look), _groups(look)):
        done += len(records)
        if batch is None:
            problem = problem or (
                f"entry {row_of(records[0])} names batch {number} of writer {writer}, which is not there"
            )
            continue
        count += 1
        problem = problem or _wrong_batch(batch, records, reached.get(writer, _NOTHING))
        reached[writer] = _Tip(number, batch.entries, batch.hash)
        look.advance(done)
    for writer in sorted({*tips, *reached}):
        if tips.get(writer) != reached.get(writer, _NOTHING) and problem is None:
            at = tips[writer].number if writer in tips else "nowhere"
            problem = (
                f"writer {writer} stands at {at}, its last batch is {reached.get(writer, _NOTHING).number} "
                f"with {reached.get(writer, _NOTHING).entries} entries"
            )
    detail = f"{count:,} batches of {len(tips)} writers hashed again, entry by entry; every entry is in one"
    return Found(count + done + len(tips), problem, detail)


def _batches(look: Look) -> Iterator[_Batch]:
    with look.connection.cursor(name="verify_batches", binary=True) as cursor:
        cursor.itersize = _AT_ONCE
        cursor.execute(SQL["list_batches"])
        for row in cursor:
            yield _Batch(*row)


def _groups(look: Look) -> Iterator[tuple[tuple[int, int], list[bytes]]]:
    """The rows that name each batch, by their positions."""
    with look.connection.cursor(name="verify_entries", binary=True) as cursor:
        cursor.itersize = _GROUPS_AT_ONCE
        cursor.execute(SQL["list_entries"])
        for writer, number, records in cursor:
            yield (writer, number), records


def _paired(
    chain: Iterator[_Batch], journal: Iterator[tuple[tuple[int, int], list[bytes]]]
) -> Iterator[tuple[tuple[int, int], _Batch | None, list[bytes]]]:
    """Batches beside their rows, both in the order of writer and number; either may be without the other."""
    batch, group = next(chain, None), next(journal, None)
    while batch is not None or group is not None:
        key = min(
            pair for pair in ((batch.writer, batch.number) if batch else None, group[0] if group else None) if pair
        )
        records = group[1] if group is not None and group[0] == key else []
        there = batch if batch is not None and (batch.writer, batch.number) == key else None
        yield key, there, records
        if there is not None:
            batch = next(chain, None)
        if records:
            group = next(journal, None)


def _wrong_batch(batch: _Batch, records: list[bytes], last: _Tip) -> str | None:
    """What is wrong with a batch, whose writer's chain had come to `last`."""
    name = f"batch {batch.number} of writer {batch.writer}"
    if batch.number != last.number + 1:
        return f"batch {last.number + 1} of writer {batch.writer} is missing: {batch.number} comes after {last.number}"
    if batch.previous != last.hash:
        return f"{name} is not linked to the batch before it"
    if batch.entries != last.entries + batch.size:
        return f"{name} counts {batch.entries} entries so far, expected {last.entries + batch.size}"
    try:
        rows = [row_of(record) for record in records]
        if [row.position for row in rows] != list(range(batch.size)):
            return f"{name} has {len(rows)} entries at other positions than 0 to {batch.size - 1}"
        if problem := _wrong_time(batch, rows):
            return problem
        tree = merkle.root([leaf_of(row, batch.salt) for row in rows])
    except UNHASHABLE as error:
        return f"{name} holds an entry that cannot be hashed: {error}"
    if tree != batch.root:
        return f"{name} has another root than its entries: one of {rows[0]} to {rows[-1]}"
    if batch.hash != merkle.batch_hash(
        batch.writer, batch.number, batch.size, batch.entries, batch.booked_at, batch.root, batch.previous
    ):
        return f"{name} has another hash than its fields"
    return None


def _wrong_time(batch: _Batch, rows: list[Row]) -> str | None:
    booked = merkle.microseconds(batch.booked_at)
    for row in rows:
        if row.booked != booked:
            name = f"batch {batch.number} of writer {batch.writer}"
            return f"entry {row} was booked at {row.booked_at}, {name} at {batch.booked_at}"
    return None


def heads(look: Look) -> Found:
    """The chain of heads: hashes, signatures, spans without gaps, roots over batches, counts; and the facts of now."""
    run = look.connection.execute
    totals: dict[int, int] = {}
    covered: dict[int, int] = {}
    key = look.signer.public_key if look.signer else None
    last: SignedHead | None = None
    problem, count = None, 0
    with look.connection.cursor(name="verify_heads", row_factory=class_row(SignedHead)) as cursor:
        for head in cursor.execute(SQL["list_heads"]):
            count += 1
            key = key or head.public_key
            problem = problem or _wrong_head(head, last, key) or _wrong_span(look, head, covered, totals)
            last = head
    if last is not None and problem is None and evidence.facts_digest(look.connection) != last.facts:
        problem = f"a row of {FACTS} was changed after head {last.number}, which vouches for them"
    tips = run(SQL["list_tips"]).fetchall()
    after = sum(max(0, number - covered.get(writer, 0)) for writer, number, *_ in tips)
    said = "the installation's own key" if look.signer else "one key"
    detail = f"{count:,} heads, signed with {said}; not yet under a head: {after:,} batches"
    return Found(count, problem, detail if last else f"no head was signed yet; not yet under a head: {after:,} batches")


def _wrong_head(head: SignedHead, last: SignedHead | None, key: bytes) -> str | None:
    name = f"head {head.number}"
    number, previous = (last.number, last.hash) if last else (0, merkle.EMPTY)
    if head.number != number + 1:
        return f"head {number + 1} is missing: head {head.number} comes after head {number}"
    if head.previous != previous:
        return f"{name} is not linked to the head before it"
    if head.public_key != key:
        return f"{name} was signed with another key"
    if not signed(head):
        return f"{name} is not what was signed"
    return None


def _wrong_span(look: Look, head: SignedHead, covered: dict[int, int], totals: dict[int, int]) -> str | None:
    """Whether a head covers the batches that come next, and all their hashes; moves `covered` and `totals` on."""
    name = f"head {head.number}"
    spans: dict[int, list[int]] = {int(writer): span for writer, span in json.loads(head.spans).items()}
    tree = _Tree()
    for writer, (first, end) in sorted(spans.items()):
        if first != covered.get(writer, 0) + 1 or end < first:
            return f"{name} covers batches {first} to {end} of writer {writer} after {covered.get(writer, 0)}"
        covered[writer] = end
        tree.add(row[0] for row in _hashes(look, writer, first, end))
        row = look.connection.execute(SQL["entries_upto"], {"writer": writer, "number": end}).fetchone()
        totals[writer] = row[0] if row else 0
    if tree.root() != head.root:
        return f"{name} has another root than the batches it covers"
    if head.entries != sum(totals.values()):
        return f"{name} counts {head.entries} entries, its batches {sum(totals.values())}"
    return None


def _hashes(look: Look, writer: int, first: int, end: int) -> Iterator[tuple[bytes]]:
    with look.connection.cursor(name="verify_hashes") as cursor:
        cursor.itersize = _AT_ONCE
        yield from cursor.execute(SQL["batch_hashes"], {"writer": writer, "low": first, "high": end})


class _Tree:
    """The root of merkle.root over any number of leaves, in the memory of its height."""

    def __init__(self) -> None:
        self._full: list[tuple[int, bytes]] = []

    def add(self, leaves: Iterable[bytes]) -> None:
        """Appends leaves: two trees of one height are joined into one of the next."""
        for leaf in leaves:
            height, node = 0, leaf
            while self._full and self._full[-1][0] == height:
                node = merkle.node(self._full.pop()[1], node)
                height += 1
            self._full.append((height, node))

    def root(self) -> bytes:
        """The root over all that was added."""
        if not self._full:
            return merkle.EMPTY
        *rest, (_, node) = self._full
        for _, left in reversed(rest):
            node = merkle.node(left, node)
        return node
