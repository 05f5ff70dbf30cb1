"""Creators who redeem, in a small economy whose books and redemptions agree at the end."""

from collections.abc import Iterator

import pytest
from payees import Payees

from riviere.payouts.checking import check_redemptions
from riviere.payouts.redemptions import Redemption
from world import World, world

__all__ = ["payees", "world"]


@pytest.fixture
def payees(world: World) -> Iterator[Payees]:
    made = Payees(world)
    yield made
    with world.connection.transaction():
        check = check_redemptions(world.connection)
    assert check.ok, check.detail


@pytest.fixture
def asked(payees: Payees) -> Redemption:
    """A redemption of 10,000 diamonds that nobody has sent to a provider yet."""
    payees.creator()
    return payees.redeem()
