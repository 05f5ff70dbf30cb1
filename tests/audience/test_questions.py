"""Viewers ask, everybody sees what nothing speaks against, and creators answer."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from watcher import events

from riviere.audience import questions
from riviere.audience.forgetting import forget
from riviere.audience.questions import AskedJustNow, TakesNoQuestion, UnknownQuestion
from riviere.economy import places
from riviere.economy.places import StreamEnded
from riviere.ledger.refusals import KeyReused
from riviere.live import reading
from riviere.trust import blocks, lists, reports, words
from world import World


class Box:
    """The question box of aurora's stream."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.creator("aurora")
        for name in ("mira", "jo", "kim", "lee"):
            world.viewer(name)
        self.aurora = world.id("aurora")
        self.read = reading.position(world.connection, self.aurora)

    def ask(self, text: str, asker: str = "mira", key: str | None = None) -> UUID:
        place = places.find(self.world.connection, self.aurora, "stream", "live")
        key = key or self.world.key()
        asked = questions.ask(self.world.connection, place, self.world.id(asker), text, key, self.world.now)
        return asked[0].id

    def texts(self, *, answered: bool | None = None) -> list[str]:
        place = places.find(self.world.connection, self.aurora, "stream", "live")
        found = questions.listed(self.world.connection, place, None, 50, answered=answered)
        return [one.text for one in found]

    def answer(self, question: UUID) -> questions.Question:
        return questions.answer(self.world.connection, self.aurora, question, self.world.now)

    def voice(self, question: UUID, viewer: str) -> int:
        return questions.add_voice(self.world.connection, self.aurora, question, self.world.id(viewer)).voices

    def told(self) -> list[dict[str, Any]]:
        read = reading.since(self.world.connection, {self.aurora: self.read}).get(self.aurora)
        if read is None:
            return []
        self.read = read.position
        return events(read)


@pytest.fixture
def box(world: World) -> Box:
    return Box(world)


def test_a_question_is_told_seen_answered_and_told_again(box: Box) -> None:
    one = box.ask("What is next?")
    (asked,) = box.told()
    assert (asked["type"], asked["asker"], asked["text"]) == ("question.asked", "mira", "What is next?")
    assert (asked["id"], asked["stream"]) == (str(one), "live")
    assert box.texts() == box.texts(answered=False) == ["What is next?"]
    assert box.answer(one).answered_at == box.answer(one).answered_at == box.world.now
    assert [(event["type"], event["id"]) for event in box.told()] == [("question.answered", str(one))]
    assert (box.texts(answered=False), box.texts(answered=True)) == ([], ["What is next?"])


def test_a_viewer_asks_once_in_thirty_seconds_and_others_meanwhile(box: Box) -> None:
    box.ask("one")
    box.world.later(seconds=29)
    with pytest.raises(AskedJustNow, match="wait 1 seconds"):
        box.ask("two")
    box.ask("three", "jo")
    box.world.later(seconds=1)
    box.ask("two")
    assert box.texts() == ["one", "three", "two"]


def test_the_same_request_asks_once_and_another_under_its_key_is_refused(box: Box) -> None:
    assert box.ask("one", key="k") == box.ask("one", key="k")
    with pytest.raises(KeyReused):
        box.ask("two", key="k")
    assert box.ask("one", "jo", key="k") != box.ask("one", key="k")
    assert box.texts() == ["one", "one"]
    assert len(box.told()) == 2


def test_of_questions_asked_at_once_one_is_taken(box: Box) -> None:
    mira = box.world.id("mira")
    place = places.find(box.world.connection, box.aurora, "stream", "live")

    def ask(number: int) -> bool:
        with box.world.database.connect(autocommit=True) as connection:
            try:
                questions.ask(connection, place, mira, f"question {number}", f"key {number}", box.world.now)
            except AskedJustNow:
                return False
            return True

    with ThreadPoolExecutor(4) as apart:
        taken = list(apart.map(ask, range(8)))
    assert taken.count(True) == 1
    assert len(box.texts()) == 1


def test_the_same_question_sent_by_two_servers_at_once_is_asked_once(box: Box) -> None:
    mira = box.world.id("mira")
    place = places.find(box.world.connection, box.aurora, "stream", "live")

    def ask(_: int) -> UUID:
        with box.world.database.connect(autocommit=True) as connection:
            return questions.ask(connection, place, mira, "What is next?", "key", box.world.now)[0].id

    with ThreadPoolExecutor(4) as apart:
        assert len(set(apart.map(ask, range(8)))) == 1
    assert len(box.told()) == 1


def test_a_held_question_is_seen_by_the_creator_alone_until_approved(box: Box) -> None:
    lists.replace(box.world.connection, ["knave"], "tests", box.world.now)
    one = box.ask("Are you a knave?")
    assert (box.told(), box.texts()) == ([], [])
    with pytest.raises(UnknownQuestion):
        box.voice(one, "jo")
    with pytest.raises(UnknownQuestion):
        box.answer(one)
    (held,) = words.held(box.world.connection, box.aurora, None, 10)
    assert (held.id, held.author, held.text, held.gift) == (one, "mira", "Are you a knave?", None)
    words.approve(box.world.connection, box.aurora, one, "creator", box.world.now, moderator=False)
    assert [event["text"] for event in box.told()] == ["Are you a knave?"]
    assert box.texts() == ["Are you a knave?"]


def test_a_hidden_question_goes_and_its_answer_is_not_told(box: Box) -> None:
    one = box.ask("one")
    box.answer(one)
    words.hide(box.world.connection, box.aurora, one, "creator", box.world.now, moderator=False)
    assert [(event["type"], event["ids"]) for event in box.told()] == [("question.hidden", [str(one)])]
    assert box.texts() == []


def test_three_reports_take_a_question_down(box: Box) -> None:
    one = box.ask("one")
    box.told()
    for name in ("jo", "kim", "lee"):
        reports.report(box.world.connection, box.aurora, one, box.world.id(name), "rude", box.world.now)
    assert [event["type"] for event in box.told()] == ["question.hidden"]
    assert box.texts() == []


def test_a_blocked_viewer_is_told_no_and_not_by_whom(box: Box) -> None:
    box.ask("one")
    blocks.block(box.world.connection, box.aurora, box.world.id("mira"), "creator", box.world.now)
    assert box.texts() == []
    assert box.told()[-1]["type"] == "question.hidden"
    box.world.later(minutes=1)
    with pytest.raises(TakesNoQuestion) as refused:
        box.ask("two")
    assert str(refused.value) == "This stream takes no question from 'mira'."
    assert words.held(box.world.connection, box.aurora, None, 10) == []
    blocks.unblock(box.world.connection, box.aurora, box.world.id("mira"))
    box.ask("three")
    assert box.texts() == ["three"]


def test_each_viewer_adds_one_voice(box: Box) -> None:
    one = box.ask("one")
    assert [box.voice(one, name) for name in ("jo", "jo", "kim")] == [1, 1, 2]


def test_nobody_asks_in_a_stream_that_has_ended(box: Box) -> None:
    box.ask("one", key="k")
    box.world.end("aurora")
    with pytest.raises(StreamEnded):
        box.ask("two", "jo")
    box.ask("one", key="k")
    assert box.texts() == ["one"]


def test_who_is_forgotten_has_asked_nothing(box: Box) -> None:
    one = box.ask("one")
    other = box.ask("other", "jo")
    box.voice(one, "jo")
    box.voice(other, "mira")
    box.told()
    forget(box.world.connection, "mira", box.world.now)
    assert [(event["type"], event["ids"]) for event in box.told()] == [("question.hidden", [str(one)])]
    assert box.texts() == ["other"]
    place = places.find(box.world.connection, box.aurora, "stream", "live")
    assert questions.listed(box.world.connection, place, None, 10, answered=None)[0].voices == 0
    left = box.world.connection.execute("SELECT count(*) FROM question_voice").fetchone()
    assert left == (0,)
