"""Who may be paid, and where: payout method, identity and standing over HTTP."""

from collections.abc import Sequence
from typing import Final

from riviere import money
from riviere.economy import checks, people
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.payouts import methods, refusals, standing
from riviere.payouts.standing import Mark
from riviere.wire import redemptions as wire

_METHOD: Final = wire.PayoutMethod(method="paypal", currency="USD", receiver="a…@example.com", since=EXAMPLE_TIME)
_VERIFIED: Final = wire.Marks(
    state="verified",
    history=[wire.Mark(state="verified", at=EXAMPLE_TIME, actor="key app", reason="passport seen")],
)
_SUSPENDED: Final = wire.Marks(
    state="suspended",
    history=[wire.Mark(state="suspended", at=EXAMPLE_TIME, actor="operator kim", reason="gifts under review")],
)


@operation(
    "PUT",
    "/v1/users/{user}/payout-method",
    id="setPayoutMethod",
    tag="Redemptions",
    scope="redemptions:write",
    owner="user",
    raises=(people.UnknownUser, refusals.NoPayoutProvider, money.UnknownCurrency, methods.BadReceiver, checks.BadText),
    asked=wire.SetPayoutMethod(method="paypal", currency="USD", receiver="aurora@example.com"),
    answer=_METHOD,
)
def set_payout_method(call: Call, body: wire.SetPayoutMethod) -> wire.PayoutMethod:
    """Set where a creator is paid.

    It holds for requests from now on; what is on its way goes where it went. Nobody is shown the whole address again.
    """
    with call.reading() as connection:
        return _method(
            methods.set_method(
                connection, call.path["user"], body.method, body.currency, body.receiver, call.actor, call.now
            )
        )


@operation(
    "GET",
    "/v1/users/{user}/payout-method",
    id="getPayoutMethod",
    tag="Redemptions",
    scope="redemptions:read",
    owner="user",
    raises=(people.UnknownUser, methods.NothingSet),
    answer=_METHOD,
)
def get_payout_method(call: Call) -> wire.PayoutMethod:
    """Get where a creator is paid."""
    with call.reading() as connection:
        method = methods.method_of(connection, people.find(connection, call.path["user"]).id)
    if method is None:
        raise methods.NothingSet
    return _method(method)


@operation(
    "PUT",
    "/v1/users/{user}/identity",
    id="setIdentity",
    tag="Redemptions",
    scope="identity:write",
    raises=(people.UnknownUser, checks.BadText),
    asked=wire.SetIdentity(state="verified", reason="passport seen"),
    answer=_VERIFIED,
)
def set_identity(call: Call, body: wire.SetIdentity) -> wire.Marks:
    """Record what an identity check came to. Only who is verified may redeem."""
    user, state = call.path["user"], standing.Identity(body.state)
    with call.reading() as connection:
        standing.set_identity(connection, user, state, call.actor, body.reason or "", call.now)
        return _marks(standing.identity_of(connection, people.find(connection, user).id), "not_started")


@operation(
    "GET",
    "/v1/users/{user}/identity",
    id="getIdentity",
    tag="Redemptions",
    scope="redemptions:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=_VERIFIED,
)
def get_identity(call: Call) -> wire.Marks:
    """Get whether a user's identity is verified, and how it came to that."""
    with call.reading() as connection:
        return _marks(standing.identity_of(connection, people.find(connection, call.path["user"]).id), "not_started")


@operation(
    "PUT",
    "/v1/users/{user}/standing",
    id="setStanding",
    tag="Redemptions",
    scope="identity:write",
    raises=(people.UnknownUser, checks.BadText),
    asked=wire.SetStanding(state="suspended", reason="gifts under review"),
    answer=_SUSPENDED,
)
def set_standing(call: Call, body: wire.SetStanding) -> wire.Marks:
    """Suspend redemptions of a user, or let them go on, with the reason that they are told."""
    user = call.path["user"]
    change = standing.suspend if body.state == standing.SUSPENDED else standing.reinstate
    with call.reading() as connection:
        change(connection, user, call.actor, body.reason, call.now)
        return _marks(standing.standing_of(connection, people.find(connection, user).id), standing.ACTIVE)


@operation(
    "GET",
    "/v1/users/{user}/standing",
    id="getStanding",
    tag="Redemptions",
    scope="redemptions:read",
    owner="user",
    raises=(people.UnknownUser,),
    answer=_SUSPENDED,
)
def get_standing(call: Call) -> wire.Marks:
    """Get whether a user may redeem, and every suspension with its reason."""
    with call.reading() as connection:
        return _marks(standing.standing_of(connection, people.find(connection, call.path["user"]).id), standing.ACTIVE)


def _method(method: methods.Method) -> wire.PayoutMethod:
    return wire.PayoutMethod(method=method.method, currency=method.currency, receiver=method.masked, since=method.at)


def _marks(marks: Sequence[Mark], before_any: str) -> wire.Marks:
    """What holds, and how it came to it; `before_any` holds where nobody ever said anything."""
    history = [wire.Mark(state=mark.state, at=mark.at, actor=mark.actor, reason=mark.reason) for mark in marks]
    return wire.Marks(state=history[-1].state if history else before_any, history=history)
