"""An economy that looks lived in: a creator with weeks of gifts, supporters, redemptions in every state."""

from cashier import Cashier
from visitors import Site

from riviere.access import operators

FANS = ("mika", "juno", "sol", "noor", "ada", "kim")

#: What is given on an evening: gift and pieces, in turn.
_GIVEN = (("rose", 17), ("ring", 2), ("comet", 1), ("rose", 3), ("ring", 5), ("lantern", 4), ("rose", 41))


def lived_in(site: Site, payouts: Cashier) -> None:
    """Fills it: aurora streams now, has earned for two weeks, and is being paid."""
    for code, coins in (("lantern", 10), ("tiara", 99), ("cascade", 1000), ("pebble", 2), ("opal", 499)):
        site.gift(code, coins, combo=coins < 100)
    operators.create(site.connection, "owner", "admin", by="tests", now=site.now)
    payouts.creator("aurora", 21_000)
    site.viewer("basalt")
    for number, name in enumerate(FANS):
        site.viewer(name, level=number * 5)
        site.buy(name, 7000, 600)
    for day in range(10):
        stream = f"evening-{day}"
        site.stream("aurora", stream)
        for number, (gift, count) in enumerate(_GIVEN):
            site.give(FANS[(day + number) % len(FANS)], "aurora", gift, count, stream=stream)
            site.later(minutes=7 * number)
        site.end("aurora", stream)
        site.later(days=1)
    site.post("aurora", "welcome")
    aurora = site.as_user("aurora")
    payouts.announce("review_over", "USD", amount="50")
    payouts.redeem(aurora, "aurora", "10000")
    payouts.redeem(aurora, "aurora", "10001")
    payouts.rounds()
    site.later(minutes=10)
    site.stream("aurora", "tonight")
    titles = {"streams/tonight": "Friday night, paint with me", "posts/welcome": "What I paint with"}
    for place, title in titles.items():
        assert aurora.put(f"/v1/users/aurora/{place}/poster", json={"title": title}).status_code == 200
    goal = {"title": "New easel", "diamonds": "1000", "stream": "tonight"}
    assert aurora.post("/v1/users/aurora/goals", json=goal, headers={"Idempotency-Key": "easel"}).status_code == 201
    there, question = "/v1/users/aurora/streams/tonight/questions", {"text": "What paper is that?"}
    asked = site.as_user("noor").post(there, json=question, headers={"Idempotency-Key": "paper"})
    assert asked.status_code == 201
    for number, (gift, count) in enumerate(_GIVEN):
        site.give(FANS[number % len(FANS)], "aurora", gift, count, stream="tonight")
