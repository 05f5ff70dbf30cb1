"""What to believe of what a provider says. Pure.

A provider may be slow, repeat itself or contradict itself. Only an answer about the very payment that was asked for
moves anything, and only in one direction; whatever else it says is written down for a person.
"""

from collections.abc import Sequence

import msgspec

from riviere.money import grouped
from riviere.payouts.model import Row, State, masked
from riviere.payouts.provider import ItemStatus, Standing


class Verdict(msgspec.Struct, frozen=True):
    """What follows from an answer: the state to go to, or a note for a person, or, with neither, to ask again later."""

    to: State | None = None
    reason: str = ""
    note: bool = False


#: What ended: asked after for a while, because a provider may change its mind.
ENDED = (State.PAID, State.FAILED, State.RETURNED)


def judge(row: Row, provider: str, answers: Sequence[ItemStatus]) -> Verdict:
    """What follows from a provider's statuses of the batch of this redemption's last attempt."""
    ours = [answer for answer in answers if answer.id == row.batch]
    if len({(answer.standing, answer.amount, answer.currency, answer.receiver) for answer in ours}) > 1:
        return Verdict(reason=f"{provider} says different things of this payout at once", note=True)
    if not ours or ours[0].standing == Standing.WAITING:
        return Verdict()
    answer = ours[0]
    asked = (row.net, row.currency, row.receiver.casefold())
    if (answer.amount, answer.currency, answer.receiver.casefold()) != asked:
        return Verdict(reason=_another(row, provider, answer), note=True)
    said = f"{provider}: {answer.status}" + (f", {answer.reason}" if answer.reason else "")
    if answer.standing == Standing.PAID:
        if row.state in (State.FAILED, State.RETURNED):
            return Verdict(reason=f"{said}, after it had said otherwise; nothing was booked", note=True)
        return Verdict(State.PAID if row.state == State.SUBMITTED else None, said)
    if row.state == State.SUBMITTED:
        return Verdict(State.RETURNED if row.payments else State.FAILED, said)
    return Verdict(State.RETURNED if row.state == State.PAID else None, said)


def _another(row: Row, provider: str, answer: ItemStatus) -> str:
    """What a provider said of a payment that nobody asked for."""
    theirs = f"{_amount(answer.amount, answer.currency)} to {masked(answer.receiver)}"
    ours = f"{_amount(row.net, row.currency)} to {row.masked}"
    return f"{provider} says {answer.status} of {theirs}, and {ours} was asked for; nothing was booked"


def _amount(units: int, currency: str) -> str:
    try:
        return f"{grouped(units, currency)} {currency}"
    except Exception:
        return f"{units} of {currency!r}"
