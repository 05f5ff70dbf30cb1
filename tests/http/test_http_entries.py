"""Why an entry moved what it moved: the gift, its coins, and the rate of its time."""

from datetime import timedelta
from typing import Any

import pytest
from front import Front, problem

from riviere.economy import policies


@pytest.fixture
def evening(front: Front) -> Front:
    """Mira gives a ring at 1 diamond a coin, and another one when the rate is a half; the first one is undone."""
    front.viewer("mira")
    front.buy("mira", 500, bonus=10)
    front.creator("aurora")
    front.give("mira", "aurora", "ring", key="first")
    front.later(hours=1)
    terms = {"starts_at": front.now + timedelta(hours=1), "by": "operator ada", "now": front.now}
    policies.announce(front.connection, front.signer, "diamonds_per_coin", "", 500, **terms)
    front.later(hours=2)
    front.give("mira", "aurora", "ring", 2)
    front.reverse("mira", "first")
    return front


def get(front: Front, seq: int, account: str = "diamonds", who: str = "aurora") -> Any:
    answer = front.as_user(who).get(f"/v1/users/{who}/accounts/{account}/entries/{seq}/why")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_gift_is_explained_by_the_rate_of_its_time(evening: Front) -> None:
    # The bonus coins go first: a gift out of both wallets is two entries.
    first, rest, later = (get(evening, seq) for seq in (1, 2, 3))
    assert [(one["coins"], one["pieces"], one["entry"]["amount"]) for one in (first, rest, later)] == [
        (10, 1, "10"),
        (20, 0, "20"),
        (60, 2, "30"),
    ]
    assert (first["gift"], first["stream"], first["post"], first["entry"]["who"]) == ("ring", "live", None, "mira")
    assert (first["rate"], later["rate"]) == ("1 diamond a coin", "0.5 diamonds a coin")
    assert first["policy"] != later["policy"]
    assert first["rate_since"] < later["rate_since"] <= later["entry"]["at"]


def test_what_was_undone_says_what_it_had_been(evening: Front) -> None:
    owed = get(evening, 1, "diamonds.owed")
    assert (owed["coins"], owed["gift"], owed["rate"]) == (10, "ring", "1 diamond a coin")
    assert owed["undoes"] == get(evening, 1)["entry"]["id"]


def test_what_is_no_gift_has_no_rate(evening: Front) -> None:
    bought = get(evening, 1, "coins", "mira")
    assert (bought["coins"], bought["gift"], bought["rate"], bought["undoes"]) == (None, None, None, None)
    assert bought["entry"]["route"] == "coins.buy"


def test_a_number_that_no_entry_has_is_none(evening: Front, subtests: pytest.Subtests) -> None:
    aurora = evening.as_user("aurora")
    for seq in ("0", "4", "x", "-1", "01", "9" * 18, "9" * 200, "٣"):
        with subtests.test(seq=seq[:20], size=len(seq)):
            problem(aurora.get(f"/v1/users/aurora/accounts/diamonds/entries/{seq}/why"), 404, "unknown_entry")


def test_an_account_that_nobody_has_has_no_entries(evening: Front) -> None:
    for account in ("gold", "bank cash"):
        there = f"/v1/users/aurora/accounts/{account}/entries/1/why"
        problem(evening.as_user("aurora").get(there), 404, "unknown_entry")
