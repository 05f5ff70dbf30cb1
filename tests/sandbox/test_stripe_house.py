"""The stand-in speaks as Stripe does, to Stripe's own package."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from riviere.sandbox.cards import SECRET_KEY, StripeHouse


@pytest.fixture
def house(tmp_path: Path) -> Iterator[StripeHouse]:
    made = StripeHouse(tmp_path / "stripe").start()
    yield made
    made.stop()


def test_a_payment_is_made_once_for_a_key_whatever_dies_in_between(house: StripeHouse) -> None:
    client = stripe.StripeClient(SECRET_KEY, base_addresses={"api": house.url})
    first = client.v1.payment_intents.create({"amount": 499, "currency": "usd"}, {"idempotency_key": "k1"})
    house.kill()
    house.start()
    again = client.v1.payment_intents.create({"amount": 499, "currency": "usd"}, {"idempotency_key": "k1"})
    assert again.id == first.id
    paid = client.v1.payment_intents.confirm(first.id, {"payment_method": "pm_card_visa"})
    assert (paid.status, paid.amount_received) == ("succeeded", 499)
