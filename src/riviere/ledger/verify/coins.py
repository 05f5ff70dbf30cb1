"""Which purchase paid for what, followed coin by coin where anything exceptional happened (provenance V3 to V12).

The walk keeps a queue and moves coins through it row by row, which is not how riviere.ledger.provenance reads them: the
two must come to the same.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from riviere.ids import shown
from riviere.ledger import provenance as reading
from riviere.ledger.law import AXES, FREEZES, GIFTS, KINDS, RETURNS, REVERSALS, Kind
from riviere.ledger.model import Hole, Origin
from riviere.ledger.verify.model import SQL, Found, Look, find, short


class Move(NamedTuple):
    """One row on one axis: coins that `came` in or went out, after `start` others had."""

    came: bool
    id: UUID
    leg: int
    route: int
    cause: UUID | None
    start: int
    coins: int
    at: datetime
    expires_at: datetime | None


class Run(NamedTuple):
    """Positions lo to hi of the credit axis, holding coins k and on of what a leg of a purchase brought in.

    A purchase brings one leg to an axis; an imported streak brings one with each of its steps, under one id.
    """

    lo: int
    hi: int
    purchase: UUID
    leg: int
    k: int

    def cut(self, lo: int, hi: int) -> "Run":
        """The part of this run between two positions that lie within it."""
        return Run(lo, hi, self.purchase, self.leg, self.k + lo - self.lo)


class Astray(Exception):
    """A row does not fit what the rows before it left. For this module alone."""


def provenance(look: Look) -> Found:
    """Every coin of every purchase is in one place, for each owner whose coins came back, lapsed or were taken."""
    claws = find(look, "", SQL["unfounded_claws"])
    problem, rows, walked = claws.problem, claws.rows, 0
    run = look.connection.execute
    with look.connection.cursor(name="verify_owners") as owners:
        for (owner,) in owners.execute(SQL["exceptional_owners"]):
            walked += 1
            holes = [Hole(*row) for row in run(SQL["holes_of"], {"owner": owner})]
            origins = [Origin(*row) for row in run(SQL["origins_of"], {"owner": owner})]
            rows += len(holes) + len(origins)
            stray = {row.axis for rows_of in (holes, origins) for row in rows_of} - set(AXES)
            if stray and problem is None:
                problem = f"{shown('u', owner)} has a hole or an origin on {min(stray)}, which is no axis"
            moved: dict[int, list[Move]] = {axis: [] for axis in AXES}
            for axis, *move in run(SQL["coin_moves"], {"owner": owner}):
                moved[axis].append(Move(*move))
            for axis, moves in moved.items():
                rows += len(moves)
                mine = [hole for hole in holes if hole.axis == axis], [o for o in origins if o.axis == axis]
                try:
                    Walk(Kind(axis), moves, *mine).through()
                except Astray as astray:
                    problem = problem or f"{KINDS[Kind(axis)].name} of {shown('u', owner)}: {astray}"
    return Found(rows, problem, _detail(look, walked))


def _detail(look: Look, walked: int) -> str:
    row = look.connection.execute(SQL["count_coin_owners"]).fetchone()
    plain = max(0, (row[0] if row else 0) - walked)
    return f"{walked:,} owners walked coin by coin; for {plain:,} others first in, first out follows from the tiling"


class Walk:
    """One axis of one owner, from its first coin on. A coin is in the `queue`, `held` by a gift, `frozen` or `gone`."""

    def __init__(self, axis: Kind, moves: Sequence[Move], holes: Sequence[Hole], origins: Sequence[Origin]) -> None:
        self._axis, self._moves, self._all_holes, self._all_origins = axis, moves, holes, origins
        self._holes: dict[UUID, list[Hole]] = defaultdict(list)
        self._origins: dict[UUID, list[Origin]] = defaultdict(list)
        for hole in holes:
            self._holes[hole.entry].append(hole)
        for origin in origins:
            self._origins[origin.entry].append(origin)
        self._queue: deque[Run] = deque()
        self._held: dict[tuple[UUID, int], list[Run]] = {}
        self._frozen: dict[UUID, list[Run]] = {}
        self._spent: list[Run] = []
        self._gone: list[Run] = []
        self._came: dict[UUID, list[Move]] = defaultdict(list)
        self._returned: set[UUID | None] = set()
        self._end = 0

    def through(self) -> None:
        """Takes every row in turn and looks around at the end. Raises Astray at the first that does not fit."""
        for move in self._moves:
            if move.came:
                self._come_in(move)
            elif move.route in GIFTS:
                runs = self._from_front(move)
                self._held[move.id, move.leg] = runs
                self._spent += runs
            else:
                self._remove(move)
        for left in (self._holes, self._origins):
            for entry, rows in left.items():
                if rows:
                    raise Astray(f"entry {short(entry)} has a hole or an origin at {rows[0].lo} that nothing wrote")
        self._every_coin_once()
        self._as_read()

    def _come_in(self, move: Move) -> None:
        if move.start != self._end:
            raise Astray(f"entry {short(move.id)}/{move.leg} starts at {move.start}, expected {self._end}")
        self._end += move.coins
        self._came[move.id].append(move)
        if move.route not in RETURNS:
            self._queue.append(Run(move.start, self._end, move.id, move.leg, 0))
            return
        runs = [
            Run(o.lo, o.hi, o.purchase, self._leg(o.purchase), o.k)
            for o in self._origins[move.id]
            if move.start <= o.lo < self._end
        ]
        self._origins[move.id] = [o for o in self._origins[move.id] if not move.start <= o.lo < self._end]
        at = move.start
        for run in sorted(runs):
            if run.lo != at:
                raise Astray(f"origins of {short(move.id)}/{move.leg} leave or repeat position {min(at, run.lo)}")
            at = run.hi
        if at != self._end:
            raise Astray(f"origins of {short(move.id)}/{move.leg} end at {at}, expected {self._end}")
        self._check_return(move, sorted(runs))
        self._queue.extend(sorted(runs))

    def _check_return(self, move: Move, runs: list[Run]) -> None:
        """Coins come back from the gift or the freeze that the entry names: the very ones that it took (V12)."""
        held: list[Run] | None = None
        what = "gift" if move.route in REVERSALS else "freeze"
        if move.cause and move.route in REVERSALS:
            held = self._held.pop((move.cause, move.leg), None)
            self._returned.add(move.cause)
        elif move.cause:
            held = self._frozen.pop(move.cause, None)
        if held is None:
            raise Astray(f"entry {short(move.id)}/{move.leg} returns coins that no {what} {short(move.cause)} holds")
        if _coins(runs) != _coins(held):
            raise Astray(f"entry {short(move.id)}/{move.leg} returns other coins than {what} {short(move.cause)} held")

    def _leg(self, purchase: UUID) -> int:
        """The one leg that a purchase brought to this axis: what is imported, in many, is never returned."""
        return next((move.leg for move in self._came.get(purchase, ()) if move.route not in RETURNS), 0)

    def _from_front(self, move: Move) -> list[Run]:
        runs, left = [], move.coins
        while left:
            if not self._queue:
                raise Astray(f"nothing funds {left} coins of gift {short(move.id)}/{move.leg}")
            first = self._queue.popleft()
            size = min(left, first.hi - first.lo)
            runs.append(first.cut(first.lo, first.lo + size))
            if first.lo + size < first.hi:
                self._queue.appendleft(first.cut(first.lo + size, first.hi))
            left -= size
        return runs

    def _remove(self, move: Move) -> None:
        """A freeze or an expiry: the holes it says, which must lie where coins lie unspent."""
        holes = sorted(self._holes.pop(move.id, []), key=lambda hole: hole.lo)
        if sum(hole.hi - hole.lo for hole in holes) != move.coins:
            raise Astray(f"holes of {short(move.id)} do not add up to the {move.coins} coins it took out")
        for hole in holes:
            if hole.axis_end != self._end:
                raise Astray(f"hole at {hole.lo} says the axis ended at {hole.axis_end}, it was {self._end}")
        taken = [run for hole in holes for run in self._cut(hole)]
        if move.route in FREEZES:
            self._check_freeze(move, taken)
            self._frozen[move.id] = taken
        else:
            self._check_expiry(move, holes)
            self._gone += taken

    def _check_freeze(self, move: Move, taken: list[Run]) -> None:
        """A freeze takes coins of its purchase alone, from the far end: none of them is left behind what it took."""
        if any(run.purchase != move.cause for run in taken):
            raise Astray(f"entry {short(move.id)} froze other coins than those of {short(move.cause)}")
        if any(run.purchase == move.cause and run.lo > taken[0].lo for run in self._queue):
            raise Astray(f"entry {short(move.id)} left coins of {short(move.cause)} behind those it froze")

    def _check_expiry(self, move: Move, holes: Sequence[Hole]) -> None:
        """An expiry takes the whole rest of one grant whose time had passed, and nothing else."""
        for grant in self._came.get(move.cause, []) if move.cause else []:
            lo, hi = grant.start, grant.start + grant.coins
            if all(lo <= hole.lo and hole.hi <= hi for hole in holes):
                if grant.expires_at is None or grant.expires_at > move.at:
                    raise Astray(f"entry {short(move.id)} took out coins before their time")
                if any(run.lo < hi and lo < run.hi for run in self._queue):
                    raise Astray(f"entry {short(move.id)} left unspent coins of {short(move.cause)} behind")
                return
        raise Astray(f"entry {short(move.id)} took out coins that {short(move.cause)} did not bring in")

    def _cut(self, hole: Hole) -> list[Run]:
        """Takes the hole's coins out of the queue, where they must lie unspent (V5), under the name it gives (V11)."""
        left, taken = deque[Run](), list[Run]()
        for run in self._queue:
            lo, hi = max(run.lo, hole.lo), min(run.hi, hole.hi)
            if lo >= hi:
                left.append(run)
                continue
            if (run.purchase, run.k + lo - run.lo) != (hole.purchase, hole.k + lo - hole.lo):
                raise Astray(f"hole at {hole.lo} names coin {hole.k} of {short(hole.purchase)}, other coins lie there")
            taken.append(run.cut(lo, hi))
            if run.lo < lo:
                left.append(run.cut(run.lo, lo))
            if hi < run.hi:
                left.append(run.cut(hi, run.hi))
        if sum(run.hi - run.lo for run in taken) != hole.hi - hole.lo:
            raise Astray(f"hole from {hole.lo} to {hole.hi} covers coins that had been spent or taken out")
        self._queue = left
        return taken

    def _every_coin_once(self) -> None:
        """Each coin of each purchase is unspent, in a gift that stands, frozen, or gone (V7)."""
        for gift, leg in self._held:
            if gift in self._returned:
                raise Astray(f"leg {leg} of gift {short(gift)} was not returned with the others")
        places: dict[tuple[UUID, int], list[Run]] = defaultdict(list)
        for runs in (self._queue, self._gone, *self._frozen.values(), *self._held.values()):
            for run in runs:
                places[run.purchase, run.leg].append(run)
        bought = {
            (move.id, move.leg): move.coins
            for moves in self._came.values()
            for move in moves
            if move.route not in RETURNS
        }
        for purchase, leg in {*places, *bought}:
            name, at = f"purchase {short(purchase)}/{leg}", 0
            for run in sorted(places[purchase, leg], key=lambda run: run.k):
                if run.k != at:
                    raise Astray(f"coin {min(at, run.k)} of {name} is in no place or in two")
                at += run.hi - run.lo
            if at != bought.get((purchase, leg)):
                raise Astray(f"{at} coins of {name} were found, not what it brought")

    def _as_read(self) -> None:
        """What riviere.ledger.provenance makes of the same rows, for every position of the spend axis (V6)."""
        queue = reading.Queue(
            self._axis,
            [
                reading.Credit(move.id, move.leg, move.start, move.coins, move.route in RETURNS, move.expires_at)
                for move in self._moves
                if move.came
            ],
            list(self._all_origins),
            list(self._all_holes),
            [reading.Removal(m.start, m.coins) for m in self._moves if not m.came and m.route not in GIFTS],
            self._end,
            sum(move.coins for move in self._moves if not move.came),
        )
        # It names coins by the id alone. Where they lie says the rest.
        read = _joined(Run(piece.lo, piece.hi, piece.purchase, 0, piece.k) for piece in reading.spend_axis(queue))
        walked = _joined(run._replace(leg=0) for run in (*self._spent, *self._queue))
        if list(read) != list(walked):
            raise Astray("the rows read as another order of spending than they were written in")
        if reading.head(queue) != sum(run.hi - run.lo for run in self._spent):
            raise Astray("the head of the queue is not where spending has come to")


def _joined(runs: Iterable[Run]) -> Iterator[Run]:
    """Neighbours on the axis that are neighbours in their purchase, as one."""
    last: Run | None = None
    for run in runs:
        if last and (last.hi, last.purchase, last.k + last.hi - last.lo) == (run.lo, run.purchase, run.k):
            last = last._replace(hi=run.hi)
            continue
        if last:
            yield last
        last = run
    if last:
        yield last


def _coins(runs: Iterable[Run]) -> list[tuple[UUID, int, int]]:
    """The coins of runs, wherever they lie: purchase, first coin, one past the last."""
    found: list[tuple[UUID, int, int]] = []
    for run in runs:
        end = run.k + run.hi - run.lo
        if found and found[-1][0] == run.purchase and found[-1][2] == run.k:
            found[-1] = (run.purchase, found[-1][1], end)
        else:
            found.append((run.purchase, run.k, end))
    return found
