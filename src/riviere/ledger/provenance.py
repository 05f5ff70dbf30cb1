"""Which purchase paid for which coins: the queue of a wallet, read from a handful of rows.

Every coin account is a queue. Its *credit axis* numbers each coin that ever came in, its *spend axis* what is left of
that after the holes that removals made. A gift leg lies on the spend axis at its `start` less what removals before it
took, so no lot is ever read or written when a gift is sent. docs/decisions/0005-provenance.md gives the reasons and the
counterexamples of the simpler designs.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import msgspec

from riviere.ledger.law import GIFTS, RETURNS
from riviere.ledger.model import Entry, Hole, Origin, Totals


class Credit(msgspec.Struct, frozen=True):
    """Coins that came in: `start` is the account's credits before them. `returned` says they had been there before."""

    entry: UUID
    leg: int
    start: int
    coins: int
    returned: bool
    expires_at: datetime | None


class Removal(msgspec.Struct, frozen=True):
    """Unspent coins taken out by a debit that was no gift: `start` is the account's debits before it."""

    start: int
    coins: int


class Queue(msgspec.Struct, frozen=True):
    """One coin account as provenance sees it. `credits` in order of start; totals as the account row has them."""

    axis: int
    credits: list[Credit]
    origins: list[Origin]
    holes: list[Hole]
    removals: list[Removal]
    credited: int
    debited: int


def queue_of(
    axis: int,
    came_in: list[Entry],
    went_out: list[Entry],
    origins: list[Origin],
    holes: list[Hole],
    totals: Totals,
) -> Queue:
    """The queue of one account out of its journal rows (of what went out only removals matter)."""
    return Queue(
        axis,
        sorted(
            (
                Credit(
                    row.id,
                    row.leg,
                    row.credit_start or 0,
                    row.credit_amount,
                    row.route in RETURNS,
                    row.expires_at,
                )
                for row in came_in
            ),
            key=lambda credit: credit.start,
        ),
        origins,
        holes,
        [Removal(row.debit_start or 0, row.debit_amount) for row in went_out if row.route not in GIFTS],
        totals.credits,
        totals.debits,
    )


class Piece(msgspec.Struct, frozen=True):
    """Neighbouring coins: positions lo to hi of the credit axis, which hold coins k and on of a purchase."""

    lo: int
    hi: int
    purchase: UUID
    k: int
    expires_at: datetime | None

    def cut(self, lo: int, hi: int) -> "Piece":
        """The part of this piece between two positions of the credit axis that lie within it."""
        return Piece(lo, hi, self.purchase, self.k + lo - self.lo, self.expires_at)


def credit_axis(queue: Queue) -> Iterator[Piece]:
    """Every coin that ever came in, in order, under the purchase it belongs to."""
    origins: dict[UUID, list[Origin]] = {}
    for origin in sorted(queue.origins, key=lambda o: o.lo):
        origins.setdefault(origin.entry, []).append(origin)
    for credit in queue.credits:
        if not credit.returned:
            yield Piece(credit.start, credit.start + credit.coins, credit.entry, 0, credit.expires_at)
            continue
        for origin in origins.get(credit.entry, ()):
            if credit.start <= origin.lo < credit.start + credit.coins:
                yield Piece(origin.lo, origin.hi, origin.purchase, origin.k, credit.expires_at)


def spend_axis(queue: Queue) -> list[Piece]:
    """What is left of the credit axis after the holes. Numbered from 0 it is the order in which coins are spent."""
    holes = sorted(queue.holes, key=lambda hole: hole.lo)
    left: list[Piece] = []
    at = 0
    for piece in credit_axis(queue):
        lo = piece.lo
        while at < len(holes) and holes[at].hi <= lo:
            at += 1
        look = at
        while lo < piece.hi and look < len(holes) and holes[look].lo < piece.hi:
            if lo < holes[look].lo:
                left.append(piece.cut(lo, holes[look].lo))
            lo = max(lo, holes[look].hi)
            look += 1
        if lo < piece.hi:
            left.append(piece.cut(lo, piece.hi))
    return left


def head(queue: Queue) -> int:
    """How far spending has come on the spend axis."""
    return queue.debited - sum(removal.coins for removal in queue.removals)


def funding(queue: Queue, start: int, coins: int) -> list[Piece]:
    """The coins that a gift leg with this `start` spent: what paid for it. It never changes once written."""
    begin = start - sum(removal.coins for removal in queue.removals if removal.start < start)
    return _between(spend_axis(queue), begin, begin + coins)


def unspent(queue: Queue, credit: Credit) -> list[Piece]:
    """What is left, unspent, of the coins that one credit brought in."""
    pieces = _between(spend_axis(queue), head(queue), queue.credited)
    lo, hi = credit.start, credit.start + credit.coins
    return [piece.cut(max(lo, piece.lo), min(hi, piece.hi)) for piece in pieces if piece.lo < hi and lo < piece.hi]


def unspent_of(queue: Queue, purchase: UUID) -> list[Piece]:
    """What is left, unspent, of a purchase, in the order it lies in: what came back lies behind other coins."""
    pieces = _between(spend_axis(queue), head(queue), queue.credited)
    return [piece for piece in pieces if piece.purchase == purchase]


def taken_by(queue: Queue, removal: UUID) -> list[Piece]:
    """The coins that a removal took out, in the order they lay in."""
    holes = sorted((hole for hole in queue.holes if hole.entry == removal), key=lambda hole: hole.lo)
    axis = list(credit_axis(queue))
    return [
        piece.cut(max(piece.lo, hole.lo), min(piece.hi, hole.hi))
        for hole in holes
        for piece in axis
        if piece.lo < hole.hi and hole.lo < piece.hi
    ]


def away(queue: Queue, purchase: UUID) -> int:
    """How many coins of a purchase removals took out and have not come back since: frozen, refunded or expired."""
    gone = 0
    for hole in queue.holes:
        if hole.purchase != purchase:
            continue
        # What came back later lies beyond the axis's end of then; it can have come back more than once.
        back = sorted(
            (origin.k, origin.k + origin.hi - origin.lo)
            for origin in queue.origins
            if origin.purchase == purchase and origin.lo >= hole.axis_end
        )
        at, end = hole.k, hole.k + hole.hi - hole.lo
        for first, beyond in back:
            gone += max(0, min(first, end) - at)
            at = max(at, beyond)
        gone += max(0, end - at)
    return gone


def _between(axis: list[Piece], begin: int, end: int) -> list[Piece]:
    """The pieces that lie between two numbers of the spend axis."""
    found: list[Piece] = []
    number = 0
    for piece in axis:
        size = piece.hi - piece.lo
        lo, hi = max(begin, number), min(end, number + size)
        if lo < hi:
            found.append(piece.cut(piece.lo + lo - number, piece.lo + hi - number))
        number += size
        if number >= end:
            break
    return found
