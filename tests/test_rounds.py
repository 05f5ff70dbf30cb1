"""What a running server does by itself goes on whatever one duty does, and stops when it is told to."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from psycopg import OperationalError
from structlog.testing import capture_logs

from riviere import rounds
from riviere.errors import RiviereError
from riviere.rounds import Duty, Rounds


class Tired(RiviereError):
    """Not now; come again."""

    code = "tired"


class Count:
    """Counts how often it is done, and fails as it is told."""

    def __init__(self, wrong: Exception | None = None) -> None:
        self.times, self._wrong = 0, wrong

    def __call__(self) -> None:
        self.times += 1
        if self._wrong:
            raise self._wrong


@contextmanager
def going(*duties: Duty) -> Iterator[Rounds]:
    made = Rounds(list(duties))
    made.start()
    try:
        yield made
    finally:
        made.stop()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.002)


def test_each_duty_has_its_own_beat_and_all_are_done_at_the_start() -> None:
    often, seldom = Count(), Count()
    with going(Duty("often", 0.01, often), Duty("seldom", 3600, seldom)):
        until(lambda: often.times > 5)
    assert seldom.times == 1


@pytest.mark.parametrize(
    ("wrong", "level", "told"),
    [
        (Tired(), "warning", "put off"),
        (OperationalError("the database\nwent away"), "warning", "put off"),
        (ZeroDivisionError("ours"), "error", "broken"),
    ],
    ids=["refused", "unreachable", "our own mistake"],
)
def test_a_duty_that_fails_is_told_and_tried_again_and_the_others_go_on(
    wrong: Exception, level: str, told: str
) -> None:
    failing, well = Count(wrong), Count()
    with capture_logs() as logs, going(Duty("failing", 0.01, failing), Duty("well", 0.01, well)):
        until(lambda: failing.times > 3 and well.times > 3)
    assert len(logs) >= 3
    assert {(line["log_level"], line["event"], line["duty"]) for line in logs} == {(level, told, "failing")}
    assert not any("\n" in str(line.get("reason", "")) for line in logs)


def test_a_stop_does_not_wait_for_the_next_beat() -> None:
    seldom = Count()
    with going(Duty("seldom", 3600, seldom)) as made:
        until(lambda: seldom.times == 1)
        begun = time.monotonic()
        made.stop()
        assert time.monotonic() - begun < 60
        made.stop()
    assert seldom.times == 1


def test_a_stop_lets_the_duty_under_way_end_and_begins_no_other() -> None:
    begun, done, after = threading.Event(), threading.Event(), Count()

    def slow() -> None:
        begun.set()
        time.sleep(0.2)
        done.set()

    with going(Duty("slow", 3600, slow), Duty("after", 3600, after)) as made:
        begun.wait(10)
        made.stop()
    assert done.is_set()
    assert after.times == 0


def test_a_stop_does_not_wait_for_ever_and_what_then_breaks_is_nobodys_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "PATIENCE", 0.05)
    begun, hang, over = threading.Event(), threading.Event(), threading.Event()

    def endless() -> None:
        begun.set()
        hang.wait(120)
        over.set()
        raise ZeroDivisionError("its connection is closed")

    with capture_logs() as logs, going(Duty("endless", 3600, endless)) as made:
        begun.wait(10)
        at = time.monotonic()
        made.stop()
        assert time.monotonic() - at < 60
        assert not over.is_set()
        hang.set()
    assert over.wait(60)
    assert logs == []


def test_who_never_started_can_be_stopped() -> None:
    Rounds([Duty("never", 1, Count())]).stop()
