"""Why a redemption is refused: facts in, refusals out. Pure; every refusal says what to do.

Amounts: diamonds in thousandths, money in minor units of the quote's currency.
"""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from riviere.errors import RiviereError
from riviere.money import DIAMOND, grouped


class UnknownQuote(RiviereError):
    """There is no quote {quote} of this creator; ask for a new one."""

    code = "unknown_quote"


class QuoteExpired(RiviereError):
    """This quote was good until {expires_at}; ask for a new one, the rate may have changed."""

    code = "quote_expired"


class QuoteUsed(RiviereError):
    """This quote has been used by redemption {redemption}; ask for a new one."""

    code = "quote_used"


class PayoutsSuspended(RiviereError):
    """Payouts to this creator are suspended ({reason}); nothing is lost, ask the platform to look at it again."""

    code = "payouts_suspended"


class IdentityUnverified(RiviereError):
    """Identity must be verified before a redemption, and it is {state}; complete the identity check first."""

    code = "identity_unverified"


class NoPayoutMethod(RiviereError):
    """The payout method that is set is {there}, not {method} in {currency}; set that one, or quote for what is set."""

    code = "no_payout_method"


class NoPayoutProvider(RiviereError):
    """Nobody pays out by {method} here; choose one of {methods}."""

    code = "no_payout_provider"


class BelowMinimum(RiviereError):
    """A redemption takes {minimum} diamonds at least, and {asked} were asked for; redeem {missing} more."""

    code = "below_minimum"


class NothingArrives(RiviereError):
    """The fee of {fee} {currency} would leave nothing of {gross} {currency}; redeem more at once."""

    code = "nothing_arrives"


class NotEnoughDiamonds(RiviereError):
    """{asked} diamonds were asked for, and {free} are free; redeem less."""

    code = "not_enough_diamonds"


class StillMaturing(RiviereError):
    """{free} diamonds are matured, {asked} were asked for; gifts mature in {days} days: redeem less or later."""

    code = "still_maturing"


class ImportNotBacked(RiviereError):
    """{unbacked} diamonds come from imports with no money behind them yet; {free} are free; redeem less or later."""

    code = "import_not_backed"


class OverDailyCap(RiviereError):
    """Of {cap} {currency} a day, {left} are left today (UTC), and this redeems {gross}; redeem less, or tomorrow."""

    code = "over_daily_cap"


class Facts(msgspec.Struct, frozen=True):
    """What a request is judged by.

    `diamonds`, `owed` and `unbacked` are balances, `matured` what of them a hold could take now. `taken_today` is the
    gross amount of today's other redemptions that are not off. `receives` says by which method and in which currency
    the creator is paid (None: nothing set), `methods` which ones somebody pays out by. `expires_at` and `used_by` are
    the quote's; `suspended` is the stated reason.
    """

    asked: int
    gross: int
    fee: int
    method: str
    currency: str
    expires_at: datetime
    used_by: str | None
    minimum: int
    cap: int
    taken_today: int
    diamonds: int
    owed: int
    unbacked: int
    matured: int
    maturity_days: int
    identity: str
    suspended: str | None
    receives: tuple[str, str] | None
    methods: tuple[str, ...]


def refusals(facts: Facts, now: datetime) -> list[RiviereError]:
    """Every reason to refuse, the one to tell first at the head; none says that diamonds may be held."""
    return [*_of_person(facts), *_of_quote(facts, now), *_of_amount(facts), *shortage(facts), *_of_cap(facts)]


def _of_person(facts: Facts) -> Iterator[RiviereError]:
    if facts.suspended is not None:
        yield PayoutsSuspended(reason=facts.suspended)
    if facts.identity != "verified":
        yield IdentityUnverified(state=facts.identity.replace("_", " "))
    if facts.method not in facts.methods:
        yield NoPayoutProvider(method=facts.method, methods=", ".join(facts.methods))
    elif facts.receives != (facts.method, facts.currency):
        there = " in ".join(facts.receives) if facts.receives else "none"
        yield NoPayoutMethod(method=facts.method, currency=facts.currency, there=there)


def _of_quote(facts: Facts, now: datetime) -> Iterator[RiviereError]:
    if facts.used_by is not None:
        yield QuoteUsed(redemption=facts.used_by)
    elif now >= facts.expires_at:
        yield QuoteExpired(expires_at=facts.expires_at.isoformat())


def _of_amount(facts: Facts) -> Iterator[RiviereError]:
    if facts.asked < facts.minimum:
        missing = facts.minimum - facts.asked
        yield BelowMinimum(minimum=_diamonds(facts.minimum), asked=_diamonds(facts.asked), missing=_diamonds(missing))
    if facts.fee >= facts.gross:
        money = {"fee": grouped(facts.fee, facts.currency), "gross": grouped(facts.gross, facts.currency)}
        yield NothingArrives(currency=facts.currency, **money)


def shortage(facts: Facts) -> Iterator[RiviereError]:
    """What keeps the diamonds asked for from being held: the ledger's own rule, told in the creator's words."""
    free = max(0, min(facts.matured, facts.diamonds - facts.owed))
    if facts.asked <= free:
        return
    told = {"free": _diamonds(free), "asked": _diamonds(facts.asked)}
    if facts.asked <= facts.diamonds - facts.owed:
        yield StillMaturing(days=facts.maturity_days, **told)
    elif facts.asked <= facts.diamonds - facts.owed + facts.unbacked:
        yield ImportNotBacked(unbacked=_diamonds(facts.unbacked), free=told["free"])
    else:
        yield NotEnoughDiamonds(**told)


def _of_cap(facts: Facts) -> Iterator[RiviereError]:
    left = max(0, facts.cap - facts.taken_today)
    if facts.gross > left:
        money = {"left": left, "cap": facts.cap, "gross": facts.gross}
        told = {name: grouped(amount, facts.currency) for name, amount in money.items()}
        yield OverDailyCap(currency=facts.currency, **told)


def _diamonds(thousandths: int) -> str:
    return grouped(thousandths, DIAMOND)
