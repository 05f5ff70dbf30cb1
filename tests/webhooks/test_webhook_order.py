"""Whatever happens to deliveries, of each subject only the first that waits is ever sent, and none is lost."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from office import Office

from riviere.webhooks import delivery, endpoints
from riviere.webhooks.dispatch import fan_out
from riviere.webhooks.schedule import DELAYS
from riviere.webhooks.sender import Letter, Outcome
from world import World

SUBJECTS = ("user/0", "user/1", "user/2")

steps = st.one_of(
    st.tuples(st.just("tell"), st.sampled_from(SUBJECTS)),
    st.tuples(st.just("tell"), st.sampled_from(SUBJECTS)),
    st.tuples(st.just("send"), st.lists(st.booleans(), max_size=12)),
    st.tuples(st.just("send"), st.lists(st.booleans(), max_size=12)),
    st.tuples(st.just("pass"), st.sampled_from([3, 6, 400, 4_000, 90_000])),
    st.tuples(st.just("skip"), st.integers(0, 20)),
    st.tuples(st.just("replay"), st.integers(0, 20)),
    st.tuples(st.just("replay all"), st.just(0)),
    st.tuples(st.just("toggle"), st.just(0)),
)


class Model:
    """What should wait in each lane, in order; and the receiver that answers by plan."""

    def __init__(self) -> None:
        self.waiting: dict[str, list[int]] = defaultdict(list)
        self.failures: dict[str, int] = defaultdict(int)
        self.events: list[tuple[str, str, int]] = []
        self.taken: dict[str, list[int]] = defaultdict(list)
        self.plan: list[bool] = []
        self.on = True

    def answer(self, letter: Letter, number: int) -> int:
        """The status for a try, which must be of the lane's head."""
        assert self.on
        assert number == self.waiting[letter.subject][0]
        if self.plan and not self.plan.pop():
            self.failures[letter.subject] += 1
            if self.failures[letter.subject] == len(DELAYS):
                self.done(letter.subject, number)
            return 500
        self.done(letter.subject, number)
        self.taken[letter.subject].append(number)
        return 200

    def done(self, subject: str, number: int) -> None:
        self.waiting[subject].remove(number)
        self.failures[subject] = 0

    def again(self, subject: str, number: int) -> None:
        self.waiting[subject] = sorted({*self.waiting[subject], number})
        self.failures[subject] = 0


def told_by(model: Model) -> Callable[..., Any]:
    """Takes the place of Sender: no network, and answers as the model has it."""

    class Told:
        def __init__(self, *, allow_local: bool) -> None:
            assert allow_local

        async def __aenter__(self) -> "Told":
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        async def send(self, letter: Letter, at: datetime) -> Outcome:
            await asyncio.sleep(0)
            number = int(letter.body.partition('"n":')[2].partition("}")[0])
            return Outcome(letter, at, 1, model.answer(letter, number), "", None)

    return Told


def play(office: Office, endpoint: str, model: Model, what: str, how: Any, number: int) -> None:
    """One step, in the world and in the model."""
    world = office.world
    if what == "tell":
        office.tell(how, number)
        model.waiting[how].append(number)
        fan_out(office.connection, world.now)
        known = {event for event, *_ in model.events}
        model.events += [(d.event, how, number) for d in office.deliveries(endpoint) if d.event not in known]
    elif what == "send":
        model.plan = list(how)
        office.send()
    elif what == "pass":
        world.later(seconds=how)
    elif what == "toggle":
        model.on = not model.on
        (endpoints.enable if model.on else endpoints.disable)(office.connection, endpoint, world.now)
    elif what == "replay all":
        endpoints.replay_since(office.connection, endpoint, world.now - timedelta(days=900), world.now)
        for _, subject, old in model.events:
            if old not in model.waiting[subject]:
                model.again(subject, old)
    elif model.events:
        event, subject, old = model.events[how % len(model.events)]
        if what == "replay":
            endpoints.replay(office.connection, endpoint, event, world.now)
            model.again(subject, old)
        elif old in model.waiting[subject]:
            head = model.waiting[subject][0] == old
            endpoints.skip(office.connection, endpoint, event, world.now)
            failures = model.failures[subject]
            model.done(subject, old)
            model.failures[subject] = 0 if head else failures


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(steps, max_size=30))
def test_only_the_first_that_waits_is_sent_and_none_is_lost(world: World, story: list[tuple[str, Any]]) -> None:
    office, model = Office(world), Model()
    made, _ = endpoints.create(
        world.connection, "http://127.0.0.1:1/", ["user.level"], "", "ops", world.now, allow_local=True
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(delivery, "Sender", told_by(model))
        for number, (what, how) in enumerate(story):
            play(office, made.id, model, what, how, number)
        if endpoints.find(world.connection, made.id).state != "on":
            model.on = True
            endpoints.enable(world.connection, made.id, world.now)
        model.plan = []
        office.later(timedelta(days=2))
    assert not any(model.waiting.values())
    assert office.deliveries(made.id, "waiting") == []
    assert world.connection.execute("SELECT count(*) FROM lane").fetchone() == (0,)
    delivered = {d.event for d in office.deliveries(made.id, "delivered")}
    assert delivered <= {event for event, subject, number in model.events if number in model.taken[subject]}
    endpoints.delete(world.connection, made.id)
