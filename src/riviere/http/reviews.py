"""Redemptions over HTTP that wait for a person: review, what has to be looked into, and paying again what came back."""

from typing import cast

from riviere import money
from riviere.economy import checks
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.http.redemptions import REDEMPTION, named, page, place, shown
from riviere.payouts import model, redemptions, refusals, store
from riviere.wire import redemptions as wire
from riviere.wire.common import Money, Page, Paged


@operation(
    "GET",
    "/v1/redemptions",
    id="listRedemptionsToReview",
    tag="Redemptions",
    scope="redemptions:review",
    answer=Page(data=[REDEMPTION]),
)
def list_redemptions_to_review(call: Call, query: Paged) -> Page[wire.Redemption]:
    """List what waits for a person, longest first: in review, or with something that somebody has to look into."""
    with call.reading() as connection:
        found = redemptions.to_review(connection, place(query), query.limit + 1)
    return page(found, query.limit)


@operation(
    "GET",
    "/v1/redemptions/waiting",
    id="countWaitingRedemptions",
    tag="Redemptions",
    scope="redemptions:all",
    answer=wire.AllWaiting(
        data=[wire.Waiting(among="in_review", many=3, oldest=EXAMPLE_TIME, net=Money(amount="1840.20", currency="USD"))]
    ),
)
def count_waiting_redemptions(call: Call) -> wire.AllWaiting:
    """Count what waits for a person: in review, calling for attention, or come back and not yet paid again."""
    with call.reading() as connection:
        found = store.waiting(connection)
    return wire.AllWaiting(
        data=[
            wire.Waiting(
                among=cast("wire.Among", row.among),
                many=row.many,
                oldest=row.oldest,
                net=Money(amount=money.plain(max(0, row.net), row.currency), currency=row.currency),
            )
            for row in found
        ]
    )


@operation(
    "GET",
    "/v1/redemptions/all",
    id="listEverybodysRedemptions",
    tag="Redemptions",
    scope="redemptions:all",
    answer=Page(data=[REDEMPTION]),
)
def list_everybodys_redemptions(call: Call, query: wire.AmongQuery) -> Page[wire.Redemption]:
    """List everybody's redemptions that are in one state, newest first."""
    with call.reading() as connection:
        found = redemptions.among(connection, query.among, place(query), query.limit + 1)
    return page(found, query.limit)


@operation(
    "GET",
    "/v1/redemptions/{id}",
    id="getAnybodysRedemption",
    tag="Redemptions",
    scope="redemptions:all",
    raises=(model.UnknownRedemption,),
    answer=REDEMPTION,
)
def get_anybodys_redemption(call: Call) -> wire.Redemption:
    """Get a redemption by its id, whoever's it is."""
    with call.reading() as connection:
        return shown(redemptions.of_anyone(connection, named(call)))


@operation(
    "POST",
    "/v1/redemptions/{id}/approve",
    id="approveRedemption",
    tag="Redemptions",
    scope="redemptions:review",
    raises=(model.UnknownRedemption, model.WrongState, model.OwnReview, checks.BadText),
    asked=wire.Because(reason="Earnings look like those of last month"),
    answer=REDEMPTION,
)
def approve_redemption(call: Call, body: wire.Because) -> wire.Redemption:
    """Let a redemption in review go on to the provider.

    Who asked for it cannot: two people see every payout of this amount.
    """
    with call.reading() as connection:
        writer, who = call.office.writer, call.actor
        return shown(redemptions.approve(connection, writer, named(call), who, body.reason, call.now))


@operation(
    "POST",
    "/v1/redemptions/{id}/reject",
    id="rejectRedemption",
    tag="Redemptions",
    scope="redemptions:review",
    raises=(model.UnknownRedemption, model.WrongState, checks.BadText),
    asked=wire.Because(reason="The gifts came from the creator's own cards"),
    answer=REDEMPTION,
)
def reject_redemption(call: Call, body: wire.Because) -> wire.Redemption:
    """Say no to a redemption in review, and why; the creator reads it and has the diamonds back."""
    with call.reading() as connection:
        writer, who = call.office.writer, call.actor
        return shown(redemptions.reject(connection, writer, named(call), who, body.reason, call.now))


@operation(
    "POST",
    "/v1/redemptions/{id}/pay-again",
    id="payAgainAsOperator",
    tag="Redemptions",
    scope="redemptions:review",
    raises=(model.UnknownRedemption, model.WrongState, refusals.NoPayoutMethod, checks.BadText),
    asked=wire.Because(reason="The creator told us the right address"),
    answer=REDEMPTION,
)
def pay_again_as_operator(call: Call, body: wire.Because) -> wire.Redemption:
    """Pay money that came back once more, to the creator's payout method of now."""
    with call.reading() as connection:
        writer, who = call.office.writer, call.actor
        return shown(redemptions.pay_again(connection, writer, None, named(call), who, body.reason, call.now))


@operation(
    "POST",
    "/v1/redemptions/{id}/attended",
    id="attendToRedemption",
    tag="Redemptions",
    scope="redemptions:review",
    raises=(model.UnknownRedemption, model.WrongState, checks.BadText),
    asked=wire.Because(reason="The provider confirms that only one payment went out"),
    answer=REDEMPTION,
)
def attend_to_redemption(call: Call, body: wire.Because) -> wire.Redemption:
    """Say what came of looking into what a redemption called for; nothing moves."""
    with call.reading() as connection:
        return shown(redemptions.attended(connection, named(call), call.actor, body.reason, call.now))


@operation(
    "POST",
    "/v1/redemptions/{id}/never-paid",
    id="endUnpaidRedemption",
    tag="Redemptions",
    scope="redemptions:review",
    raises=(model.UnknownRedemption, model.WrongState, checks.BadText),
    asked=wire.Because(reason="The provider's statement of the month does not have it"),
    answer=REDEMPTION,
)
def end_unpaid_redemption(call: Call, body: wire.Because) -> wire.Redemption:
    """Say that a payout which called for a person was never paid, and how that is known.

    The diamonds are the creator's again; what had been paid once before stays owed in money. Be sure: what the provider
    did pay would be paid a second time.
    """
    with call.reading() as connection:
        writer, who = call.office.writer, call.actor
        return shown(redemptions.never_paid(connection, writer, named(call), who, body.reason, call.now))
