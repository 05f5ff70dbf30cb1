"""The law: what may never happen has no route, and a law that had one would be seen."""

import pytest

from riviere.ledger import law
from riviere.ledger.law import Kind, Route, RouteLaw


def test_nothing_that_may_never_happen_has_a_route() -> None:
    assert law.impossible() == []


@pytest.mark.parametrize(
    ("pays", "receives", "creator", "says"),
    [
        (Kind.COINS, Kind.COINS, "receives", "COIN from one user to another"),
        (Kind.DIAMONDS, Kind.DIAMONDS, "receives", "DIAMOND from one user to another"),
        (Kind.PROCESSOR_CASH, Kind.DIAMONDS, "", "money buys diamonds"),
        (Kind.DIAMONDS, Kind.COINS, "", "diamonds become coins"),
        (Kind.UNBACKED, Kind.BONUS, "", "diamonds become coins"),
        (Kind.PAYABLE, Kind.HELD, "", "money buys diamonds"),
        (Kind.PAYABLE, Kind.DIAMONDS, "receives", "money buys diamonds"),
        (Kind.BANK_CASH, Kind.HELD, "", "money buys diamonds"),
        (Kind.PAYABLE, Kind.COINS, "", "diamonds become coins"),
    ],
)
def test_a_law_that_allowed_it_would_be_seen(
    monkeypatch: pytest.MonkeyPatch, pays: Kind, receives: Kind, creator: str, says: str
) -> None:
    monkeypatch.setitem(law.ROUTES, Route.GIFT, RouteLaw("wrong", pays, receives, "viewer", creator, ""))
    assert law.impossible() == [f"wrong: {says}"]


def test_diamonds_leave_a_creator_only_into_holds_and_debts() -> None:
    ways = {route for route, row in law.ROUTES.items() if row.pays == Kind.DIAMONDS}
    assert ways == {Route.REDEEM_NET, Route.REDEEM_HOLD}


def test_frozen_coins_go_back_to_the_wallet_they_came_from_or_out_of_the_economy() -> None:
    into = {route: row.pays for route, row in law.ROUTES.items() if row.receives == Kind.FROZEN}
    assert into == {Route.COINS_FREEZE: Kind.COINS, Route.COINS_FREEZE_BONUS: Kind.BONUS}
    ways = {route: row.receives for route, row in law.ROUTES.items() if row.pays == Kind.FROZEN}
    assert ways == {
        Route.COINS_THAW: Kind.COINS,
        Route.COINS_THAW_BONUS: Kind.BONUS,
        Route.COINS_REFUND: Kind.PROCESSOR_CASH,
        Route.COINS_WITHDRAW: Kind.PROMOTION,
    }


def test_what_is_imported_has_one_way_out() -> None:
    ways = {route for route, row in law.ROUTES.items() if row.pays == Kind.UNBACKED}
    assert ways == {Route.IMPORT_RELEASE}


def test_held_diamonds_go_back_or_become_money_that_goes_to_the_bank() -> None:
    ways = {route: row.receives for route, row in law.ROUTES.items() if row.pays in (Kind.HELD, Kind.PAYABLE)}
    assert ways == {
        Route.REDEEM_RELEASE: Kind.DIAMONDS,
        Route.REDEEM_SETTLE: Kind.PAYABLE,
        Route.REDEEM_FEE: Kind.PAYOUT_FEES,
        Route.REDEEM_PAYOUT: Kind.BANK_CASH,
    }
