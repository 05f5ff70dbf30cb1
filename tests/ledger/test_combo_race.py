"""A combo goes on in one process while another reverses it: whoever is second sees what the first did."""

from datetime import timedelta

import pytest
from desk import Desk, step

from riviere.clock import now
from riviere.database.database import Database
from riviere.ledger import writer
from riviere.ledger.model import Order, Receipt
from riviere.ledger.posting import Posting, State
from riviere.ledger.refusals import GiftReversed
from riviere.ledger.rules import decide
from riviere.ledger.writer import Writer


def test_a_combo_does_not_go_on_that_was_reversed_meanwhile(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk()
    desk.now = now() - timedelta(hours=1)
    with Writer(database.connect) as one, Writer(database.connect) as other:
        combo = desk.gift(1, 2, combo=True, unit=5)
        one.write([desk.buy(1, 100), combo])
        between = [desk.reverse(combo)]

        def read_then_wait(state: State, order: Order) -> Posting:
            """Decides on what was read before the other process wrote."""
            if between and order is longer:
                (reversal,) = other.write([between.pop()])
                assert isinstance(reversal, Receipt)
            return decide(state, order)

        longer = step(combo, 3)
        monkeypatch.setattr(writer, "decide", read_then_wait)
        (answer,) = one.write([longer])
    assert isinstance(answer, GiftReversed)
