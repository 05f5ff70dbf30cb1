"""How entries become a root that no one can alter quietly, and how one entry is shown to belong to it.

The encoding is version 1 and never changes: rows written today must hash the same in ten years. A leaf has three parts,
what both sides may see, and each side's own running balance. The sides go in as salted hashes, so a statement can show
its own side and keep the other's balance to itself. Trees are those of RFC 6962 (section 2.1), hash SHA-256.
"""

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Literal

from riviere.ledger.model import Entry

#: On which side a neighbour stands on the way from a leaf to the root; and the neighbour.
Where = Literal["left", "right"]
Step = tuple[Where, bytes]

VERSION = 1
EMPTY = bytes(32)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COMMON = struct.Struct(">BQ16sIHHHIqqqq16sHIQB")
#: The same of a gift that is no combo and has no words: what it has of the optional columns lies behind.
_GIFT = struct.Struct(_COMMON.format + "qii")
_OF_A_GIFT = 0b111
_SIDE = struct.Struct(">BQqqq")
_BATCH = struct.Struct(">BBHQIQq32s32s")
_HEAD = struct.Struct(">BBQqQ32s32s32s32s")


@lru_cache(maxsize=64)
def microseconds(instant: datetime) -> int:
    """Whole microseconds since 1970. Kept for a while: the entries of a batch share their times."""
    past = instant - _EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds


def common(entry: Entry) -> bytes:
    """What both sides of an entry may see of it, in the order of the journal's columns."""
    always = (
        *(VERSION, entry.owner, entry.id.bytes, entry.leg, entry.route, entry.debit_kind, entry.credit_kind),
        *(entry.count, entry.debit_amount, entry.credit_amount, microseconds(entry.at), microseconds(entry.booked_at)),
        *(entry.request.bytes, entry.writer, entry.position, entry.batch),
    )
    if (
        entry.place is not None
        and entry.item is not None
        and entry.policy is not None
        and entry.upto is None
        and entry.message is None
        and entry.cause is None
        and entry.expires_at is None
        and entry.currency is None
    ):
        return _GIFT.pack(*always, _OF_A_GIFT, entry.place, entry.item, entry.policy)
    optional = b""
    present = 0
    for bit, (value, form) in enumerate(
        (
            (entry.place, ">q"),
            (entry.item, ">i"),
            (entry.policy, ">i"),
            (entry.upto, ">i"),
            (entry.currency.encode() if entry.currency else None, ">3s"),
            (entry.cause.bytes if entry.cause else None, ">16s"),
            (microseconds(entry.expires_at) if entry.expires_at else None, ">q"),
            (entry.message, ">32s"),
        )
    ):
        if value is not None:
            present |= 1 << bit
            optional += struct.pack(form, value)
    return _COMMON.pack(*always, present) + optional


def side(user: int | None, start: int | None, balance: int | None, seq: int | None) -> bytes:
    """One side's own figures; a platform account has none."""
    if user is None:
        return b""
    return _SIDE.pack(VERSION, user, start, balance, seq)


def sides(entry: Entry) -> tuple[bytes, bytes]:
    """Both sides of an entry, the one that pays first."""
    return (
        side(entry.debit_user, entry.debit_start, entry.debit_balance, entry.debit_seq),
        side(entry.credit_user, entry.credit_start, entry.credit_balance, entry.credit_seq),
    )


def side_salts(batch_salt: bytes, position: int) -> tuple[bytes, bytes]:
    """The salts of both sides of the entry at a position: showing one does not give away the other."""
    both = blake2b(position.to_bytes(4, "big"), key=batch_salt, digest_size=32).digest()
    return both[:16], both[16:]


def side_digest(figures: bytes, salt: bytes) -> bytes:
    """A side as the leaf holds it."""
    return blake2b(figures, key=salt, digest_size=32).digest()


def leaf_of(shared: bytes, debit: bytes, credit: bytes) -> bytes:
    """A leaf from the common part and the digests of its two sides."""
    return sha256(b"\x00" + shared + debit + credit).digest()


def leaf(entry: Entry, batch_salt: bytes) -> bytes:
    """The leaf of one entry in the tree of its batch."""
    debit_salt, credit_salt = side_salts(batch_salt, entry.position)
    debit, credit = sides(entry)
    return leaf_of(common(entry), side_digest(debit, debit_salt), side_digest(credit, credit_salt))


def node(left: bytes, right: bytes) -> bytes:
    """Two neighbours joined."""
    return sha256(b"\x01" + left + right).digest()


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """A tree from its leaves up; a level's last node without a neighbour goes up as it is, which is RFC 6962's tree."""
    tree = [list(leaves)]
    while len(tree[-1]) > 1:
        level = tree[-1]
        joined = [node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
        tree.append(joined + level[len(level) & ~1 :])
    return tree


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over `leaves`."""
    return levels(leaves)[-1][0] if leaves else EMPTY


def path(tree: Sequence[Sequence[bytes]], position: int) -> list[Step]:
    """The neighbours that lead from a leaf of `levels` up, each with the side ("left", "right") it stands on."""
    way: list[Step] = []
    for level in tree:
        neighbour = position ^ 1
        if neighbour < len(level):
            way.append(("left" if neighbour < position else "right", level[neighbour]))
        position //= 2
    return way


def climb(start: bytes, way: Sequence[Step]) -> bytes:
    """Where a path leads from a leaf: the root, if the leaf belongs to it."""
    for where, neighbour in way:
        start = node(neighbour, start) if where == "left" else node(start, neighbour)
    return start


def batch_hash(
    writer: int, number: int, count: int, entries: int, booked_at: datetime, tree: bytes, previous: bytes
) -> bytes:
    """A link of a writer's chain: this batch, and through `previous` all before it. `entries` counts the chain's."""
    return sha256(
        _BATCH.pack(2, VERSION, writer, number, count, entries, microseconds(booked_at), tree, previous)
    ).digest()


def head_hash(
    number: int, signed_at: datetime, entries: int, spans: str, tree: bytes, facts: bytes, previous: bytes
) -> bytes:
    """What a head signs. `spans` is its canonical JSON: the batches of each writer that it covers."""
    spans_hash = sha256(spans.encode()).digest()
    return sha256(
        _HEAD.pack(3, VERSION, number, microseconds(signed_at), entries, spans_hash, tree, facts, previous)
    ).digest()
