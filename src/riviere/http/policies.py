"""Policies over HTTP: the figures that price everything, past, in force and announced."""

from datetime import datetime
from typing import Final

from riviere import money
from riviere.clock import BadTime
from riviere.economy import dated, figures, policies, policy
from riviere.economy.policy import Policy as PolicyRow
from riviere.http import cursors
from riviere.http.cursors import Instant
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.wire.common import Page
from riviere.wire.policies import AnnouncePolicy, PoliciesQuery, Policy

RATE: Final = Policy(
    id=1,
    name="diamonds_per_coin",
    scope="",
    amount="0.45",
    share=None,
    fixed=None,
    figure="0.45 diamonds a coin",
    in_force=True,
    starts_at=EXAMPLE_TIME,
    ends_at=None,
    announced_at=EXAMPLE_TIME,
    announced_by="operator ada",
)


@operation(
    "GET",
    "/v1/policies",
    id="listPolicies",
    tag="Policies",
    scope="policies:read",
    answer=Page(data=[RATE]),
)
def list_policies(call: Call, query: PoliciesQuery) -> Page[Policy]:
    """List every figure, past, in force and announced, by name, scope and time."""
    after = cursors.read(query.cursor, tuple[str, str, Instant])
    with call.reading() as connection:
        rows = policies.page(connection, query.name, query.scope, after, query.limit + 1)
    return cursors.page(
        rows, query.limit, lambda row: shown(row, call.now), lambda row: (row.name, row.scope, row.starts_at)
    )


@operation(
    "POST",
    "/v1/policies",
    id="announcePolicy",
    tag="Policies",
    scope="policies:write",
    status=201,
    raises=(
        BadTime,
        dated.StartsInPast,
        money.BadAmount,
        money.UnknownCurrency,
        policies.PolicyOverlap,
        policy.BadPolicy,
    ),
    asked=AnnouncePolicy(name="diamonds_per_coin", amount="0.45", starts_at=EXAMPLE_TIME),
    answer=RATE,
)
def announceshown(call: Call, body: AnnouncePolicy) -> Policy:
    """Announce a figure, from now or from some time on.

    The figure without an end that holds then ends there; what was priced stays as it was. The names, each with its
    scope and its figure: `diamonds_per_coin` 0.45 · `money_per_diamond` USD 0.005 · `minimum` 10000 · `daily_cap` USD
    1000 · `maturity_days` 7 · `review_over` USD 500 · `quote_minutes` 15 · `refund_days` 14 · `fee` paypal:USD
    with `share` 1.5% and `fixed` 0.10. A rate for one import has the scope import: and its number.
    """
    words = [body.scope] * bool(body.scope) + [body.amount or ""] * (body.amount is not None)
    scope, amount, share = figures.read(body.name, words, body.share, body.fixed)
    starts_at = call.instant(body.starts_at)
    ends_at = None if body.ends_at is None else call.instant(body.ends_at)
    with call.reading() as connection:
        announced = policies.announce(
            connection,
            call.office.signer,
            body.name,
            scope,
            amount,
            share=share,
            starts_at=starts_at,
            until=ends_at,
            by=call.actor,
            now=call.now,
        )
    return shown(announced, call.now)


def shown(row: PolicyRow, now: datetime) -> Policy:
    """A figure as people read it at this time."""
    is_fee = row.name == policy.FEE
    return Policy(
        id=row.id,
        name=row.name,
        scope=row.scope,
        amount=None if is_fee else figures.amount(row),
        share=figures.share(row) if is_fee else None,
        fixed=figures.amount(row) if is_fee else None,
        figure=figures.shown(row),
        in_force=dated.in_force([row], now) is not None,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        announced_at=row.announced_at,
        announced_by=row.announced_by,
    )
