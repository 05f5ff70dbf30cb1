"""A stream is announced, people wait for it, and each of them is told once that it begins soon."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from watcher import events

from riviere import outbox
from riviere.audience import announcements
from riviere.audience.announcements import AnnouncementOver, BadStart, UnknownAnnouncement
from riviere.audience.forgetting import forget
from riviere.economy.checks import BadText
from riviere.ledger.refusals import KeyReused
from riviere.live import reading
from riviere.live.position import Position
from riviere.outbox import Event
from world import World


class Board:
    """What aurora announces."""

    def __init__(self, world: World) -> None:
        self.world = world
        for name in ("aurora", "mira", "jo"):
            world.viewer(name)
        self.aurora = world.id("aurora")

    def announce(self, title: str = "Requests", key: str | None = None, **ahead: int) -> UUID:
        begin = self.world.now + timedelta(**(ahead or {"hours": 1}))
        key = key or self.world.key()
        made = announcements.announce(self.world.connection, self.aurora, title, "", begin, key, self.world.now)
        return made[0].id

    def wait(self, one: UUID, viewer: str = "mira") -> None:
        announcements.ask_reminder(self.world.connection, self.aurora, one, self.world.id(viewer), self.world.now)

    def remind(self) -> int:
        return announcements.remind_due(self.world.connection, self.world.now)

    def sent(self) -> list[dict[str, Any]]:
        """What the platform's servers are told."""
        with self.world.connection.transaction():
            taken: list[Event] = outbox.take(self.world.connection, 1_000)
        return [msgspec.json.decode(event.data) for event in taken if event.kind == "reminder.due"]

    def told(self) -> list[str]:
        """What followers hear."""
        read = reading.since(self.world.connection, {self.aurora: Position(0, 0)}).get(self.aurora)
        return [] if read is None else [f"{event['what']} {event['title']}" for event in events(read)]


@pytest.fixture
def board(world: World) -> Board:
    return Board(world)


def test_who_wants_to_be_reminded_is_once(board: Board) -> None:
    one = board.announce()
    board.wait(one)
    board.wait(one)
    board.wait(one, "jo")
    assert announcements.find(board.world.connection, board.aurora, one).reminders == 2
    board.world.later(minutes=49)
    assert (board.remind(), board.sent()) == (0, [])
    board.world.later(minutes=1)
    assert (board.remind(), board.remind()) == (2, 0)
    (sent,) = board.sent()
    assert (sent["creator"], sent["title"], sent["viewers"]) == ("aurora", "Requests", ["jo", "mira"])
    assert sent["announcement"] == str(one)
    assert board.told() == ["made Requests", "due Requests"]
    with pytest.raises(AnnouncementOver):
        board.wait(one)


def test_who_has_withdrawn_is_not_reminded(board: Board) -> None:
    one = board.announce()
    board.wait(one)
    board.wait(one, "jo")
    announcements.withdraw_reminder(board.world.connection, board.aurora, one, board.world.id("mira"))
    board.world.later(hours=1)
    assert board.remind() == 1
    assert [sent["viewers"] for sent in board.sent()] == [["jo"]]


def test_nobody_is_reminded_of_what_was_cancelled(board: Board) -> None:
    one = board.announce()
    board.wait(one)
    for _ in range(2):
        announcements.cancel(board.world.connection, board.aurora, one, board.world.now)
    board.world.later(hours=1)
    assert board.remind() == 0
    assert board.told() == ["made Requests", "cancelled Requests"]
    with pytest.raises(AnnouncementOver):
        board.wait(one)
    with pytest.raises(AnnouncementOver):
        announcements.change(board.world.connection, board.aurora, one, board.world.now, title="New")


def test_a_stream_put_off_is_told_of_when_it_is_due_then(board: Board) -> None:
    one = board.announce()
    board.wait(one)
    later = board.world.now + timedelta(hours=5)
    announcements.change(board.world.connection, board.aurora, one, board.world.now, starts_at=later, title="Late")
    announcements.change(board.world.connection, board.aurora, one, board.world.now, title="Late")
    board.world.later(hours=1)
    assert board.remind() == 0
    board.world.later(hours=4)
    assert board.remind() == 1
    assert board.told() == ["made Late", "changed Late", "due Late"], "as it stands now"


def test_a_crowd_is_reminded_once_by_servers_that_work_at_once(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(announcements, "_AT_ONCE", 7)
    one = board.announce()
    names = [f"viewer {number:02}" for number in range(30)]
    for name in names:
        board.world.viewer(name)
        board.wait(one, name)
    board.world.later(hours=1)

    def work(_: int) -> int:
        with board.world.database.connect(autocommit=True) as connection:
            return announcements.remind_due(connection, board.world.now)

    with ThreadPoolExecutor(4) as apart:
        assert sum(apart.map(work, range(8))) == 30
    assert sorted(name for sent in board.sent() for name in sent["viewers"]) == names
    assert board.told() == ["made Requests", "due Requests"]


def test_names_of_any_length_fit_into_events(board: Board) -> None:
    one = board.announce("漢" * 100)
    names = ["漢" * 190 + str(number) for number in range(60)]
    for name in names:
        board.world.viewer(name)
        board.wait(one, name)
    board.world.later(hours=1)
    assert board.remind() == 60
    sent = board.sent()
    assert len(sent) > 1
    assert sorted(name for event in sent for name in event["viewers"]) == sorted(names)


def test_the_same_request_announces_once(board: Board) -> None:
    assert board.announce(key="k") == board.announce(key="k")
    with pytest.raises(KeyReused):
        board.announce("Other", key="k")
    assert board.told() == ["made Requests"]


@pytest.mark.parametrize("ahead", [{"seconds": 0}, {"seconds": -1}, {"days": 366}])
def test_a_time_that_is_no_time_to_come_is_refused(board: Board, ahead: dict[str, int]) -> None:
    with pytest.raises(BadStart):
        board.announce(**ahead)
    with pytest.raises(BadText):
        board.announce("x" * 101)


def test_a_viewer_sees_what_they_wait_for_and_forgotten_they_wait_for_nothing(board: Board) -> None:
    second, first = board.announce("second", hours=2), board.announce("first", hours=1)
    for one in (second, first):
        board.wait(one)
    mira = board.world.id("mira")
    waited = announcements.awaited(board.world.connection, mira, None, 10, board.world.now)
    assert [one.title for one in waited] == ["first", "second"]
    listed = announcements.listed(board.world.connection, board.aurora, None, 10, board.world.now)
    assert [one.title for one in listed] == ["first", "second"]
    forget(board.world.connection, "mira", board.world.now)
    assert announcements.find(board.world.connection, board.aurora, first).reminders == 0
    forget(board.world.connection, "aurora", board.world.now)
    assert board.told() == []
    with pytest.raises(UnknownAnnouncement):
        announcements.find(board.world.connection, board.aurora, first)
