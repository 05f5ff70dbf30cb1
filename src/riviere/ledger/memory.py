"""The ledger in memory: the same rules over plain lists. The oracle that the tests hold PostgreSQL against."""

from collections import defaultdict
from datetime import datetime
from uuid import UUID

from riviere.clock import hour_of
from riviere.ledger import provenance
from riviere.ledger.law import Kind
from riviere.ledger.model import Buy, Entry, Hole, Known, Order, Origin, Receipt, Totals
from riviere.ledger.posting import Posting
from riviere.ledger.rules import decide
from riviere.ledger.running import EARNING


class Memory:
    """A whole ledger in one process. Implements posting.State."""

    def __init__(self) -> None:
        self.accounts: dict[tuple[int, int], Totals] = defaultdict(Totals)
        self.ids: dict[tuple[int, UUID], Known] = {}
        self.entries: dict[tuple[int, UUID], list[Entry]] = defaultdict(list)
        self.hours: dict[tuple[int, datetime], int] = defaultdict(int)
        self.charges: dict[tuple[str, str], tuple[int, UUID]] = {}
        self.holes: list[Hole] = []
        self.origins: list[Origin] = []

    def post(self, order: Order, now: datetime) -> Receipt:
        """Books one order at `now`. Raises the RiviereError of what was wrong, and then nothing has changed."""
        posting = decide(self, order)
        receipt = posting.receipt
        if receipt.repeated:
            return receipt
        if receipt.known.legs == len(receipt.entries):
            receipt.known.booked_at = now
        self.ids[receipt.owner, receipt.id] = receipt.known
        for entry in receipt.entries:
            entry.booked_at = now
            self.entries[entry.owner, entry.id].append(entry)
            if entry.route in EARNING and entry.credit_user is not None:
                self.hours[entry.credit_user, hour_of(now)] += entry.credit_amount
        if isinstance(order, Buy):
            self.charges[order.processor, order.charge] = (order.owner, order.id)
        self._keep(posting)
        return receipt

    def _keep(self, posting: Posting) -> None:
        self.holes += posting.holes
        self.origins += posting.origins
        for creator, hour, diamonds in posting.undone:
            self.hours[creator, hour] -= diamonds
        if posting.turns:
            self.accounts[posting.receipt.owner, Kind.COINS].turn += 1

    def totals(self, user: int, kind: int) -> Totals:
        """posting.State."""
        return self.accounts[user, kind]

    def known(self, owner: int, entry: UUID) -> Known | None:
        """posting.State."""
        return self.ids.get((owner, entry))

    def legs(self, owner: int, entry: UUID) -> list[Entry]:
        """posting.State."""
        return self.entries.get((owner, entry), [])

    def queue(self, owner: int, axis: int) -> provenance.Queue:
        """posting.State."""
        rows = [row for (user, _), legs in self.entries.items() if user == owner for row in legs]
        totals = self.accounts[owner, axis]
        return provenance.queue_of(
            axis,
            [row for row in rows if row.credit_user == owner and row.credit_kind == axis],
            [row for row in rows if row.debit_user == owner and row.debit_kind == axis],
            [row for row in self.origins if row.owner == owner and row.axis == axis],
            [row for row in self.holes if row.owner == owner and row.axis == axis],
            totals,
        )

    def earned_since(self, creator: int, hour: datetime) -> int:
        """posting.State."""
        return sum(amount for (user, at), amount in self.hours.items() if user == creator and at >= hour)

    def charge_owner(self, processor: str, charge: str) -> tuple[int, UUID] | None:
        """posting.State."""
        return self.charges.get((processor, charge))
