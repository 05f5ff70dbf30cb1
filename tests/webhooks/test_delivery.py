"""A receiver fails, times out, answers late and twice, hangs up: every event arrives, in order, signed."""

from datetime import timedelta

import pytest
from office import Office
from receiver import OK, Answer, Heard, Receiver
from standardwebhooks import Webhook

from riviere.webhooks import endpoints, sender
from riviere.webhooks.schedule import DELAYS, JITTER, PATIENCE
from world import World

SUBJECT = "user/ben"


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def numbers(receiver: Receiver) -> list[int]:
    return [heard.told["data"]["n"] for heard in receiver.taken]


def first_time(answer: Answer):
    """Does `answer` with the first request of each event, and takes every other."""
    seen: set[str] = set()

    def plan(heard: Heard) -> Answer:
        known = heard.id in seen
        seen.add(heard.id)
        return OK if known else answer

    return plan


def test_an_event_arrives_signed_and_says_what_happened(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    office.tell(SUBJECT, 1)
    assert office.send() == 1
    (heard,) = receiver.heard
    told = Webhook(office.secrets[endpoint]).verify(heard.body, dict(heard.headers))
    assert told["type"] == "user.level"
    assert told["subject"] == SUBJECT
    assert told["data"] == {"n": 1}
    assert told["timestamp"] == office.world.now.isoformat().replace("+00:00", "Z")
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["host"] == f"127.0.0.1:{receiver.port}"
    (delivery,) = office.deliveries(endpoint, "delivered")
    assert delivery.event == heard.id
    assert delivery.body == heard.body
    assert [(attempt.status, attempt.answer) for attempt in delivery.attempts] == [(200, "thanks")]
    assert office.later(timedelta(days=1)) == 0


def test_of_a_subject_the_next_waits_until_the_one_before_is_taken(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    receiver.plan = first_time(Answer(500, body="down"))
    office.tell(SUBJECT, 1, 2, 3)
    office.tell("user/mia", 7)
    assert office.send() == 2, "one try of each subject's first event"
    assert numbers(receiver) == []
    assert office.later(timedelta(seconds=4)) == 0
    # Each event fails once and is taken the second time.
    for _ in range(3):
        office.later(timedelta(seconds=6))
    assert [n for n in numbers(receiver) if n != 7] == [1, 2, 3]
    assert 7 in numbers(receiver)
    assert not receiver.overlaps
    first = office.deliveries(endpoint)[0]
    assert [(attempt.status, attempt.answer) for attempt in first.attempts] == [(500, "down"), (200, "thanks")]
    assert all(heard.signed_by(office.secrets[endpoint]) for heard in receiver.heard)


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (Answer(500, body="x" * 500), 500, "x" * 200),
        (Answer(404, body="a\x00b\n\u20ac"), 404, "a b €"),
        (Answer(0), None, "RemoteProtocolError"),
        (Answer(wait=2), None, "no answer within 1 seconds"),
        (Answer(302, headers={"location": "/elsewhere"}), 302, "thanks"),
        (Answer(307, headers={"location": "/elsewhere"}), 307, "thanks"),
        (Answer(500, body="slow" * 50, drip=True), 500, "slow"),
        (Answer(500, body="big" * 100_000), 500, "big" * 66 + "bi"),
    ],
)
def test_whatever_is_not_2xx_is_tried_again(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, answer: Answer, status: int | None, says: str
) -> None:
    monkeypatch.setattr(sender, "TIMEOUT", 1)
    endpoint = office.endpoint(receiver)
    receiver.plan = first_time(answer)
    office.tell(SUBJECT, 1, 2)
    assert office.send() == 1
    (waiting, second) = office.deliveries(endpoint)
    assert waiting.state == second.state == "waiting"
    (attempt,) = waiting.attempts
    assert attempt.status == status
    assert attempt.answer.startswith(says)
    assert len(attempt.answer) <= 200
    office.later(timedelta(seconds=6))
    office.later(timedelta(seconds=6))
    # One that answered too late has it twice, under the same id.
    assert list(dict.fromkeys(numbers(receiver))) == [1, 2]
    assert len({heard.id for heard in receiver.heard}) == 2
    assert all(heard.path == "/hooks" for heard in receiver.heard)
    assert [delivery.state for delivery in office.deliveries(endpoint)] == ["delivered"] * 2


@pytest.mark.parametrize("answer", [Answer(200, body="slow" * 50, drip=True), Answer(204, body="")])
def test_a_status_of_2xx_is_enough(office: Office, receiver: Receiver, answer: Answer) -> None:
    endpoint = office.endpoint(receiver)
    receiver.plan = lambda heard: answer
    office.tell(SUBJECT, 1)
    assert office.send() == 1
    assert [delivery.state for delivery in office.deliveries(endpoint)] == ["delivered"]


def test_nobody_listens(office: Office) -> None:
    with Receiver() as gone:
        endpoint = office.endpoint(gone)
    office.tell(SUBJECT, 1)
    assert office.send() == 1
    (attempt,) = office.deliveries(endpoint)[0].attempts
    assert attempt.status is None
    assert "ConnectError" in attempt.answer


def test_the_tries_follow_the_schedule_and_end(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    receiver.plan = lambda heard: Answer(500 if heard.told["data"]["n"] == 1 else 200)
    office.tell(SUBJECT, 1, 2)
    tried = []
    for delay in DELAYS:
        due = office.next_at(endpoint, SUBJECT) if tried else office.world.now
        if tried:
            assert delay <= due - tried[-1] <= delay * (100 + JITTER) / 100
            office.world.now = due - timedelta(microseconds=1)
            assert office.send() == 0
            office.world.now = due
        tried.append(office.world.now)
        # With the last one the next event's turn has come.
        assert office.send() == (2 if len(tried) == len(DELAYS) else 1)
    assert [delivery.state for delivery in office.deliveries(endpoint)] == ["given_up", "delivered"]
    assert len(office.deliveries(endpoint)[0].attempts) == len(DELAYS) == 10
    assert office.later(timedelta(days=9)) == 0


def test_retry_after_makes_the_wait_longer_but_not_endless(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver)
    waits = {"600": 600, "999999999": 86_400, "1": 5, "soon": 5, "-3": 5, "Wed, 21 Oct 2015 07:28:00 GMT": 5}
    for said, seconds in waits.items():
        receiver.plan = lambda heard, said=said: Answer(503, headers={"retry-after": said})
        office.tell(f"user/{said}", 1)
        office.send()
        wait = office.next_at(endpoint, f"user/{said}") - office.world.now
        assert seconds <= wait.total_seconds() <= seconds * 1.1, said


def test_an_answer_of_410_disables_the_endpoint_and_others_hear_of_it(office: Office, receiver: Receiver) -> None:
    with Receiver() as other:
        watching = office.endpoint(other, "webhook.disabled")
        endpoint = office.endpoint(receiver, "user.*")
        receiver.plan = lambda heard: Answer(410)
        office.tell(SUBJECT, 1, 2)
        assert office.send() == 1
        found = endpoints.find(office.connection, endpoint)
        assert (found.state, found.state_at) == ("gone", office.world.now)
        office.tell(SUBJECT, 3)
        assert office.send() == 1
        (heard,) = other.taken
        assert heard.told["data"] == {"endpoint": endpoint, "state": "gone"}
        assert len(office.deliveries(watching)) == 1
        assert office.later(timedelta(days=2)) == 0
        # What waited goes on; what came while it was gone was not kept.
        receiver.plan = lambda heard: OK
        endpoints.enable(office.connection, endpoint, office.world.now)
        office.send()
        assert numbers(receiver) == [1, 2]


def test_an_endpoint_that_takes_nothing_for_days_is_disabled(office: Office, receiver: Receiver) -> None:
    endpoint = office.endpoint(receiver, "user.level")
    receiver.plan = lambda heard: Answer(500)
    office.tell(SUBJECT, *range(1, 20))
    begun = office.world.now
    office.send()
    while endpoints.find(office.connection, endpoint).state == "on":
        assert office.world.now - begun < PATIENCE
        office.later(timedelta(hours=6))
    assert endpoints.find(office.connection, endpoint).state == "failing"
    tried = len(receiver.heard)
    assert office.later(timedelta(days=1)) == 0
    receiver.plan = lambda heard: OK
    endpoints.enable(office.connection, endpoint, office.world.now)
    office.tell(SUBJECT, 20)
    office.send()
    given_up = len(office.deliveries(endpoint, "given_up"))
    assert given_up
    assert numbers(receiver) == list(range(given_up + 1, 21))
    assert len(receiver.heard) > tried


def test_a_slow_endpoint_does_not_hold_up_the_others(office: Office, receiver: Receiver) -> None:
    with Receiver(lambda heard: Answer(wait=1)) as slow:
        slow_ones = [office.endpoint(slow, path=f"/{number}") for number in range(30)]
        quick = office.endpoint(receiver)
        office.tell(SUBJECT, 1, 2, 3)
        assert office.send() == 93, [d.attempts for one in slow_ones for d in office.deliveries(one)]
        assert len(office.deliveries(quick, "delivered")) == 3
        # The quick one had its third before the slow ones took their second.
        assert receiver.heard[-1].at < min(sorted(heard.at for heard in slow.heard)[30:])
        assert all(len(office.deliveries(one, "delivered")) == 3 for one in slow_ones)


def test_a_failing_endpoint_gets_one_try_at_a_time(office: Office, receiver: Receiver) -> None:
    most = 0

    def plan(heard: Heard) -> Answer:
        nonlocal most
        most = max(most, len(receiver._busy) + 1)
        return Answer(500, wait=0.05)

    receiver.plan = plan
    office.endpoint(receiver)
    for number in range(12):
        office.tell(f"user/{number}", 1)
    office.send()
    assert 1 < most <= 4
    most = 0
    office.later(timedelta(seconds=10))
    assert most == 1
