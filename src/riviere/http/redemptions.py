"""Redemptions over HTTP, as creators ask for them: quote, request, follow, cancel, and paying again what came back."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from riviere import clock, money
from riviere.database.connection import snapshot
from riviere.economy import checks, figures, people, policies, policy, wallet
from riviere.http import cursors
from riviere.http.operation import EXAMPLE_TIME, Answered, Call, operation
from riviere.ids import BadId
from riviere.ledger import refusals as ledger
from riviere.ledger.journal import matured
from riviere.payouts import model, quotes, redemptions, refusals
from riviere.wire import redemptions as wire
from riviere.wire.common import Page, Paged

_QUOTE: Final = wire.Quote(
    id="q_3f9k2m7q0x8wt",
    creator="aurora",
    asked="20001",
    diamonds="20000",
    left="1",
    method="paypal",
    currency="USD",
    gross="100.00",
    fee="1.60",
    net="98.40",
    created_at=EXAMPLE_TIME,
    expires_at=EXAMPLE_TIME.replace(minute=30),
    refusals=[],
)
REDEMPTION: Final = wire.Redemption(
    id="0b5c6a52-7f0f-4f3e-9a34-6d2f0f0c8a11",
    creator="aurora",
    quote="q_3f9k2m7q0x8wt",
    state="approved",
    diamonds="20000",
    gross="100.00",
    fee="1.60",
    net="98.40",
    currency="USD",
    method="paypal",
    receiver="a…@example.com",
    requested_at=EXAMPLE_TIME,
    outlook=model.OUTLOOK[model.State.APPROVED],
    attention=None,
    steps=[
        wire.Step(number=1, state="requested", at=EXAMPLE_TIME, actor="creator", reason=""),
        wire.Step(number=2, state="held", at=EXAMPLE_TIME, actor="creator", reason=""),
        wire.Step(number=3, state="approved", at=EXAMPLE_TIME, actor="riviere", reason=""),
    ],
)

#: What an automatic refusal may be.
REFUSALS: Final = (
    refusals.BelowMinimum,
    refusals.IdentityUnverified,
    refusals.ImportNotBacked,
    refusals.NoPayoutMethod,
    refusals.NoPayoutProvider,
    refusals.NotEnoughDiamonds,
    refusals.NothingArrives,
    refusals.OverDailyCap,
    refusals.PayoutsSuspended,
    refusals.QuoteExpired,
    refusals.QuoteUsed,
    refusals.StillMaturing,
)


@operation(
    "POST",
    "/v1/users/{user}/quotes",
    id="quoteRedemption",
    tag="Redemptions",
    scope="redemptions:write",
    owner="user",
    status=201,
    raises=(people.UnknownUser, money.BadAmount, money.BadFigure, ledger.TooLarge, policies.NoPolicy),
    asked=wire.AskQuote(diamonds="20001"),
    answer=_QUOTE,
)
def quote_redemption(call: Call, body: wire.AskQuote) -> wire.Quote:
    """Quote what diamonds bring: rate, fee, and what arrives.

    A quote keeps its rate and its fee until it expires, whatever policies say meanwhile. It takes the fewest diamonds
    that bring its whole cents; the rest stays. `refusals` says what a request would be refused for as things stand.
    """
    asked = money.parse(body.diamonds, money.DIAMOND, "What is to be redeemed")
    with call.reading() as connection:
        return _quote(
            quotes.quote(connection, call.path["user"], asked, body.method, body.currency, call.now), call.path["user"]
        )


@operation(
    "GET",
    "/v1/users/{user}/worth",
    id="getWorth",
    tag="Redemptions",
    scope="redemptions:read",
    owner="user",
    raises=(people.UnknownUser, ledger.TooLarge, policies.NoPolicy),
    answer=wire.Worth(
        creator="aurora",
        method="paypal",
        currency="USD",
        at=EXAMPLE_TIME,
        all=wire.Sum(diamonds="8420.5", gross="42.10", fee="0.73", net="41.37"),
        matured=wire.Sum(diamonds="6100", gross="30.50", fee="0.56", net="29.94"),
        minimum="10000",
        maturity_days=7,
        matured_by=EXAMPLE_TIME.replace(month=2, day=7, hour=21, minute=0),
        rate="0.005 USD a diamond",
        rate_since=EXAMPLE_TIME,
        charge="1.5% and 0.10 USD",
        charge_since=EXAMPLE_TIME,
        refusals=[
            wire.Refusal(
                code="below_minimum",
                detail="A redemption takes 10,000 diamonds at least, and 6,100 were asked for; redeem 3,900 more.",
            )
        ],
    ),
)
def get_worth(call: Call, query: wire.WorthQuery) -> wire.Worth:
    """Get what a creator's diamonds would bring now, after the fee and before tax, and what stands in the way.

    It promises nothing: a quote keeps its rate and fee, this does not. The minimum counts for one redemption.
    """
    with call.reading() as connection, snapshot(connection):
        user = people.find(connection, call.path["user"]).id
        held = wallet.wallet(connection, user)
        ripe = matured(connection, user, quotes.immature_from(connection, call.now))
        every, now = (
            quotes.worth(connection, user, diamonds, query.method, query.currency, call.now)
            for diamonds in (max(0, held.diamonds - held.owed), ripe)
        )
        names = (policy.MINIMUM, policy.MATURITY_DAYS, policy.MONEY_PER_DIAMOND, policy.FEE)
        scopes = ("", "", query.currency, f"{query.method}:{query.currency}")
        least, days, rate, fee = (
            policies.in_force(connection, name, scope, call.now) for name, scope in zip(names, scopes, strict=True)
        )
    ripening = timedelta(days=days.amount, hours=1)
    return wire.Worth(
        creator=call.path["user"],
        method=query.method,
        currency=query.currency,
        at=call.now,
        all=_sum(every),
        matured=_sum(now),
        minimum=_diamonds(least.amount),
        maturity_days=days.amount,
        matured_by=clock.hour_of(call.now) + ripening if days.amount else call.now,
        rate=figures.shown(rate),
        rate_since=rate.starts_at,
        charge=figures.shown(fee),
        charge_since=fee.starts_at,
        refusals=[wire.Refusal(code=one.code, detail=one.sentence) for one in now.refusals],
    )


@operation(
    "POST",
    "/v1/users/{user}/redemptions",
    id="requestRedemption",
    tag="Redemptions",
    scope="redemptions:write",
    owner="user",
    keyed=True,
    status=201,
    again=200,
    raises=(*REFUSALS, people.UnknownUser, refusals.UnknownQuote, BadId, ledger.KeyReused, policies.NoPolicy),
    asked=wire.AskRedemption(quote="q_3f9k2m7q0x8wt"),
    answer=REDEMPTION,
)
def request_redemption(call: Call, body: wire.AskRedemption) -> Answered[wire.Redemption]:
    """Redeem what a quote offers.

    The diamonds are held, and a payout above the amount that the platform set is reviewed by a person first; then the
    provider is asked to pay. What is refused is kept as a redemption with its reasons, moves nothing, and may be asked
    for again under the same key once the reason is gone. The same key with the same quote answers the redemption as it
    is by now, with 200; with another quote it is 422.
    """
    with call.reading() as connection:
        redemption = redemptions.request(
            connection, call.office.writer, call.path["user"], body.quote, call.key, call.actor, call.now
        )
    return Answered(shown(redemption), 201 if redemption.requested_at == call.now else 200)


@operation(
    "GET",
    "/v1/users/{user}/redemptions",
    id="listRedemptions",
    tag="Redemptions",
    scope="redemptions:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=Page(data=[REDEMPTION]),
)
def list_redemptions(call: Call, query: Paged) -> Page[wire.Redemption]:
    """List a creator's redemptions, newest first, the refused ones too."""
    with call.reading() as connection:
        found = redemptions.listed(connection, call.path["user"], place(query), query.limit + 1)
    return page(found, query.limit)


@operation(
    "GET",
    "/v1/users/{user}/redemptions/{id}",
    id="getRedemption",
    tag="Redemptions",
    scope="redemptions:read",
    owner="user",
    raises=(people.UnknownUser, model.UnknownRedemption),
    answer=REDEMPTION,
)
def get_redemption(call: Call) -> wire.Redemption:
    """Get a redemption with every step: when, by whom, why, and what happens next."""
    with call.reading() as connection:
        return shown(redemptions.get(connection, call.path["user"], named(call)))


@operation(
    "POST",
    "/v1/users/{user}/redemptions/{id}/cancel",
    id="cancelRedemption",
    tag="Redemptions",
    scope="redemptions:write",
    owner="user",
    raises=(
        people.UnknownUser,
        model.UnknownRedemption,
        model.WrongState,
        model.PaidOutOnce,
        checks.BadText,
    ),
    asked=wire.Because(reason="I would rather wait"),
    answer=REDEMPTION,
)
def cancel_redemption(call: Call, body: wire.Because) -> wire.Redemption:
    """Take a redemption back before the provider is asked.

    The diamonds are as they were, as matured as they were. Once it is submitted it is too late.
    """
    with call.reading() as connection:
        writer, who = call.office.writer, call.actor
        return shown(redemptions.cancel(connection, writer, call.path["user"], named(call), who, body.reason, call.now))


@operation(
    "POST",
    "/v1/users/{user}/redemptions/{id}/pay-again",
    id="payAgain",
    tag="Redemptions",
    scope="redemptions:write",
    owner="user",
    raises=(
        people.UnknownUser,
        model.UnknownRedemption,
        model.WrongState,
        refusals.NoPayoutMethod,
        refusals.PayoutsSuspended,
        checks.BadText,
    ),
    asked=wire.Because(reason="My address was wrong; it is right now"),
    answer=REDEMPTION,
)
def pay_again(call: Call, body: wire.Because) -> wire.Redemption:
    """Ask for money that came back to be paid again.

    It goes to the payout method of now, the same amount, without a new quote: money that is owed stays money.
    """
    with call.reading() as connection:
        writer, who = call.office.writer, call.actor
        return shown(
            redemptions.pay_again(connection, writer, call.path["user"], named(call), who, body.reason, call.now)
        )


def named(call: Call) -> UUID:
    """The id in the path, in the one form in which ids are shown. Raises UnknownRedemption for any other."""
    text = call.path["id"]
    with suppress(ValueError):
        if str(found := UUID(text)) == text:
            return found
    raise model.UnknownRedemption(redemption=text)


def place(query: Paged) -> tuple[datetime, UUID] | None:
    """Where a page of redemptions begins. Raises InvalidQuery."""
    return cursors.read(query.cursor, tuple[cursors.Instant, UUID])


def page(found: Sequence[redemptions.Redemption], limit: int) -> Page[wire.Redemption]:
    """A page of the first `limit` of those that were found, and its cursor."""
    return cursors.page(found, limit, shown, lambda redemption: (redemption.requested_at, redemption.id))


def _diamonds(thousandths: int) -> str:
    return money.plain(thousandths, money.DIAMOND)


def _sum(quote: quotes.Quote) -> wire.Sum:
    return wire.Sum(
        diamonds=_diamonds(quote.asked),
        gross=money.plain(quote.gross, quote.currency),
        fee=money.plain(quote.fee, quote.currency),
        net=money.plain(quote.net, quote.currency),
    )


def _quote(quote: quotes.Quote, creator: str) -> wire.Quote:
    return wire.Quote(
        id=quote.name,
        creator=creator,
        asked=_diamonds(quote.asked),
        diamonds=_diamonds(quote.diamonds),
        left=_diamonds(quote.left),
        method=quote.method,
        currency=quote.currency,
        gross=money.plain(quote.gross, quote.currency),
        fee=money.plain(quote.fee, quote.currency),
        net=money.plain(quote.net, quote.currency),
        created_at=quote.created_at,
        expires_at=quote.expires_at,
        refusals=[wire.Refusal(code=one.code, detail=one.sentence) for one in quote.refusals],
    )


def shown(redemption: redemptions.Redemption) -> wire.Redemption:
    """A redemption as people follow it."""
    return wire.Redemption(
        id=str(redemption.id),
        creator=redemption.creator,
        quote=redemption.quote,
        state=redemption.state.value,
        diamonds=_diamonds(redemption.diamonds),
        gross=money.plain(redemption.gross, redemption.currency),
        fee=money.plain(redemption.fee, redemption.currency),
        net=money.plain(redemption.net, redemption.currency),
        currency=redemption.currency,
        method=redemption.method,
        receiver=redemption.receiver,
        requested_at=redemption.requested_at,
        outlook=redemption.outlook,
        attention=redemption.attention,
        steps=[
            wire.Step(number=step.number, state=step.state.value, at=step.at, actor=step.actor, reason=step.reason)
            for step in redemption.steps
        ],
    )
