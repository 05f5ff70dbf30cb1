"""Who wishes not to be named is named to no viewer, at no moment; and to those who keep the books, always."""

from typing import Any

import pytest
from watcher import events

from riviere.economy import sent
from riviere.economy.earned.earnings import by_supporter
from riviere.economy.tally import check_tallies, count_up
from riviere.ids import client_id
from riviere.ledger.refusals import KeyReused
from riviere.live import reading, supporters
from riviere.live.combos import QUIET, finish
from riviere.live.position import Position
from riviere.trust import lists, words
from world import World


@pytest.fixture
def stage(world: World) -> World:
    world.creator("aurora")
    world.viewer("mira")
    world.buy("mira", 100, bonus=10)
    return world


def told(world: World) -> list[dict[str, Any]]:
    read = reading.since(world.connection, {world.id("aurora"): Position(0, 0)})
    return events(read[world.id("aurora")])[1:]


def test_the_feed_names_nobody_for_an_anonymous_gift_and_others_as_before(stage: World) -> None:
    stage.give("mira", "aurora", "ring", anonymous=True)
    stage.give("mira", "aurora", "rose")
    assert [(event["gift"], event["sender"]) for event in told(stage)] == [("ring", None), ("rose", "mira")]


def test_a_combo_is_anonymous_from_its_first_step_to_its_end(stage: World) -> None:
    for upto in (2, 5):
        stage.give("mira", "aurora", "rose", upto, combo=True, key="combo", anonymous=True)
    with pytest.raises(KeyReused):
        stage.give("mira", "aurora", "rose", 9, combo=True, key="combo")
    finish(stage.connection, stage.later(seconds=QUIET.seconds + 1))
    assert [(event["type"], event["sender"], event["count"]) for event in told(stage)] == [
        ("combo.grew", None, 2),
        ("combo.grew", None, 3),
        ("combo.finished", None, 5),
    ]


def test_a_named_combo_does_not_become_anonymous(stage: World) -> None:
    stage.give("mira", "aurora", "rose", 2, combo=True, key="combo")
    with pytest.raises(KeyReused):
        stage.give("mira", "aurora", "rose", 5, combo=True, key="combo", anonymous=True)
    assert [event["sender"] for event in told(stage)] == ["mira"]


def test_the_same_gift_with_another_wish_is_another_request(stage: World) -> None:
    first = stage.give("mira", "aurora", key="k", anonymous=True)
    assert stage.give("mira", "aurora", key="k", anonymous=True).id == first.id
    with pytest.raises(KeyReused):
        stage.give("mira", "aurora", key="k")
    assert [event["sender"] for event in told(stage)] == [None]


def test_words_beside_an_anonymous_gift_name_nobody_also_when_approved_later(stage: World) -> None:
    aurora = stage.id("aurora")
    lists.replace(stage.connection, [], "tests", stage.now, aurora, review=True)
    stage.give("mira", "aurora", message="bravo", anonymous=True)
    told(stage)
    (held,) = words.held(stage.connection, aurora, None, 10)
    assert held.author == "mira", "who decides on words knows whose they are"
    words.approve(stage.connection, aurora, held.id, "creator", stage.later(minutes=1), moderator=False)
    gift, shown = told(stage)
    assert (gift["sender"], gift["words"]["text"]) == (None, "bravo")
    assert (shown["type"], shown["sender"], shown["words"]["text"]) == ("words.shown", None, "bravo")


def test_the_sender_and_the_books_know_who_paid(stage: World) -> None:
    stage.give("mira", "aurora", "ring", key="ring", anonymous=True)
    stage.give("mira", "aurora", "rose", key="rose")
    mira = stage.id("mira")
    assert sent.find(stage.connection, mira, client_id("ring")).anonymous is True
    assert sent.find(stage.connection, mira, client_id("rose")).anonymous is False


def test_no_board_and_no_sum_by_supporter_names_who_sent_anonymously(stage: World) -> None:
    stage.viewer("sol")
    for name in ("sol", "mira"):
        stage.buy(name, 1000)
    stage.give("mira", "aurora", "comet", key="comet", anonymous=True)
    stage.give("mira", "aurora", "rose", 2)
    stage.give("sol", "aurora", "rose", 5)

    def boards() -> list[list[tuple[str, int]]]:
        now, connection = stage.now, stage.connection
        found = (
            supporters.of_stream(connection, "aurora", "live", 5),
            supporters.of_day(connection, "aurora", 5, now)[1],
            supporters.of_all_time(connection, "aurora", 5),
        )
        return [[(one.supporter, one.coins) for one in board] for board in found]

    before = boards()
    assert before == [[("sol", 5), ("mira", 2)]] * 3
    supporters.count(stage.connection, stage.later(seconds=2))
    count_up(stage.connection, least=1)
    assert boards() == before, "counted or not"
    (leaders,) = [event["top"] for event in told(stage) if event["type"] == "leaderboard"]
    assert [leader["supporter"] for leader in leaders] == ["sol", "mira"]
    by_name = {row.supporter: row.coins for row in by_supporter(stage.connection, stage.id("aurora"))}
    assert by_name == {None: 299, "sol": 5, "mira": 2}
    assert supporters.standing(stage.connection, "aurora", "mira", stage.now).rank == 2
    stage.reverse("mira", "comet")
    supporters.count(stage.connection, stage.later(seconds=2))
    count_up(stage.connection, least=1)
    assert boards() == before
    assert check_tallies(stage.connection).ok
