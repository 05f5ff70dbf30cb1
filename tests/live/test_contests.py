"""A contest is decided by what was booked in its time, however late it commits, and by nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from late import held_before_its_commit, wait_until_locked_out
from watcher import events, sent

from riviere.economy import people
from riviere.errors import RiviereError
from riviere.ledger.refusals import KeyReused
from riviere.live import contests, reading
from riviere.live.contests import Wanted
from riviere.live.contests.model import (
    MOST_WAITING,
    BadContestTime,
    Contest,
    ContestMoved,
    ContestOverlap,
    OwnRival,
    TooManyInvitations,
    UnknownContest,
)
from riviere.live.position import Position
from world import World


@pytest.fixture
def stage(world: World) -> World:
    """Aurora and Zoe are live, and Mira and Kim have coins."""
    for name in ("aurora", "zoe", "sol"):
        world.creator(name)
    for name in ("mira", "kim"):
        world.viewer(name)
        world.buy(name, 1_000, bonus=10)
    return world


def invited(world: World, rival: str = "zoe", creator: str = "aurora", **how: Any) -> Contest:
    """An invitation to ten minutes, in ten minutes unless `after` says when."""
    starts_at = world.now + timedelta(minutes=how.pop("after", 10))
    wanted = Wanted(rival, "Choirs", starts_at, starts_at + timedelta(minutes=how.pop("minutes", 10)))
    return contests.invite(world.connection, creator, wanted, how.pop("key", None) or world.key(), world.now)


def accepted(world: World, **how: Any) -> Contest:
    return contests.answer(world.connection, "zoe", invited(world, **how).id, world.now, accept=True)


def set_time(world: World, contest: Contest, *, starts: int, ends: int) -> None:
    """Moves a contest so that it starts and ends in so many seconds by the clock that entries are booked by."""
    with world.database.connect_owner(autocommit=True) as owner:
        owner.execute(
            "UPDATE contest SET starts_at = clock_timestamp() + make_interval(secs => %s),"
            " ends_at = clock_timestamp() + make_interval(secs => %s) WHERE id = %s",
            [starts, ends, contest.id],
        )


def end(world: World, contest: Contest) -> None:
    """The contest is over from now on, by the same clock."""
    with world.database.connect_owner(autocommit=True) as owner:
        owner.execute("UPDATE contest SET ends_at = clock_timestamp() WHERE id = %s", [contest.id])


def running(world: World) -> Contest:
    contest = accepted(world)
    set_time(world, contest, starts=0, ends=3600)
    return counted(world, contest)


def counted(world: World, contest: Contest) -> Contest:
    """The contest after the next beat."""
    contests.count(world.connection, world.later(seconds=1))
    return contests.get(world.connection, "aurora", contest.id)


def told(world: World, creator: str) -> list[str]:
    """What a creator's feed says of contests."""
    user = world.id(creator)
    read = reading.since(world.connection, {user: Position(0, 0)})[user]
    return [said for said in sent(events(read)) if said.startswith("contest")]


def test_a_contest_from_the_invitation_to_the_winner(stage: World) -> None:
    contest = accepted(stage)
    stage.give("mira", "aurora", "comet", key="before")
    set_time(stage, contest, starts=0, ends=3600)
    assert counted(stage, contest).state == "running"
    stage.give("mira", "aurora", "ring")
    stage.give("kim", "zoe", "ring", 2, key="much")
    assert counted(stage, contest).rival_score == 60_000
    stage.reverse("kim", "much")
    stage.reverse("mira", "before")
    stage.give("kim", "zoe", "rose")
    assert (counted(stage, contest).score, counted(stage, contest).rival_score) == (30_000, 1_000)
    end(stage, contest)
    stage.give("kim", "zoe", "comet", 2)
    over = counted(stage, contest)
    assert (over.state, over.score, over.rival_score, over.winner) == ("over", 30_000, 1_000, stage.id("aurora"))
    stage.give("kim", "zoe", "ring")
    assert counted(stage, contest) == over
    expected = ["contest started 0:0 -", "contest score 30:60 -", "contest score 30:1 -", "contest over 30:1 aurora"]
    assert told(stage, "aurora") == expected
    assert told(stage, "zoe") == ["contest invited 0:0 -", *expected]


def test_as_much_on_both_sides_is_a_draw(stage: World) -> None:
    contest = running(stage)
    for creator in ("aurora", "zoe"):
        stage.give("mira", creator, "ring")
    end(stage, contest)
    over = counted(stage, contest)
    assert (over.state, over.score, over.rival_score, over.winner) == ("over", 30_000, 30_000, None)


def test_followers_of_streams_hear_of_contests_and_not_of_invitations(stage: World) -> None:
    running(stage)
    user = stage.id("zoe")
    read = reading.since(stage.connection, {user: Position(0, 0)})[user]
    assert [(one.place, one.everywhere) for one in read.happened[1:]] == [(None, False), (None, True)]


def test_a_gift_of_the_last_moment_that_commits_late_counts(stage: World) -> None:
    contest = running(stage)
    opening = stage.asked("mira", "aurora")
    with ThreadPoolExecutor(2) as apart, held_before_its_commit(stage, opening) as (late, commit):
        booked = apart.submit(late, stage.asked("mira", "aurora", count=5))
        wait_until_locked_out(stage, 1)
        end(stage, contest)

        def decide() -> None:
            with stage.database.connect(autocommit=True) as connection:
                contests.count(connection, stage.now + timedelta(seconds=5))

        deciding = apart.submit(decide)
        wait_until_locked_out(stage, 2)
        assert contests.get(stage.connection, "aurora", contest.id).state == "running"
        commit()
        booked.result()
        deciding.result()
    over = contests.get(stage.connection, "aurora", contest.id)
    assert (over.state, over.score) == ("over", 6_000)


def test_two_servers_at_once_count_and_decide_once(stage: World) -> None:
    contest = running(stage)
    stage.give("mira", "aurora", "ring")
    now = stage.later(seconds=1)
    with stage.database.connect(autocommit=True) as first, first.transaction():
        assert contests.count(first, now) == 1
        assert contests.count(stage.connection, now) == 0, "the other one is at it"
    assert contests.count(stage.connection, now) == 0
    end(stage, contest)

    def elsewhere(_: int) -> int:
        with stage.database.connect(autocommit=True) as connection:
            return contests.count(connection, now)

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(elsewhere, range(3))) == 1
    assert told(stage, "aurora") == ["contest started 0:0 -", "contest score 30:0 -", "contest over 30:0 aurora"]


def test_a_server_that_is_killed_after_the_sum_has_counted_nothing(stage: World) -> None:
    contest = running(stage)
    stage.give("mira", "aurora", "ring")
    with stage.connection.transaction(force_rollback=True):
        assert contests.count(stage.connection, stage.later(seconds=1)) == 1
    assert counted(stage, contest).score == 30_000
    assert counted(stage, contest).score == 30_000


def test_an_invitation_is_answered_by_the_invited_before_the_start(stage: World) -> None:
    contest = invited(stage)
    for by, wrong in (("aurora", ContestMoved), ("sol", UnknownContest), ("nobody", people.UnknownUser)):
        with pytest.raises(wrong):
            contests.answer(stage.connection, by, contest.id, stage.now, accept=True)
    late = contest.starts_at
    with pytest.raises(ContestMoved):
        contests.answer(stage.connection, "zoe", contest.id, late, accept=True)
    for _ in range(2):
        assert contests.answer(stage.connection, "zoe", contest.id, stage.now, accept=False).state == "declined"
    with pytest.raises(ContestMoved):
        contests.answer(stage.connection, "zoe", contest.id, stage.now, accept=True)


def test_an_invitation_without_an_answer_lapses(stage: World) -> None:
    contest = invited(stage)
    set_time(stage, contest, starts=0, ends=60)
    assert counted(stage, contest).state == "lapsed"
    assert told(stage, "aurora") == []


def test_who_may_call_a_contest_off(stage: World) -> None:
    contest = invited(stage)
    with pytest.raises(ContestMoved):
        contests.cancel(stage.connection, "zoe", contest.id, stage.now)
    for _ in range(2):
        assert contests.cancel(stage.connection, "aurora", contest.id, stage.now).state == "cancelled"
    agreed = accepted(stage)
    with pytest.raises(ContestMoved):
        contests.cancel(stage.connection, "zoe", agreed.id, agreed.starts_at)
    assert contests.cancel(stage.connection, "zoe", agreed.id, stage.now).state == "cancelled"
    begun = running(stage)
    with pytest.raises(ContestMoved):
        contests.cancel(stage.connection, "aurora", begun.id, stage.now)


def test_nobody_is_in_two_contests_at_a_time_however_they_are_asked(stage: World) -> None:
    one, other = invited(stage), invited(stage, creator="sol", after=15)

    def accept(contest: Contest) -> str:
        with stage.database.connect(autocommit=True) as connection:
            try:
                return contests.answer(connection, "zoe", contest.id, stage.now, accept=True).state
            except ContestOverlap:
                return "overlap"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(accept, (one, other))) == ["accepted", "overlap"]
    with pytest.raises(ContestOverlap):
        invited(stage, after=12)
    assert invited(stage, after=60).state == "invited"


def test_what_cannot_be_a_contest_is_refused(stage: World) -> None:
    for wrong, how in [
        (BadContestTime, {"after": 0}),
        (BadContestTime, {"minutes": 0}),
        (BadContestTime, {"minutes": 24 * 60 + 1}),
        (BadContestTime, {"after": 31 * 24 * 60}),
        (OwnRival, {"rival": "aurora"}),
        (people.UnknownUser, {"rival": "nobody"}),
    ]:
        with pytest.raises(wrong):
            invited(stage, **how)  # type: ignore[arg-type]
    first = invited(stage, key="one")
    assert invited(stage, key="one") == first
    with pytest.raises(KeyReused):
        invited(stage, key="one", minutes=11)
    for _ in range(MOST_WAITING - 1):
        invited(stage)
    with pytest.raises(TooManyInvitations):
        invited(stage)
    assert len(told(stage, "zoe")) == MOST_WAITING


viewers, creators, keys = st.sampled_from(("mira", "kim")), st.sampled_from(("aurora", "zoe")), st.integers(0, 5)
STEPS = st.one_of(
    st.tuples(st.just("give"), viewers, creators, st.integers(1, 9), keys),
    st.tuples(st.just("undo"), viewers, keys),
    st.tuples(st.just("count")),
    st.tuples(st.just("start")),
    st.tuples(st.just("end")),
)


@given(steps=st.lists(STEPS, min_size=8, max_size=25))
@settings(
    phases=[Phase.generate],
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_happens_and_whenever_it_is_counted_scores_are_what_the_journal_says(
    stage: World, steps: list[tuple[Any, ...]]
) -> None:
    stage.later(hours=2)
    for name in ("mira", "kim"):
        stage.buy(name, 1_000, bonus=7)
    contest, run = accepted(stage), stage.key()
    for what, *how in (*steps, ("start",), ("end",), ("count",), ("count",)):
        try:
            if what == "give":
                viewer, creator, pieces, key = how
                stage.give(viewer, creator, "rose", pieces, key=f"{run} {key}")
            elif what == "undo":
                stage.reverse(how[0], f"{run} {how[1]}")
            elif what == "start":
                state = contests.get(stage.connection, "aurora", contest.id).state
                if state == "accepted":
                    set_time(stage, contest, starts=0, ends=3600)
                    counted(stage, contest)
            elif what == "end":
                if contests.get(stage.connection, "aurora", contest.id).state == "running":
                    end(stage, contest)
                    counted(stage, contest)
            else:
                counted(stage, contest)
        except RiviereError:
            continue  # what was undone is not undone again, and so on
    over = contests.get(stage.connection, "aurora", contest.id)
    rows = stage.connection.execute(
        "SELECT e.credit_user, sum(e.credit_amount) FROM entry AS e WHERE e.route IN (11, 12)"
        " AND e.booked_at >= %(starts)s AND e.booked_at < %(ends)s AND NOT EXISTS (SELECT FROM entry AS r"
        "  WHERE r.route IN (14, 15) AND r.owner = e.owner AND r.cause = e.id AND r.booked_at < %(ends)s)"
        " GROUP BY e.credit_user",
        {"starts": over.starts_at, "ends": over.ends_at},
    ).fetchall()
    expected = dict(rows)
    assert over.state == "over"
    assert (over.score, over.rival_score) == tuple(int(expected.get(user, 0)) for user in (over.creator, over.rival))
