"""What the ledger books is told once, to those who want it, from the moment they came."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from office import Office
from receiver import OK, Answer, Receiver

from riviere.economy import gifts, people, policies
from riviere.economy.remembered import Remembered
from riviere.ids import request_digest
from riviere.ledger.model import Gift, Receipt
from riviere.ledger.writer import Writer
from riviere.outbox import LARGEST_DATA
from riviere.webhooks import endpoints, gather
from riviere.webhooks.model import KINDS, UnknownKind, checked_kinds, wants
from world import World


@pytest.fixture
def office(world: World) -> Office:
    world.creator("mia")
    world.viewer("ben")
    world.viewer("lea")
    return Office(world)


def told(receiver: Receiver, kind: str) -> list[dict[str, Any]]:
    return [heard.told["data"] for heard in receiver.taken if heard.told["type"] == kind]


def test_a_purchase_is_told(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver)
    receipt = office.world.buy("ben", 500, bonus=50)
    office.gather()
    office.send()
    (heard,) = receiver.taken
    assert heard.subject == "user/ben"
    (data,) = told(receiver, "purchase.completed")
    coins, bonus = receipt.entries
    assert data == {
        "id": str(receipt.id),
        "user": "ben",
        "pack": "pack-500-50-30",
        "price": {"amount": "5.00", "currency": "USD"},
        "coins": 500,
        "bonus": 50,
        "bonus_expires_at": bonus.expires_at.isoformat().replace("+00:00", "Z"),
        "at": coins.at.isoformat().replace("+00:00", "Z"),
        "booked_at": coins.booked_at.isoformat().replace("+00:00", "Z"),
        "wallet": [
            {"account": "coins", "balance": 500, "seq": 1},
            {"account": "coins.bonus", "balance": 50, "seq": 1},
        ],
    }


def test_gifts_of_a_moment_are_one_event_a_stream(office: Office, receiver: Receiver) -> None:
    world = office.world
    world.post("mia", "clip")
    world.buy("ben", 100, bonus=2)
    world.buy("lea", 100)
    office.endpoint(receiver, "gift.sent")
    first = world.give("ben", "mia", "ring")
    world.give("lea", "mia", "rose", 3)
    world.give("lea", "mia", "rose", 1, post="clip")
    office.gather()
    office.send()
    assert [heard.subject for heard in receiver.taken].count("stream/mia/live") == 1
    stream, post = sorted(told(receiver, "gift.sent"), key=lambda data: data["place"]["kind"] == "post")
    assert stream["place"] == {"creator": "mia", "kind": "stream", "id": "live"}
    assert post["place"] == {"creator": "mia", "kind": "post", "id": "clip"}
    ring, roses = stream["gifts"]
    # From both wallets: two legs of the journal, one gift.
    assert ring == {
        "id": str(first.id),
        "sender": "ben",
        "gift": "ring",
        "count": 1,
        "upto": None,
        "coins": 30,
        "diamonds": "30",
        "at": world.now.isoformat().replace("+00:00", "Z"),
        "booked_at": first.known.booked_at.isoformat().replace("+00:00", "Z"),
        "wallet": [
            {"account": "coins.bonus", "balance": 0, "seq": 2},
            {"account": "coins", "balance": 72, "seq": 2},
        ],
        "anonymous": False,
    }
    assert (roses["sender"], roses["count"], roses["coins"]) == ("lea", 3, 3)
    assert stream["earned"] == {"account": "diamonds", "balance": "33", "seq": 3}
    assert post["earned"] == {"account": "diamonds", "balance": "34", "seq": 4}
    assert office.later(timedelta(days=1)) == 0


def test_a_mirror_can_be_built(office: Office, receiver: Receiver) -> None:
    """Whatever comes first: of each account the balance with the highest number is the one that holds."""
    world = office.world
    office.endpoint(receiver)
    world.buy("ben", 300, bonus=20)
    for number in range(8):
        world.give("ben", "mia", "ring", key=f"ring {number}")
        office.gather()
    world.buy("ben", 200)
    world.reverse("ben", "ring 3")
    office.gather()
    receiver.plan = lambda heard: Answer(500 if len(receiver.heard) % 3 else 200)
    office.send()
    receiver.plan = lambda heard: OK
    for _ in range(3):
        office.later(timedelta(hours=1))
    mirror: dict[tuple[str, str], tuple[int, Any]] = {}
    for heard in receiver.taken:
        data = heard.told["data"]
        for one in data.get("gifts", [data]):
            for account in one.get("wallet", ()):
                held = mirror.setdefault((one.get("sender") or one["user"], account["account"]), (0, 0))
                if account["seq"] > held[0]:
                    mirror[one.get("sender") or one["user"], account["account"]] = account["seq"], account["balance"]
        if "earned" in data:
            key = (data["place"]["creator"], "diamonds")
            mirror[key] = max(mirror.get(key, (0, "")), (data["earned"]["seq"], data["earned"]["balance"]))
    wallet, earned = world.wallet("ben"), world.wallet("mia")
    assert mirror["ben", "coins"][1] == wallet.coins
    assert mirror["ben", "coins.bonus"][1] == wallet.bonus
    assert mirror["mia", "diamonds"][1] == str(earned.diamonds // 1_000)


def test_many_gifts_are_cut_into_events_under_twenty_kilobytes(office: Office, receiver: Receiver) -> None:
    world = office.world
    name = "\u6c34" * 200
    world.creator(name)
    world.stream(name, "\u706b" * 200)
    world.viewer("\u6728" * 200)
    world.buy("\u6728" * 200, 1_000, bonus=10)
    office.endpoint(receiver, "gift.sent")
    for _ in range(60):
        world.give("\u6728" * 200, name, stream="\u706b" * 200)
    office.gather()
    office.send()
    assert len(receiver.taken) > 2
    assert all(len(heard.body.encode()) < LARGEST_DATA + 2_500 <= 20_000 for heard in receiver.taken)
    seqs = [data["earned"]["seq"] for data in told(receiver, "gift.sent")]
    assert seqs == sorted(seqs)
    assert sum(len(data["gifts"]) for data in told(receiver, "gift.sent")) == 60
    assert len({gift["id"] for data in told(receiver, "gift.sent") for gift in data["gifts"]}) == 60


def test_a_reversal_is_told_after_its_gift_and_before_what_came_later(office: Office, receiver: Receiver) -> None:
    world = office.world
    world.buy("ben", 100, bonus=10)
    office.endpoint(receiver, "gift.*")
    given = world.give("ben", "mia", "ring", key="one")
    undone = world.reverse("ben", "one")
    world.give("ben", "mia", "rose", key="two")
    office.gather()
    office.send()
    kinds = [heard.told["type"] for heard in receiver.taken]
    assert kinds == ["gift.sent", "gift.reversed", "gift.sent"]
    assert {heard.subject for heard in receiver.taken} == {"stream/mia/live"}
    (data,) = told(receiver, "gift.reversed")
    assert data["id"] == str(undone.id)
    assert data["gift"] == str(given.id)
    assert (data["sender"], data["coins"], data["diamonds"]) == ("ben", 30, "30")
    assert data["owed"] == {"account": "diamonds.owed", "balance": "30", "seq": 2}
    assert {account["account"]: account["balance"] for account in data["wallet"]} == {"coins": 100, "coins.bonus": 10}


def test_a_combo_is_finished_when_it_has_been_quiet(office: Office, receiver: Receiver) -> None:
    world = office.world
    world.buy("ben", 1_000)
    office.endpoint(receiver, "combo.finished")
    for count in (1, 3, 8):
        step = world.give("ben", "mia", "ring", count, combo=True, key="run")
        office.gather()
    world.now = step.known.booked_at + timedelta(seconds=4)
    office.gather()
    assert office.send() == 0
    world.now = step.entries[0].booked_at + timedelta(seconds=5)
    office.gather()
    office.send()
    office.gather()
    office.send()
    (data,) = told(receiver, "combo.finished")
    assert data["id"] == str(step.id)
    assert data["place"] == {"creator": "mia", "kind": "stream", "id": "live"}
    assert (data["sender"], data["gift"], data["count"], data["coins"], data["diamonds"]) == (
        "ben", "ring", 8, 240, "240",
    )  # fmt: skip
    # It goes on after all: another event says more.
    world.give("ben", "mia", "ring", 10, combo=True, key="run")
    office.gather()
    world.later(minutes=1)
    office.gather()
    office.send()
    assert [data["count"] for data in told(receiver, "combo.finished")] == [8, 10]
    assert [heard.subject for heard in receiver.taken] == ["stream/mia/live"] * 2


def test_a_combo_that_was_undone_is_not_finished(office: Office, receiver: Receiver) -> None:
    world = office.world
    world.buy("ben", 1_000)
    office.endpoint(receiver, "combo.finished", "gift.reversed")
    world.give("ben", "mia", "ring", 4, combo=True, key="run")
    office.gather()
    world.reverse("ben", "run")
    office.gather()
    world.later(minutes=1)
    office.gather()
    office.send()
    assert [heard.told["type"] for heard in receiver.taken] == ["gift.reversed"]


def test_an_endpoint_hears_of_nothing_before_it_came(office: Office, receiver: Receiver) -> None:
    world = office.world
    world.buy("ben", 100)
    world.give("ben", "mia", "ring")
    office.tell("user/ben", 1)
    # Nothing was ever gathered before the first endpoint is made.
    office.endpoint(receiver, "gift.sent", "purchase.completed")
    office.gather()
    assert office.send() == 0
    world.give("ben", "mia", "rose")
    office.gather()
    office.send()
    assert [gift["gift"] for data in told(receiver, "gift.sent") for gift in data["gifts"]] == ["rose"]
    with Receiver() as late:
        office.endpoint(late)
        world.give("ben", "mia", "rose", 2)
        office.gather()
        office.send()
        assert [data["gifts"][0]["count"] for data in told(late, "gift.sent")] == [2]


def test_a_chain_that_starts_later_is_read_from_its_first_batch(office: Office, receiver: Receiver) -> None:
    world = office.world
    world.buy("ben", 100)
    office.endpoint(receiver, "gift.sent")
    office.gather()
    world.give("ben", "mia", "ring")
    with Writer(world.database.connect) as other:
        ours, world.writer = world.writer, other
        world.give("ben", "mia", "rose")
        world.writer = ours
    world.give("ben", "mia", "rose", 2)
    office.gather()
    office.send()
    (data,) = told(receiver, "gift.sent")
    assert [(gift["gift"], gift["count"]) for gift in data["gifts"]] == [("ring", 1), ("rose", 1), ("rose", 2)]
    assert data["earned"]["balance"] == "33"


@pytest.mark.parametrize(("entries", "batches"), [(3, 1_000), (5_000, 2), (1, 1)])
def test_a_long_way_behind_is_told_bit_by_bit_in_the_order_of_booking(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, entries: int, batches: int
) -> None:
    world = office.world
    world.buy("ben", 500)
    office.endpoint(receiver, "gift.*", "combo.finished")
    with Writer(world.database.connect) as other:
        # One chain has many batches, the other a few that undo what the first one booked.
        for number in range(10):
            world.give("ben", "mia", "ring", number + 1, key="run", combo=True)
            world.give("ben", "mia", "rose", number + 1, key=f"rose {number}")
            if number % 4 == 3:
                ours, world.writer = world.writer, other
                world.reverse("ben", f"rose {number}")
                world.writer = ours
    monkeypatch.setattr(gather, "MOST_ENTRIES", entries)
    monkeypatch.setattr(gather, "MOST_BATCHES", batches)
    world.later(hours=1)
    rounds = 1
    while gather.gather(office.connection, world.now):
        rounds += 1
        office.send()
        assert not told(receiver, "combo.finished"), "steps are still to come"
    office.send()
    assert rounds > 3
    sent: list[str] = []
    for heard in receiver.taken:
        if heard.told["type"] == "gift.sent":
            sent += [gift["id"] for gift in heard.told["data"]["gifts"]]
        elif heard.told["type"] == "gift.reversed":
            assert heard.told["data"]["gift"] in sent
    assert len(sent) == 20
    assert len(told(receiver, "gift.reversed")) == 2
    (combo,) = told(receiver, "combo.finished")
    assert (combo["count"], combo["coins"]) == (10, 300)


def test_what_nobody_wants_is_passed_over(office: Office, receiver: Receiver) -> None:
    world = office.world
    office.endpoint(receiver, "policy.announced")
    world.buy("ben", 100)
    world.give("ben", "mia", "ring", 2, combo=True)
    office.gather()
    world.later(minutes=1)
    assert office.send() == 0
    endpoint = office.endpoint(receiver, "gift.sent", "combo.finished")
    office.gather()
    assert office.send() == 0
    endpoints.delete(office.connection, endpoint)
    world.give("ben", "mia", "ring")
    office.gather()
    office.endpoint(receiver, "gift.sent")
    office.gather()
    assert office.send() == 0


def test_imports_are_the_past_and_not_told(office: Office, receiver: Receiver) -> None:
    world = office.world
    office.endpoint(receiver)
    (order,) = gifts.prepare(world.connection, Remembered(), [world.asked("ben", "mia", "ring")], world.now)
    assert isinstance(order, Gift)
    terms = {"starts_at": world.now, "by": "ops", "now": world.now}
    rate = policies.announce(world.connection, world.signer, "diamonds_per_coin", "import:1", 1_000, **terms)
    world.connection.execute(
        "INSERT INTO import VALUES (1, 'gift_log', %s, 'log.csv', %s, %s, 'ops')",
        [request_digest("first"), rate.id, world.now],
    )
    office.send()
    (receipt,) = world.writer.write([msgspec.structs.replace(order, imported=True, policy=rate.id)])
    assert isinstance(receipt, Receipt)
    office.gather()
    assert office.send() == 0


def test_somebody_erased_has_the_short_form_of_their_id(office: Office, receiver: Receiver) -> None:
    world = office.world
    world.buy("ben", 100)
    office.endpoint(receiver, "gift.sent")
    world.give("ben", "mia")
    people.forget(world.connection, "ben")
    office.gather()
    office.send()
    (data,) = told(receiver, "gift.sent")
    assert data["gifts"][0]["sender"].startswith("u_")


def test_levels_and_policies_are_told_with_what_changes(office: Office, receiver: Receiver) -> None:
    world = office.world
    office.endpoint(receiver)
    people.set_standing(world.connection, world.signer, "ben", level=7, now=world.now)
    people.set_standing(world.connection, world.signer, "ben", region="FR", now=world.now)
    policies.announce(
        world.connection, world.signer, "minimum", "", 5_000_000, starts_at=world.later(days=1), by="ops", now=world.now
    )
    office.send()
    level, policy = sorted((heard.told for heard in receiver.taken), key=lambda body: body["subject"], reverse=True)
    assert (level["subject"], level["type"]) == ("user/ben", "user.level")
    assert level["data"] == {"user": "ben", "level": 7, "before": 0}
    assert (policy["subject"], policy["type"]) == ("policy/minimum/", "policy.announced")
    assert policy["data"]["amount"] == 5_000_000
    assert policy["data"]["unit"] == "thousandths of a diamond"


def test_kinds_are_names_beginnings_or_all() -> None:
    assert checked_kinds(["gift.*", "user.level", "gift.*"]) == ["gift.*", "user.level"]
    for wrong in ([], [""], ["gift"], ["gift.send"], ["g*"], ["*.sent"], ["gift.sent.*"]):
        with pytest.raises(UnknownKind):
            checked_kinds(wrong)
    assert not wants(["gift.*"], "gifts.sent")


@given(st.sampled_from(sorted(KINDS)))
def test_everything_is_wanted_by_all_by_name_and_by_beginning(kind: str) -> None:
    assert wants(["*"], kind)
    assert wants([kind], kind)
    assert wants([kind.split(".")[0] + ".*"], kind)
    assert not wants([], kind)


def test_the_platforms_servers_hear_who_sent_an_anonymous_gift_and_that_viewers_may_not(
    office: Office, receiver: Receiver
) -> None:
    office.endpoint(receiver)
    office.world.buy("ben", 500)
    office.world.give("ben", "mia", "ring", anonymous=True)
    office.world.give("ben", "mia", "rose", 2, combo=True, anonymous=True)
    office.world.give("ben", "mia", "ring")
    office.gather()
    office.world.later(seconds=6)
    office.gather()
    office.send()
    gifts = [gift for data in told(receiver, "gift.sent") for gift in data["gifts"]]
    assert [(gift["sender"], gift["anonymous"]) for gift in gifts] == [("ben", True), ("ben", True), ("ben", False)]
    (combo,) = told(receiver, "combo.finished")
    assert (combo["sender"], combo["anonymous"]) == ("ben", True)
