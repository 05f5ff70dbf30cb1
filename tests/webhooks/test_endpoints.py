"""What operators do with endpoints: make, rotate, disable, replay, skip, test, look, delete."""

from datetime import timedelta

import psycopg
import pytest
from office import Office
from receiver import OK, Answer, Receiver
from standardwebhooks import Webhook

from riviere.economy.checks import BadText
from riviere.webhooks import endpoints
from riviere.webhooks.addresses import BadUrl, InternalAddress
from riviere.webhooks.dispatch import KEPT, forget
from riviere.webhooks.model import NotWaiting, UnknownDelivery, UnknownEndpoint, UnknownKind
from world import World

SUBJECT = "user/ben"


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def numbers(receiver: Receiver) -> list[int]:
    return [heard.told["data"]["n"] for heard in receiver.taken]


def test_an_endpoint_shows_its_secret_once(world: World) -> None:
    made, secret = endpoints.create(
        world.connection, "https://example.com/hooks", ["gift.*", "user.level"], "chat", "kim", world.now
    )
    assert made.id.startswith("whe_")
    assert (made.state, made.kinds, made.description, made.created_by) == (
        "on",
        ["gift.*", "user.level"],
        "chat",
        "kim",
    )
    assert len(Webhook(secret)._whsecret) == 32
    assert endpoints.listed(world.connection) == [made] == [endpoints.find(world.connection, made.id)]
    assert secret not in repr(endpoints.listed(world.connection))


def test_what_cannot_be_an_endpoint_leaves_nothing(world: World) -> None:
    for url, kinds, words, wrong in (
        ("http://example.com/", ["*"], "", BadUrl),
        ("https://127.0.0.1/", ["*"], "", InternalAddress),
        ("https://example.com/", ["gift.lost"], "", UnknownKind),
        ("https://example.com/", ["*"], "x" * 201, BadText),
    ):
        with pytest.raises(wrong):
            endpoints.create(world.connection, url, kinds, words, "ops", world.now)
    assert endpoints.listed(world.connection) == []


def test_who_is_not_there_is_named(world: World) -> None:
    made, _ = endpoints.create(world.connection, "https://example.com/", ["*"], "", "ops", world.now)
    now, connection = world.now, world.connection
    for ask in (
        lambda name: endpoints.find(connection, name),
        lambda name: endpoints.rotate(connection, name, now),
        lambda name: endpoints.disable(connection, name, now),
        lambda name: endpoints.enable(connection, name, now),
        lambda name: endpoints.delete(connection, name),
        lambda name: endpoints.send_test(connection, name, now),
        lambda name: endpoints.deliveries(connection, name),
        lambda name: endpoints.replay(connection, name, "evt_1", now),
        lambda name: endpoints.replay_since(connection, name, now, now),
        lambda name: endpoints.skip(connection, name, "evt_1", now),
    ):
        with pytest.raises(UnknownEndpoint):
            ask("whe_nobody")
    with pytest.raises(UnknownDelivery):
        endpoints.replay(connection, made.id, "evt_1", now)


def test_while_a_secret_is_replaced_both_sign(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    old = office.secrets[endpoint]
    new = endpoints.rotate(office.connection, endpoint, office.world.now)
    assert new != old
    office.tell(SUBJECT, 1)
    office.send()
    office.tell(SUBJECT, 2)
    office.later(timedelta(hours=25))
    during, after = receiver.heard
    assert during.headers["webhook-signature"].count("v1,") == 2
    assert during.signed_by(new)
    assert during.signed_by(old)
    assert Webhook(old).verify(during.body, dict(during.headers))
    assert after.signed_by(new)
    assert not after.signed_by(old)


def test_while_it_is_disabled_events_wait(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    office.tell(SUBJECT, 1)
    assert endpoints.disable(office.connection, endpoint, office.world.now).state == "off"
    assert office.send() == 0
    office.tell(SUBJECT, 2)
    assert office.later(timedelta(days=2)) == 0
    assert endpoints.enable(office.connection, endpoint, office.world.now).state == "on"
    office.send()
    assert numbers(receiver) == [1, 2]


def test_an_endpoint_gets_only_what_it_asked_for(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver, "redemption.*", "user.level")
    for kind in ("redemption.paid", "policy.announced", "user.level", "redemption.held"):
        office.tell(f"x/{kind}", 1, kind=kind)
    office.send()
    assert {heard.told["type"] for heard in receiver.taken} == {"redemption.paid", "user.level", "redemption.held"}


def test_a_test_event_goes_to_one_endpoint(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver, "gift.sent")
    with Receiver() as other:
        office.endpoint(other)
        event = endpoints.send_test(office.connection, endpoint, office.world.now)
        office.send()
        (heard,) = receiver.taken
        assert (heard.id, heard.told["type"]) == (event, "webhook.test")
        assert heard.told["data"] == {"endpoint": endpoint}
        assert other.heard == []


def test_one_delivery_is_sent_again_under_its_old_id(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    office.tell(SUBJECT, 1, 2)
    office.send()
    first = receiver.taken[0]
    endpoints.replay(office.connection, endpoint, first.id, office.world.later(days=3))
    assert office.send() == 1
    assert (receiver.taken[-1].id, receiver.taken[-1].body) == (first.id, first.body)
    assert receiver.taken[-1].headers["webhook-timestamp"] != first.headers["webhook-timestamp"]
    found = endpoints.delivery(office.connection, endpoint, first.id)
    assert (found.state, len(found.attempts)) == ("delivered", 2)


def test_a_delivery_that_waits_is_tried_at_once(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    receiver.plan = lambda heard: Answer(500)
    office.tell(SUBJECT, 1)
    office.send()
    office.later(timedelta(seconds=6))
    receiver.plan = lambda heard: OK
    assert office.send() == 0
    endpoints.replay(office.connection, endpoint, receiver.heard[0].id, office.world.now)
    assert office.send() == 1
    assert numbers(receiver) == [1]


def test_all_since_a_time_is_sent_again_in_order(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    office.tell(SUBJECT, 1)
    office.send()
    since = office.world.later(hours=1)
    receiver.plan = lambda heard: Answer(500 if heard.told["data"]["n"] == 3 else 200)
    office.tell(SUBJECT, 2, 3, 4)
    office.tell("user/mia", 9)
    office.send()
    receiver.plan = lambda heard: OK
    del receiver.taken[:]
    # What waits is no replay, but comes with it, in its turn.
    assert endpoints.replay_since(office.connection, endpoint, since, office.world.later(minutes=1)) == 2
    office.send()
    assert [n for n in numbers(receiver) if n != 9] == [2, 3, 4]
    assert 9 in numbers(receiver)
    assert office.later(timedelta(days=1)) == 0


def test_a_delivery_that_blocks_its_subject_is_skipped(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    receiver.plan = lambda heard: Answer(400 if heard.told["data"]["n"] == 1 else 200)
    office.tell(SUBJECT, 1, 2)
    office.send()
    blocked = receiver.heard[0].id
    endpoints.skip(office.connection, endpoint, blocked, office.world.now)
    office.send()
    assert numbers(receiver) == [2]
    with pytest.raises(NotWaiting, match="skipped"):
        endpoints.skip(office.connection, endpoint, blocked, office.world.now)
    assert [delivery.state for delivery in office.deliveries(endpoint)] == ["skipped", "delivered"]
    # The last one that waits may be skipped too, and the subject still goes on later.
    receiver.plan = lambda heard: Answer(400)
    office.tell(SUBJECT, 3)
    office.send()
    endpoints.skip(office.connection, endpoint, receiver.heard[-1].id, office.world.now)
    receiver.plan = lambda heard: OK
    office.tell(SUBJECT, 4)
    office.send()
    assert numbers(receiver) == [2, 4]


def test_deliveries_are_listed_page_by_page(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    receiver.plan = lambda heard: Answer(500 if heard.told["data"]["n"] == 0 else 200)
    for number in range(7):
        office.tell(f"user/{number}", number)
        office.world.later(seconds=1)
    office.send()
    pages, before = [], None
    while page := endpoints.deliveries(office.connection, endpoint, before=before, limit=3):
        pages.append([one.subject for one in page])
        before = (page[-1].number, page[-1].event)
    assert pages == [["user/6", "user/5", "user/4"], ["user/3", "user/2", "user/1"], ["user/0"]]
    (waiting,) = endpoints.deliveries(office.connection, endpoint, state="waiting")
    assert waiting.subject == "user/0"
    assert [attempt.status for attempt in waiting.attempts] == [500]


def test_deleting_an_endpoint_leaves_nothing_of_it(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    receiver.plan = lambda heard: Answer(500)
    office.tell(SUBJECT, 1, 2)
    office.send()
    endpoints.delete(office.connection, endpoint)
    for table in ("endpoint", "endpoint_secret", "delivery", "lane", "attempt"):
        assert office.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    assert office.later(timedelta(days=1)) == 0


def test_what_is_done_is_forgotten_after_thirty_days(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    off = office.endpoint(receiver)
    endpoints.disable(office.connection, off, office.world.now)
    office.tell(SUBJECT, 1)
    office.send()
    endpoints.rotate(office.connection, endpoint, office.world.now)
    office.world.later(days=29)
    office.tell(SUBJECT, 2)
    office.tell("user/mia", 3)
    office.send()
    forget(office.connection, office.world.later(days=1, seconds=1))
    assert {delivery.subject for delivery in office.deliveries(endpoint)} == {SUBJECT, "user/mia"}
    assert [delivery.state for delivery in office.deliveries(off)] == ["waiting"] * 2
    assert office.connection.execute("SELECT count(*) FROM attempt").fetchone() == (2,)
    assert office.connection.execute("SELECT count(*) FROM endpoint_secret").fetchone() == (2,)
    forget(office.connection, office.world.later(days=30))
    for table in ("delivery", "attempt", "lane", "subject"):
        assert office.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    # Numbers go on all the same.
    office.tell(SUBJECT, 4)
    endpoints.enable(office.connection, off, office.world.now)
    office.send()
    told = [heard.told for heard in receiver.taken if heard.subject == SUBJECT]
    assert [body["number"] for body in told] == sorted(body["number"] for body in told)
    assert timedelta(days=30) == KEPT


def test_what_waits_for_an_endpoint_that_is_on_is_kept(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    office.tell(SUBJECT, 1)
    receiver.plan = lambda heard: Answer(500)
    office.send()
    forget(office.connection, office.world.later(days=40))
    assert [delivery.state for delivery in office.deliveries(endpoint)] == ["waiting"]


def test_nobody_but_the_server_reads_secrets(office: Office, receiver: Receiver) -> None:
    office.endpoint(receiver)
    with office.world.database.connect_owner(autocommit=True) as owner:
        owner.execute("CREATE ROLE reader LOGIN")
        owner.execute("GRANT USAGE ON SCHEMA riviere TO reader")
        owner.execute("GRANT SELECT ON endpoint, delivery TO reader")
        try:
            owner.execute("SET ROLE reader")
            assert owner.execute("SELECT count(*) FROM endpoint").fetchone() == (1,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                owner.execute("SELECT secret FROM endpoint_secret")
        finally:
            owner.execute("RESET ROLE")
            owner.execute("DROP OWNED BY reader")
            owner.execute("DROP ROLE reader")
