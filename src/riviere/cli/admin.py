"""`riviere admin`: the figures that can change, who may use the API, imports and the money behind them, upkeep."""

from datetime import datetime
from typing import Annotated, Any

from cyclopts import App, Parameter

from riviere import clock, money
from riviere.cli import access
from riviere.cli.catalogue import gift, gifts, pack, packs
from riviere.cli.common import NOTHING_SAID, Common, operator, table
from riviere.cli.inputs import From, Until, Whole, Yes, confirm
from riviere.cli.showing import counted, diamonds, iso, state, when
from riviere.cli.welcome import sign_in
from riviere.connectors import imports as recorded
from riviere.economy import catalogue, figures, policies
from riviere.economy.policy import Policy
from riviere.payments.purchases import expire_due

admin = App(name="admin", help="What an operator does: policies, catalogue, keys, imports, upkeep.")
admin.command(gifts)
admin.command(gift)
admin.command(packs)
admin.command(pack)
admin.command(access.key)
admin.command(access.operator)
admin.command(access.token_key)
admin.command(sign_in)

Operator = Annotated[str | None, Parameter(help="Who acts; the name you have on this machine if not given.")]


@admin.command(name="policies")
def list_policies(*, common: Common = NOTHING_SAID) -> None:
    """List every figure, past, in force and announced."""
    with common.riviere() as riviere:
        rows = policies.listed(riviere.connection)
    now = clock.now()
    columns = ("policy", "scope", "figure", "state", "from (UTC)", "until (UTC)", "announced by")
    lines = [
        (
            row.name,
            row.scope,
            figures.shown(row),
            state(row.starts_at, row.ends_at, now),
            when(row.starts_at),
            when(row.ends_at),
            row.announced_by,
        )
        for row in rows
    ]
    answer = {"policies": [_policy(row, now) for row in rows]}
    common.answer(answer, table(columns, lines) if rows else "no policies yet: riviere admin defaults")


@admin.command(name="policy")
def set_policy(
    name: str,
    *figure: str,
    share: Annotated[str | None, Parameter(help="Of a fee: its share, 1.5%.")] = None,
    fixed: Annotated[str | None, Parameter(help="Of a fee: its fixed part in the currency, 0.10.")] = None,
    starts_at: From = None,
    until: Until = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Announce a figure: its scope where it has one, then the amount.

    diamonds_per_coin 0.45 · money_per_diamond USD 0.005 · minimum 10000 · daily_cap USD 1000 · maturity_days 7 ·
    fee paypal:USD --share 1.5% --fixed 0.10
    """
    scope, amount, millionths = figures.read(name, figure, share, fixed)
    with common.riviere() as riviere:
        now = clock.now()
        row = policies.announce(
            riviere.connection,
            riviere.signer,
            name,
            scope,
            amount,
            share=millionths,
            starts_at=starts_at or now,
            until=until,
            by=operator(),
            now=now,
        )
    ends = f" until {when(row.ends_at)} UTC" if row.ends_at else ""
    subject = f"{name} {scope}".strip()
    common.answer(_policy(row, now), f"{subject}: {figures.shown(row)} from {when(row.starts_at)} UTC{ends}")


@admin.command(name="imports")
def list_imports(*, common: Common = NOTHING_SAID) -> None:
    """List every import of recorded gifts."""
    with common.riviere() as riviere:
        rows = recorded.listed(riviere.connection)
    columns = (">import", "format", ">diamonds a coin", "opened at (UTC)", "by", "source")
    lines = [
        (str(row.id), row.format, diamonds(row.rate), when(row.opened_at), row.opened_by, row.source) for row in rows
    ]
    answer = [
        {
            "import": row.id,
            "format": row.format,
            "source": row.source,
            "rate": money.plain(row.rate, money.DIAMOND),
            "opened_at": iso(row.opened_at),
            "opened_by": row.opened_by,
        }
        for row in rows
    ]
    common.answer({"imports": answer}, table(columns, lines) if rows else "no imports yet: riviere replay FILE")


@admin.command
def back(
    number: Annotated[Whole, Parameter(name="IMPORT", help="Its number in `riviere admin imports`.")],
    *,
    currency: Annotated[str, Parameter(help="What the money is in (USD).")],
    operator_name: Annotated[Operator, Parameter(name="--operator")] = None,
    yes: Yes = False,
    common: Common = NOTHING_SAID,
) -> None:
    """Post the money behind an import, as somebody else than ran it; its diamonds become the creators' own."""
    by = operator() if operator_name is None else operator_name
    with common.riviere() as riviere:
        now = clock.now()
        planned = recorded.quote(riviere.connection, number, currency, by, now)
        confirm(f"Post {_backed(planned)}?", yes=yes)
        done = recorded.back(riviere.connection, riviere.writer, riviere.signer, number, currency, by, now)
    common.answer(
        {
            "import": number,
            "amount": money.plain(done.amount, currency),
            "currency": currency,
            "diamonds": money.plain(done.diamonds, money.DIAMOND),
            "creators": done.creators,
            "operator": by,
        },
        f"posted {_backed(done)}",
    )


@admin.command
def expire(*, common: Common = NOTHING_SAID) -> None:
    """Take back bonus coins that are past their time and unspent."""
    with common.riviere() as riviere:
        coins = expire_due(riviere.connection, riviere.writer, clock.now())
    common.answer({"expired": coins}, f"{counted(coins, 'bonus coin')} expired")


@admin.command
def defaults(*, common: Common = NOTHING_SAID) -> None:
    """Stock the starter catalogue, coin packs and policies; what is there stays as it is."""
    with common.riviere() as riviere:
        now = clock.now()
        stocked = catalogue.stock(riviere.connection, riviere.signer, now)
        policies.defaults(riviere.connection, riviere.signer, now)
        figures_there = policies.listed(riviere.connection)
    counts = {
        "gifts": len(stocked.on_sale(now)),
        "packs": len([row for row in stocked.every_pack() if row.ends_at is None]),
        "policies": len({(row.name, row.scope) for row in figures_there}),
    }
    common.answer(
        counts,
        f"on sale: {counted(counts['gifts'], 'gift')} and {counted(counts['packs'], 'pack')}; "
        f"{counted(counts['policies'], 'policy', 'policies')}",
        "next: riviere user add NAME · riviere stream start CREATOR NAME · riviere buy USER pack-700",
    )


def _policy(row: Policy, now: datetime) -> dict[str, Any]:
    return {
        "name": row.name,
        "scope": row.scope,
        "figure": figures.shown(row),
        "amount": row.amount,
        "share": row.share,
        "state": state(row.starts_at, row.ends_at, now),
        "starts_at": iso(row.starts_at),
        "ends_at": iso(row.ends_at),
        "announced_at": iso(row.announced_at),
        "announced_by": row.announced_by,
    }


def _backed(money_behind: recorded.Backed) -> str:
    amount = money.grouped(money_behind.amount, money_behind.currency)
    creators = counted(money_behind.creators, "creator")
    return f"{amount} {money_behind.currency} behind {diamonds(money_behind.diamonds)} diamonds of {creators}"
