"""Boards are what the journal says at the moment of reading, and whoever follows hears when others lead."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from late import held_before_its_commit, wait_until_locked_out
from watcher import events, sent

from riviere.clock import hour_of
from riviere.economy import people
from riviere.errors import RiviereError
from riviere.live import reading, supporters
from riviere.live.position import Position
from riviere.live.supporters import model
from world import World

VIEWERS = ("mira", "kim", "jo", "sol", "ada", "ben")


@pytest.fixture
def stage(world: World) -> World:
    """Aurora is live, and six viewers have coins."""
    world.creator("aurora")
    for name in VIEWERS:
        world.viewer(name)
        world.buy(name, 1_000, bonus=10)
    return world


def tick(world: World) -> int:
    """The next beat."""
    return supporters.count(world.connection, world.later(seconds=1))


def told(world: World) -> list[str]:
    """What the feed says of leaders."""
    user = world.id("aurora")
    read = reading.since(world.connection, {user: Position(0, 0)})[user]
    return [said for said in sent(events(read)) if said.startswith("leaderboard")]


def board(world: World, stream: str = "live", most: int = 100) -> list[tuple[str, int]]:
    rows = supporters.of_stream(world.connection, "aurora", stream, most)
    assert [row.rank for row in rows] == [*range(1, len(rows) + 1)]
    return [(row.supporter, row.diamonds) for row in rows]


def test_followers_hear_of_leaders_when_their_order_changes_and_only_then(stage: World) -> None:
    stage.give("mira", "aurora", "ring")
    assert tick(stage) == 1
    stage.give("mira", "aurora", "ring")
    assert tick(stage) == 0, "the same one leads, by more"
    stage.give("kim", "aurora", "comet", key="comet")
    assert tick(stage) == 1
    stage.reverse("kim", "comet")
    assert tick(stage) == 1
    assert tick(stage) == 0
    assert told(stage) == ["leaderboard mira", "leaderboard kim mira", "leaderboard mira"]


def test_five_lead_and_who_comes_sixth_is_not_told_of(stage: World) -> None:
    for number, name in enumerate(VIEWERS[:5]):
        stage.give(name, "aurora", "rose", 20 - 2 * number)
    tick(stage)
    stage.give("ben", "aurora", "rose", 1)
    assert tick(stage) == 0
    stage.give("ben", "aurora", "rose", 12)
    assert tick(stage) == 1
    assert told(stage)[-1] == "leaderboard mira kim jo sol ben"
    user = stage.id("aurora")
    read = reading.since(stage.connection, {user: Position(0, 0)})[user]
    last = [event for event in events(read) if event["type"] == "leaderboard"][-1]
    assert last["top"][4] == {"rank": 5, "supporter": "ben", "pieces": 13, "coins": 13, "diamonds": "13"}
    assert last["stream"] == "live"


def test_leaders_are_told_of_once_a_second_at_the_most_and_nothing_is_lost(stage: World) -> None:
    stage.give("mira", "aurora")
    tick(stage)
    stage.give("kim", "aurora", "ring")
    assert supporters.count(stage.connection, stage.now) == 0
    assert board(stage) == [("kim", 30_000), ("mira", 1_000)], "who asks is told at once"
    assert tick(stage) == 1


def test_the_last_gift_before_the_end_of_a_stream_is_told_of(stage: World) -> None:
    stage.give("mira", "aurora")
    stage.end("aurora")
    assert tick(stage) == 1
    stage.later(seconds=supporters.LATE.seconds)
    stage.stream("aurora", "late")
    stage.give("kim", "aurora", "ring", stream="late")
    assert tick(stage) == 1
    assert (board(stage), board(stage, "late")) == ([("mira", 1_000)], [("kim", 30_000)])
    assert board(stage, most=0) == []


def test_a_gift_undone_long_after_its_stream_is_off_its_board(stage: World) -> None:
    stage.give("mira", "aurora", "ring", key="ring")
    stage.give("kim", "aurora")
    tick(stage)
    stage.end("aurora")
    stage.later(days=2)
    stage.reverse("mira", "ring")
    assert board(stage) == [("kim", 1_000)]
    assert tick(stage) == 0, "nobody is live"
    assert board(stage) == [("kim", 1_000)]


def test_who_was_forgotten_is_named_by_no_board(stage: World) -> None:
    stage.give("mira", "aurora")
    tick(stage)
    people.forget(stage.connection, "mira")
    ((name, _),) = board(stage)
    assert name.startswith("u_")
    assert told(stage) == [f"leaderboard {name}"]


def test_no_gift_that_commits_late_is_passed_by(stage: World) -> None:
    opening = stage.asked("mira", "aurora")
    with ThreadPoolExecutor(1) as apart, held_before_its_commit(stage, opening) as (late, commit):
        booked = apart.submit(late, stage.asked("mira", "aurora", count=5))
        wait_until_locked_out(stage, 1)
        tick(stage)
        assert board(stage) == [("mira", 1_000)]
        commit()
        booked.result()
    assert board(stage) == [("mira", 6_000)]
    tick(stage)
    tick(stage)
    assert board(stage) == [("mira", 6_000)]


def test_two_servers_at_once_count_once(stage: World) -> None:
    stage.give("mira", "aurora")
    tick(stage)
    stage.give("kim", "aurora", "ring")
    now = stage.later(seconds=1)
    with stage.database.connect() as first:
        assert supporters.count(first, now) == 1
        assert supporters.count(stage.connection, now) == 0, "the other one is at it"
        first.commit()
    assert supporters.count(stage.connection, now) == 0
    assert board(stage) == [("kim", 30_000), ("mira", 1_000)]
    assert len(told(stage)) == 2


def test_a_server_that_is_killed_after_the_sum_has_counted_nothing(stage: World) -> None:
    stage.give("mira", "aurora")
    with stage.connection.transaction(force_rollback=True):
        assert tick(stage) == 1
    assert (board(stage), told(stage)) == ([("mira", 1_000)], [])
    assert tick(stage) == 1
    assert (board(stage), told(stage)) == ([("mira", 1_000)], ["leaderboard mira"])


def test_a_day_is_the_last_24_hours_and_what_is_left_of_their_first(stage: World) -> None:
    aurora = ("aurora", 10, stage.now)
    stage.give("mira", "aurora", "ring", key="ring")
    tick(stage)
    since, rows = supporters.of_day(stage.connection, *aurora)
    assert since == hour_of(stage.now - timedelta(hours=24))
    assert [(row.rank, row.supporter, row.diamonds) for row in rows] == [(1, "mira", 30_000)]
    for passed, expected in ((23, ["mira"]), (25, [])):
        later = stage.now + timedelta(hours=passed)
        _, rows = supporters.of_day(stage.connection, "aurora", 10, later)
        assert [row.supporter for row in rows] == expected
    stage.give("kim", "aurora")
    stage.reverse("mira", "ring")
    assert [row.supporter for row in supporters.of_day(stage.connection, *aurora)[1]] == ["kim"]
    tick(stage)
    assert [row.supporter for row in supporters.of_day(stage.connection, *aurora)[1]] == ["kim"]


def test_hours_are_dropped_after_two_days(stage: World) -> None:
    stage.give("mira", "aurora")
    tick(stage)
    stage.later(days=3)
    stage.give("kim", "aurora")
    tick(stage)
    row = stage.connection.execute("SELECT count(*) FROM support WHERE axis = 1").fetchone()
    assert row == (0,), "the database's clock did not move: both are three days old by the world's"
    assert board(stage) == sorted([("kim", 1_000), ("mira", 1_000)], key=lambda row: stage.id(row[0]))


def test_of_all_time_posts_and_streams_count_alike(stage: World) -> None:
    stage.post("aurora", "welcome")
    stage.give("mira", "aurora", "ring", post="welcome")
    stage.give("kim", "aurora", key="rose")
    rows = supporters.of_all_time(stage.connection, "aurora", 10)
    assert [(row.rank, row.supporter, row.pieces, row.diamonds) for row in rows] == [
        (1, "mira", 1, 30_000),
        (2, "kim", 1, 1_000),
    ]
    stage.reverse("kim", "rose")
    assert len(supporters.of_all_time(stage.connection, "aurora", 10)) == 1
    assert board(stage) == []


def test_how_a_supporter_stands(stage: World) -> None:
    def standing(name: str) -> tuple[int | None, int]:
        found = supporters.standing(stage.connection, "aurora", name, stage.now)
        return found.rank, found.diamonds

    assert standing("mira") == (None, 0)
    for name, pieces in (("mira", 3), ("kim", 5), ("jo", 1)):
        stage.give(name, "aurora", "rose", pieces, key=f"{name}'s")
    assert [standing(name) for name in ("kim", "mira", "jo", "sol")] == [(1, 5_000), (2, 3_000), (3, 1_000), (None, 0)]
    stage.reverse("kim", "kim's")
    assert [standing(name) for name in ("kim", "mira", "jo")] == [(None, 0), (1, 3_000), (2, 1_000)]
    today = supporters.standing(stage.connection, "aurora", "mira", stage.now).streak
    assert today == model.Streak(1, 1, given_today=True)
    undone = supporters.standing(stage.connection, "aurora", "kim", stage.now).streak
    assert undone == model.Streak(0, 0, given_today=False)
    tomorrow = supporters.standing(stage.connection, "aurora", "mira", stage.now + timedelta(days=1)).streak
    assert tomorrow == model.Streak(1, 1, given_today=False)


TODAY = date(2026, 3, 1)


@given(st.lists(st.integers(0, 40), max_size=40))
def test_a_streak_is_what_counting_on_the_calendar_says(back: list[int]) -> None:
    given_on = {TODAY - timedelta(days=days) for days in back}
    run, runs = 0, [0]
    for days in reversed(range(41)):
        run = run + 1 if TODAY - timedelta(days=days) in given_on else 0
        runs.append(run)
    current = runs[-1] if TODAY in given_on else runs[-2]
    assert model.streak(given_on, TODAY) == model.Streak(current, max(runs), given_today=TODAY in given_on)


_RUNS = count(1)


class Show:
    """A creator of a world that other shows share, with two streams and a post; what may happen there."""

    def __init__(self, world: World) -> None:
        self.world, self.name = world, f"show {next(_RUNS)}"
        world.creator(self.name)
        world.stream(self.name, "other")
        world.post(self.name, "clip")

    def give(self, viewer: str, gift: str, pieces: int, where: str, key: str) -> None:
        place = {"post": where} if where == "clip" else {"stream": where}
        self.world.give(viewer, self.name, gift, pieces, key=f"{self.name} {key}", **place)

    def go_on(self, viewer: str, pieces: int, key: str) -> None:
        self.world.give(viewer, self.name, "rose", pieces, key=f"{self.name} {key}", combo=True)

    def undo(self, viewer: str, key: str) -> None:
        self.world.reverse(viewer, f"{self.name} {key}")

    def count(self) -> None:
        tick(self.world)

    def count_and_be_killed(self) -> None:
        with self.world.connection.transaction(force_rollback=True):
            tick(self.world)

    def count_at_once(self) -> None:
        now = self.world.later(seconds=1)

        def elsewhere(_: int) -> None:
            with self.world.database.connect(autocommit=True) as connection:
                supporters.count(connection, now)

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(elsewhere, range(2)))

    def end(self) -> None:
        self.world.end(self.name, "other")

    def check(self) -> None:
        """Every board is what stands in the journal."""
        run, world = self.world.connection, self.world
        rows = run.execute(
            "SELECT n.external_id, w.external_id, e.count, e.credit_amount FROM entry AS e"
            " JOIN person AS n ON n.user_id = e.owner JOIN place AS w ON w.creator = e.credit_user AND w.id = e.place"
            " WHERE e.route IN (11, 12) AND e.credit_user = %s AND NOT EXISTS ("
            "  SELECT FROM entry AS r WHERE r.route IN (14, 15) AND r.owner = e.owner AND r.cause = e.id)",
            [world.id(self.name)],
        ).fetchall()
        boards = {
            "live": supporters.of_stream(run, self.name, "live", 10),
            "other": supporters.of_stream(run, self.name, "other", 10),
            "day": supporters.of_day(run, self.name, 10, world.now)[1],
            "all": supporters.of_all_time(run, self.name, 10),
        }
        for name, found in boards.items():
            here = [row for row in rows if name in ("day", "all", row[1])]
            given_by = Counter[str]()
            for who, _, _, diamonds in here:
                given_by[who] += diamonds
            ranked = sorted(given_by.items(), key=lambda one: (-one[1], world.id(one[0])))
            assert [(row.supporter, row.diamonds) for row in found] == ranked, name
            assert sum(row.pieces for row in found) == sum(row[2] for row in here), name
        for rank, row in enumerate(boards["all"], 1):
            assert supporters.standing(run, self.name, row.supporter, world.now).rank == rank


viewers, keys = st.sampled_from(VIEWERS[:3]), st.sampled_from(("a", "b", "c"))
where, pieces = st.sampled_from(("live", "other", "clip")), st.integers(1, 6)
STEPS = st.one_of(
    st.tuples(st.just(Show.give), viewers, st.sampled_from(("rose", "ring")), pieces, where, keys),
    st.tuples(st.just(Show.go_on), viewers, pieces, keys),
    st.tuples(st.just(Show.undo), viewers, keys),
    st.tuples(st.just(Show.count)),
    st.tuples(st.just(Show.count_and_be_killed)),
    st.tuples(st.just(Show.count_at_once)),
    st.tuples(st.just(Show.end)),
    st.tuples(st.just(Show.check)),
)


@given(steps=st.lists(STEPS, min_size=8, max_size=25), bite=st.sampled_from((1, 3, 1_000)))
@settings(
    phases=[Phase.generate],
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_happens_and_whenever_it_is_counted_boards_are_what_the_journal_says(
    stage: World, monkeypatch: pytest.MonkeyPatch, steps: Sequence[tuple[Any, ...]], bite: int
) -> None:
    monkeypatch.setattr(supporters, "MOST", bite)
    for viewer in VIEWERS:
        stage.buy(viewer, 1_000, bonus=7)
    show = Show(stage)
    for do, *how in steps:
        try:
            do(show, *how)
        except RiviereError:
            continue  # a combo that was undone does not go on, a stream that ended takes nothing, and so on
    show.check()
