"""The states of a redemption, what may follow what, and what a creator is told of each. Pure.

The diamonds are held from `held` to `submitted`. Money moves only where a provider said that it did: on the way to
`paid`, and back on the way to `returned`, which is money owed to the creator and never diamonds again.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from riviere.errors import RiviereError


class State(StrEnum):
    """Where a redemption is."""

    REQUESTED = "requested"
    REFUSED = "refused"
    HELD = "held"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"
    RETURNED = "returned"


#: What a request begins as.
FIRST: Final = frozenset({State.REQUESTED, State.REFUSED})

#: What may follow what; `may` adds what that depends on. A step may also repeat the state: it tells and moves nothing.
NEXT: Final[dict[State, frozenset[State]]] = {
    State.REQUESTED: frozenset({State.REFUSED, State.HELD}),
    State.REFUSED: frozenset({State.REQUESTED}),
    State.HELD: frozenset({State.IN_REVIEW, State.APPROVED, State.CANCELLED}),
    State.IN_REVIEW: frozenset({State.APPROVED, State.CANCELLED}),
    State.APPROVED: frozenset({State.SUBMITTED, State.CANCELLED}),
    State.SUBMITTED: frozenset({State.PAID, State.FAILED, State.RETURNED}),
    State.PAID: frozenset({State.RETURNED}),
    State.RETURNED: frozenset({State.APPROVED}),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}

#: Stands beside the states where those are meant that call for a person, whatever their state.
ATTENTION: Final = "attention"

#: States that are reached by writing an order to the ledger; `returned` is one only after `paid`.
BOOKED: Final = frozenset({State.HELD, State.CANCELLED, State.PAID, State.FAILED, State.RETURNED})

#: What happens next, for the creator.
OUTLOOK: Final[dict[State, str]] = {
    State.REQUESTED: "The request is being checked.",
    State.REFUSED: "Nothing moved. Put right what the last step names, and ask again.",
    State.HELD: "The diamonds are held; the payout is being prepared.",
    State.IN_REVIEW: "Waiting for a person to review it. It can still be cancelled.",
    State.APPROVED: "About to be sent to the payout provider.",
    State.SUBMITTED: "Waiting for the provider to say that it has paid.",
    State.PAID: "Done: the provider says that the money has arrived.",
    State.FAILED: "The diamonds are back, as matured as they were. Put right what the last step names; quote anew.",
    State.CANCELLED: "The diamonds are back, as matured as they were. Start again with a new quote.",
    State.RETURNED: "The money came back and is owed to you. Correct the payout method, then ask to be paid again.",
}
#: The same while a person has to look at it.
WITH_A_PERSON: Final = "A person is looking into what the last step names."

#: How long after it asked a provider is asked the same again: PayPal knows a batch id for 30 days, and what it has
#: forgotten it would pay twice. Five days are left for clocks, queues and holidays.
ASK_AGAIN: Final = timedelta(days=25)

#: How long a provider is asked whether what ended has come to another end, and how often. PayPal returns what nobody
#: claims after 30 days.
WATCHED: Final = timedelta(days=60)
WATCH_EVERY: Final = timedelta(days=1)

_FIRST_WAIT, _LONGEST_WAIT, _DOUBLINGS = timedelta(seconds=3), timedelta(hours=6), 13


class Row(msgspec.Struct, frozen=True):
    """A redemption, its quote's terms, its receiver, and what is known of the last time that a provider was asked.

    `booking` is the state whose order is being written to the ledger, for `actor` and `reason`; None between steps.
    """

    creator: int
    id: UUID
    quote: int
    payout_method: int | None
    requested_at: datetime
    state: State
    step: int
    booking: State | None
    actor: str | None
    reason: str | None
    payments: int
    attempt: int
    due_at: datetime | None
    tries: int
    attention: str | None
    asked: int
    diamonds: int
    gross: int
    fee: int
    currency: str
    rate_policy: int
    fee_policy: int
    method: str
    receiver: str
    asked_at: datetime | None
    reference: str | None
    item: str | None
    status: str | None

    @property
    def net(self) -> int:
        """What the creator is paid, in minor units."""
        return self.gross - self.fee

    @property
    def batch(self) -> str:
        """What this payout is called to the provider: it follows from the redemption and the attempt."""
        return f"{self.id.hex}-{self.attempt}"

    @property
    def masked(self) -> str:
        """The receiver as people are shown it; empty where there is none."""
        return masked(self.receiver) if self.receiver else ""


class Step(msgspec.Struct, frozen=True):
    """One thing that happened to a redemption: what state it was in then, who did it and why."""

    number: int
    state: State
    at: datetime
    actor: str
    reason: str


class Waiting(NamedTuple):
    """Redemptions that wait for a person: why (a state, or ATTENTION), how many, since when, what would be paid.

    `net` is in minor units of `currency`.
    """

    among: str
    currency: str
    many: int
    oldest: datetime
    net: int


class UnknownRedemption(RiviereError):
    """There is no redemption {redemption} here; look at the list for its id."""

    code = "unknown_redemption"


class WrongState(RiviereError):
    """A redemption can be {what} while it is {states}; this one is {state}."""

    code = "wrong_redemption_state"


class OwnReview(RiviereError):
    """This redemption was asked for by {actor}, who cannot review it too; somebody else has to."""

    code = "own_review"


class PaidOutOnce(RiviereError):
    """What is owed in money cannot become diamonds again; this redemption can only be paid again."""

    code = "paid_out_once"


def may(before: State, after: State, payments: int) -> bool:
    """Whether `after` may follow `before` where the ledger has booked so many payments.

    Once one was booked the diamonds are gone: what fails then is owed in money, and cannot be cancelled.
    """
    if after not in NEXT[before]:
        return False
    if before == State.SUBMITTED and after == State.RETURNED:
        return payments > 0
    if after in (State.CANCELLED, State.FAILED):
        return payments == 0
    return True


def is_booked(before: State, after: State) -> bool:
    """Whether going from `before` to `after` writes an order to the ledger."""
    return after in BOOKED and (before, after) != (State.SUBMITTED, State.RETURNED)


def wait(tries: int) -> timedelta:
    """How long to wait before asking once more, after `tries` times in vain: 3 seconds, doubled up to 6 hours."""
    return min(_FIRST_WAIT * (1 << min(tries, _DOUBLINGS)), _LONGEST_WAIT)


def outlook(state: State, attention: str | None) -> str:
    """What happens next, for the creator."""
    return WITH_A_PERSON if attention else OUTLOOK[state]


def masked(receiver: str) -> str:
    """An e-mail address as people are shown it, by its first letter and its domain: "a…@example.com"."""
    name, _, domain = receiver.rpartition("@")
    return f"{name[:1]}…@{domain}"
