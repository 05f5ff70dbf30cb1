"""What people write beside gifts is shown only when nothing speaks against it, and goes when somebody decides so."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from watcher import events

from riviere.audience.forgetting import forget
from riviere.live import reading
from riviere.live.position import Position
from riviere.trust import blocks, lists, reports, words
from riviere.trust.model import ForModerators, NoReports, OwnBlock, UnknownWords
from world import World

START = Position(0, 0)


class Stage:
    """Aurora's stream, and short words for what happens to words there."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.creator("aurora")
        for name in ("mira", "jo", "kim", "lee"):
            world.viewer(name)
            world.buy(name, 100)
        self.aurora = world.id("aurora")
        self.read = START

    def says(self, text: str, viewer: str = "mira", **how: Any) -> None:
        self.world.give(viewer, "aurora", message=text, **how)

    def told(self) -> list[dict[str, Any]]:
        """What a follower hears who reads on."""
        read = reading.since(self.world.connection, {self.aurora: self.read}).get(self.aurora)
        if read is None:
            return []
        self.read = read.position
        return [event for event in events(read) if not event["type"].startswith("stream")]

    def seen(self) -> list[str | None]:
        """The words that gifts are told with, from the beginning: what somebody sees who comes now."""
        read = reading.since(self.world.connection, {self.aurora: START})[self.aurora]
        told = [event for event in events(read) if event["type"] in ("gift", "combo.grew")]
        return [event["words"] and event["words"]["text"] for event in told]

    def holds(self, *entries: str, review: bool = False) -> None:
        lists.replace(self.world.connection, entries, "tests", self.world.now, self.aurora, review=review)

    def waiting(self) -> list[words.Words]:
        return words.held(self.world.connection, self.aurora, None, 50)

    def approve(self, one: UUID, *, moderator: bool = False) -> words.Words:
        return words.approve(self.world.connection, self.aurora, one, "tests", self.world.now, moderator=moderator)

    def hide(self, one: UUID, *, moderator: bool = False) -> words.Words:
        return words.hide(self.world.connection, self.aurora, one, "tests", self.world.now, moderator=moderator)

    def report(self, one: UUID, *names: str) -> None:
        for name in names:
            reporter = self.world.id(name)
            reports.report(self.world.connection, self.aurora, one, reporter, "rude", self.world.now)


@pytest.fixture
def stage(world: World) -> Stage:
    return Stage(world)


def test_words_come_with_their_gift_and_a_gift_without_words_has_none(stage: Stage) -> None:
    stage.says("bravo")
    stage.world.give("mira", "aurora")
    bravo, plain = stage.told()
    assert bravo["words"]["text"] == "bravo"
    assert plain["words"] is None


def test_each_step_of_a_combo_has_its_own_words(stage: Stage) -> None:
    stage.says("one", count=1, combo=True, key="combo")
    stage.says("three", count=3, combo=True, key="combo")
    assert stage.seen() == ["one", "three"]


def test_a_gift_out_of_both_wallets_has_its_words_once(stage: Stage) -> None:
    stage.world.viewer("bo")
    stage.world.buy("bo", 25, bonus=10)
    stage.world.give("bo", "aurora", "ring", message="both")
    assert stage.seen() == ["both"]


@pytest.mark.parametrize("whose", ["the creator's", "the platform's"])
def test_a_listed_word_holds_words_back_and_the_gift_goes_on(stage: Stage, whose: str) -> None:
    if whose == "the creator's":
        stage.holds("knave")
    else:
        lists.replace(stage.world.connection, ["knave"], "tests", stage.world.now)
    stage.says("you kn4ve, KNAVE")
    stage.says("you naive")
    assert [event["words"] and event["words"]["text"] for event in stage.told()] == [None, "you naive"]
    (held,) = stage.waiting()
    assert (held.author, held.text, held.standing, held.reason) == ("mira", "you kn4ve, KNAVE", "held", "filter")


def test_what_is_approved_later_is_brought_and_seen_by_who_comes_back(stage: Stage) -> None:
    stage.holds(review=True)
    stage.says("bravo")
    (gift,) = stage.told()
    assert gift["words"] is None
    (held,) = stage.waiting()
    assert held.reason == "review"
    approved = stage.approve(held.id)
    (brought,) = stage.told()
    assert (brought["type"], brought["words"]["text"], brought["gift"]) == ("words.shown", "bravo", gift["id"])
    assert (brought["sender"], brought["stream"]) == ("mira", "live")
    assert approved.standing == "shown"
    assert stage.seen() == ["bravo"]
    assert stage.waiting() == []
    stage.approve(held.id)
    assert stage.told() == [], "the second time nothing is told"


def test_what_is_hidden_later_is_taken_back_and_never_seen_again(stage: Stage) -> None:
    stage.says("bravo")
    (gift,) = stage.told()
    one = UUID(gift["words"]["id"])
    assert stage.hide(one).reason == "creator"
    (taken,) = stage.told()
    assert (taken["type"], taken["ids"], taken["stream"]) == ("words.withheld", [str(one)], "live")
    assert stage.seen() == [None]
    stage.hide(one)
    assert stage.told() == []
    stage.approve(one)
    assert stage.seen() == ["bravo"]


def test_who_comes_back_hears_nothing_of_words_that_were_shown_and_hidden_meanwhile(stage: Stage) -> None:
    stage.holds(review=True)
    stage.says("bravo")
    stage.told()
    (held,) = stage.waiting()
    stage.approve(held.id)
    stage.hide(held.id)
    assert [event["type"] for event in stage.told()] == ["words.withheld"]


def test_a_list_made_later_leaves_alone_what_is_shown(stage: Stage) -> None:
    stage.says("knave")
    assert stage.seen() == ["knave"]
    stage.holds("knave")
    assert stage.seen() == ["knave"]
    stage.says("knave")
    assert stage.seen() == ["knave", None]


def test_what_a_blocked_viewer_writes_and_wrote_is_seen_by_nobody(stage: Stage) -> None:
    stage.says("one")
    stage.says("two")
    stage.says("mine", viewer="jo")
    stage.told()
    mira = stage.world.id("mira")
    blocks.block(stage.world.connection, stage.aurora, mira, "creator", stage.world.now)
    (taken,) = stage.told()
    assert len(taken["ids"]) == 2
    stage.says("three")
    assert stage.seen() == [None, None, "mine", None]
    assert stage.waiting() == []
    blocks.block(stage.world.connection, stage.aurora, mira, "creator", stage.world.now)
    assert [one.name for one in blocks.listed(stage.world.connection, stage.aurora, None, 10)] == ["mira"]
    blocks.unblock(stage.world.connection, stage.aurora, mira)
    stage.says("four")
    assert stage.seen() == [None, None, "mine", None, "four"]
    assert blocks.listed(stage.world.connection, stage.aurora, None, 10) == []
    with pytest.raises(OwnBlock):
        blocks.block(stage.world.connection, stage.aurora, stage.aurora, "creator", stage.world.now)


def test_three_people_hold_words_and_one_person_three_times_does_not(stage: Stage) -> None:
    stage.says("rude")
    (gift,) = stage.told()
    one = UUID(gift["words"]["id"])
    stage.report(one, "jo", "jo", "jo", "kim")
    assert stage.told() == []
    assert stage.waiting() == []
    stage.report(one, "lee")
    assert [event["type"] for event in stage.told()] == ["words.withheld"]
    (held,) = stage.waiting()
    assert (held.reason, held.reports) == ("reported", ["rude"] * 3)
    with pytest.raises(ForModerators):
        stage.approve(one)
    (listed,) = reports.listed(stage.world.connection, None, 10)
    assert listed[1] == held
    assert reports.listed(stage.world.connection, listed[0], 10) == []
    assert {(row.reporter, row.reason) for row in listed.reports} == {("jo", "rude"), ("kim", "rude"), ("lee", "rude")}
    assert reports.find(stage.world.connection, stage.aurora, one) == listed
    assert reports.waiting(stage.world.connection) == (1, listed.place.at)


def test_a_dismissed_report_shows_the_words_again_and_an_upheld_one_hides_them_for_good(stage: Stage) -> None:
    stage.says("rude")
    one = UUID(stage.told()[0]["words"]["id"])
    connection, now = stage.world.connection, stage.world.now
    stage.report(one, "jo", "kim", "lee")
    assert reports.dismiss(connection, stage.aurora, one, "operator", now).standing == "shown"
    assert [event["type"] for event in stage.told()] == ["words.withheld", "words.shown"]
    with pytest.raises(NoReports):
        reports.uphold(connection, stage.aurora, one, "operator", now)
    stage.report(one, "jo", "kim", "lee")
    assert stage.told() == [], "who reported once does not count again"
    stage.report(one, "aurora")
    assert reports.uphold(connection, stage.aurora, one, "operator", now).reason == "moderator"
    assert stage.seen() == [None]
    with pytest.raises(ForModerators):
        stage.approve(one)
    assert stage.hide(one).reason == "moderator"
    assert stage.approve(one, moderator=True).standing == "shown"


def test_a_report_dismissed_shows_nothing_that_the_creator_had_hidden(stage: Stage) -> None:
    stage.says("rude")
    one = UUID(stage.told()[0]["words"]["id"])
    stage.report(one, "jo")
    stage.hide(one)
    assert reports.dismiss(stage.world.connection, stage.aurora, one, "operator", stage.world.now).standing == "hidden"
    assert stage.seen() == [None]


def test_three_people_who_report_at_once_hold_words_once(stage: Stage) -> None:
    stage.says("rude")
    one = UUID(stage.told()[0]["words"]["id"])

    def says(name: str) -> None:
        with stage.world.database.connect(autocommit=True) as connection:
            reports.report(connection, stage.aurora, one, stage.world.id(name), "rude", stage.world.now)

    with ThreadPoolExecutor(3) as apart:
        users = {name: stage.world.id(name) for name in ("jo", "kim", "lee")}
        stage.world.id = users.__getitem__  # type: ignore[method-assign]
        list(apart.map(says, users))
    assert [event["type"] for event in stage.told()] == ["words.withheld"]


def test_two_servers_that_look_at_once_judge_words_alike(stage: Stage) -> None:
    stage.holds("knave")
    for number in range(20):
        stage.says("knave" if number % 2 else f"fine {number}")

    def look(_: int) -> list[str | None]:
        with stage.world.database.connect(autocommit=True) as connection:
            read = reading.since(connection, {stage.aurora: START})[stage.aurora]
            return [event["words"] and event["words"]["text"] for event in events(read) if event["type"] == "gift"]

    with ThreadPoolExecutor(4) as apart:
        seen = list(apart.map(look, range(8)))
    assert all(one == seen[0] for one in seen)
    assert seen[0] == [None if number % 2 else f"fine {number}" for number in range(20)]


def test_nobody_sees_words_of_who_is_blocked_while_they_are_judged(stage: Stage) -> None:
    mira = stage.world.id("mira")
    for _ in range(10):
        stage.says("hello")
        with ThreadPoolExecutor(2) as apart, stage.world.database.connect(autocommit=True) as other:
            looking = apart.submit(reading.since, other, {stage.aurora: START})
            blocks.block(stage.world.connection, stage.aurora, mira, "creator", stage.world.now)
            looking.result()
        assert set(stage.seen()) == {None}
        blocks.unblock(stage.world.connection, stage.aurora, mira)


def test_who_was_forgotten_is_quoted_by_nobody(stage: Stage) -> None:
    stage.says("bravo")
    one = UUID(stage.told()[0]["words"]["id"])
    stage.report(one, "jo")
    forget(stage.world.connection, "mira", stage.world.now)
    (taken,) = stage.told()
    assert (taken["type"], taken["ids"]) == ("words.withheld", [str(one)])
    assert stage.seen() == [None]
    assert reports.listed(stage.world.connection, None, 10) == []
    with pytest.raises(UnknownWords):
        stage.approve(one)
    counted = stage.world.connection.execute("SELECT count(*) FROM message").fetchone()
    assert counted == (0,)
