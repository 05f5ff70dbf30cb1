"""What redemptions should do, said once more and differently: plain sums over what people did and a provider truly did.

Diamonds in thousandths, money in cents. Nothing here asks the code that is tested.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

#: Diamonds are held and not yet gone.
HOLDING = {"held", "in_review", "approved", "submitted"}
#: What a provider says of money that came back or never left, and of money that is out or may yet be.
BACK = {"FAILED", "RETURNED", "REFUNDED", "REVERSED"}
WAITING = {"PENDING", "UNCLAIMED", "ONHOLD", "BLOCKED"}
LIVE = WAITING | {"SUCCESS"}


@dataclass
class Figures:
    """The policies in force."""

    rate: int = 500_000  # millionths of a cent a diamond
    fee: tuple[int, int] = (10, 15_000)  # cents, and millionths of the gross amount
    minimum: int = 10_000_000
    cap: int = 40_000
    review_over: int = 50_000
    maturity_days: int = 7


@dataclass
class Offer:
    """A quote as its creator saw it."""

    name: str
    asked: int
    diamonds: int
    gross: int
    fee: int
    until: datetime


@dataclass
class Payment:
    """A redemption: its offer, its receiver, its state and what is being booked when the server died over it."""

    key: str
    id: UUID
    offer: Offer
    day: date
    state: str = "requested"
    booking: str | None = None
    payments: int = 0
    attempt: int = 0
    attention: str | None = None
    contradicted: bool = False

    @property
    def net(self) -> int:
        return self.offer.gross - self.offer.fee

    def has(self, item: dict[str, Any]) -> bool:
        """Whether a provider's item belongs to an attempt of this redemption."""
        named: str = item["payout_item"]["sender_item_id"]
        return named.startswith(self.id.hex)

    def batch(self, attempt: int) -> str:
        return f"{self.id.hex}-{attempt}"


@dataclass
class Gift:
    """A gift that a creator got, in the hour in which it was booked."""

    key: str
    diamonds: int
    hour: datetime
    undone: bool = False


@dataclass
class Creator:
    """Somebody who earns and redeems."""

    name: str
    id: int
    verified: bool = False
    suspended: bool = False
    method: tuple[str, str] | None = None
    gifts: list[Gift] = field(default_factory=list)
    offers: list[Offer] = field(default_factory=list)
    payments: dict[str, Payment] = field(default_factory=dict)

    @property
    def paid_in(self) -> str:
        """The currency of the payout method."""
        return self.method[0] if self.method else ""

    @property
    def earned(self) -> int:
        """What was earned and not undone."""
        return sum(gift.diamonds for gift in self.gifts if not gift.undone)

    @property
    def unsettled(self) -> bool:
        """Whether a server died over something: the books may have it or not."""
        return any(one.booking for one in self.payments.values())

    @property
    def held(self) -> int:
        return sum(one.offer.diamonds for one in self.payments.values() if one.state in HOLDING and not one.payments)

    @property
    def settled(self) -> int:
        return sum(one.offer.diamonds for one in self.payments.values() if one.payments)

    def matured(self, now: datetime, days: int) -> int:
        """What could be held now: all that is there, less what was earned too lately."""
        cut = (now - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
        cut += timedelta(hours=0 if days else 1)
        recent = sum(gift.diamonds for gift in self.gifts if not gift.undone and gift.hour >= cut)
        return max(0, self.earned - self.held - self.settled - recent)

    def offered(self, asked: int, figures: Figures) -> tuple[int, int, int]:
        """What so many diamonds bring: how many it takes, the gross amount, the fee."""
        gross = asked * figures.rate // 1_000_000_000
        taken = -(-gross * 1_000_000_000 // figures.rate)
        return taken, gross, (gross * figures.fee[1] + 500_000) // 1_000_000 + figures.fee[0]

    def accepts(self, offer: Offer, key: str, figures: Figures, now: datetime) -> bool:
        """Whether a request for this offer goes on."""
        others = [one for one in self.payments.values() if one.key != key]
        gone = ("refused", "failed", "cancelled")
        taken = sum(one.offer.gross for one in others if one.day == now.date() and one.state not in gone)
        return (
            self.verified
            and not self.suspended
            and self.method is not None
            and self.method[0] == "USD"
            and now < offer.until
            and not any(one.offer is offer and one.state != "refused" for one in others)
            and offer.asked >= figures.minimum
            and offer.gross > offer.fee
            and offer.asked <= self.matured(now, figures.maturity_days)
            and offer.gross <= max(0, figures.cap - taken)
        )


def follows(one: Payment, items: list[dict[str, Any]], refused: bool) -> set[str]:
    """The states that a round may leave a redemption in, by what the provider truly has of its last attempt.

    `refused` says that the provider turned a request down meanwhile.
    """
    reached = resumed(one)
    if "approved" in reached:
        reached.add("submitted")
    had = set() if any(item["lies"] for item in items) else {status for item in items for status in item["history"]}
    if "submitted" in reached:
        if "SUCCESS" in had:
            reached.add("paid")
        if had & BACK or refused:
            reached.add("returned" if one.payments else "failed")
    if "paid" in reached and had & BACK:
        reached.add("returned")
    return reached


def resumed(one: Payment) -> set[str]:
    """Where a redemption may be once what a server died over is taken up again, if it is."""
    then = {"held": {"refused", "in_review", "approved"}, None: set()}
    return {one.state, *then.get(one.booking, {str(one.booking)})}


def amiss(one: Payment, mine: list[dict[str, Any]], long_ago: bool) -> str | None:
    """What is wrong with a redemption when all is quiet, if anything. `mine` are the provider's items of it."""
    last = [item for item in mine if item["payout_item"]["sender_item_id"] == one.batch(one.attempt)]
    status = last[-1]["history"][-1] if last else None
    if one.booking or one.state in ("requested", "held", "approved"):
        return "it is stuck"
    if one.contradicted:
        # Only the last attempt is asked after: what an earlier one does after it came back, nobody hears.
        missed = status == "SUCCESS" and one.state in ("failed", "returned") and not one.attention
        return "nobody was called to a contradiction" if missed and not long_ago else None
    given_up = "is not asked again" in (one.attention or "")
    if one.state == "submitted" and status not in WAITING and not given_up:
        return f"it waits although the provider says {status}"
    if one.state == "paid" and status != "SUCCESS" and not long_ago:
        return f"it is paid although the provider says {status}"
    return None
