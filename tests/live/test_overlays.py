"""Overlays: one secret address each, a feed that only they hear more of, and what was shown is kept."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from watcher import events

from riviere.economy import checks, people
from riviere.live import reading
from riviere.live.overlays import keeping
from riviere.live.overlays.model import (
    LONGEST_CODE,
    MOST,
    MOST_AHEAD,
    BadAhead,
    BadCode,
    BadFields,
    BadWidget,
    Code,
    NotYourCode,
    Overlay,
    Shown,
    TooManyOverlays,
    UnknownOverlay,
    values,
)
from riviere.live.position import BadPosition, Position
from world import World

KEY = "2026-01-31T20:15:00.123456Z/f0f5f4a0-5f0a-2d2f-b5a1-4d6c3a9f0e11/"


@pytest.fixture
def aurora(world: World) -> World:
    """A creator with a stream, and a viewer with coins."""
    world.creator("aurora")
    world.viewer("mira")
    world.buy("mira", 1_000)
    return world


def made(world: World, widget: str = "alerts", name: str = "Alerts") -> tuple[Overlay, str]:
    return keeping.make(world.connection, world.id("aurora"), name, widget, world.now)


def test_a_secret_opens_its_own_overlay_and_only_its_digest_is_kept(aurora: World) -> None:
    alerts, secret = made(aurora)
    goal, other = made(aurora, "goal")
    assert len(bytes.fromhex(secret)) == 32
    for overlay, its in ((alerts, secret), (goal, other)):
        opened = keeping.opened(aurora.connection, its)
        assert (opened.overlay, opened.creator) == (overlay, "aurora")
    with aurora.database.connect_owner() as owner:
        for table in ("overlay", "overlay_code", "overlay_secret"):
            rows = str(owner.execute(f"SELECT * FROM {table}").fetchall())
            assert secret not in rows
            assert str(bytes.fromhex(secret)) not in rows


def test_the_ticket_of_a_widget_opens_the_widget_alone(aurora: World) -> None:
    own, secret = made(aurora, "custom")
    keeping.set_code(
        aurora.connection, own, Code(html="<p>{{hello}}</p>", fields='{"hello": {"value": "hi"}}'), aurora.now
    )
    ticket = keeping.opened(aurora.connection, secret).ticket
    assert keeping.widget(aurora.connection, ticket).html == "<p>hi</p>"
    with pytest.raises(UnknownOverlay):
        keeping.opened(aurora.connection, ticket)
    with pytest.raises(UnknownOverlay):
        keeping.widget(aurora.connection, secret)


def test_what_was_replaced_or_revoked_opens_nothing(aurora: World) -> None:
    overlay, first = made(aurora)
    second = keeping.replace_secret(aurora.connection, overlay, aurora.now)
    with pytest.raises(UnknownOverlay):
        keeping.opened(aurora.connection, first)
    assert keeping.opened(aurora.connection, second).overlay.id == overlay.id
    keeping.revoke(aurora.connection, overlay, aurora.now)
    assert keeping.listed(aurora.connection, overlay.creator) == []
    for gone in (
        lambda: keeping.opened(aurora.connection, second),
        lambda: keeping.was_shown(aurora.connection, overlay),
    ):
        with pytest.raises(UnknownOverlay):
            gone()
    for act in (keeping.revoke, keeping.replace_secret, keeping.test, keeping.change):
        with pytest.raises(UnknownOverlay):
            act(aurora.connection, overlay, aurora.now)


def test_overlays_of_a_creator_who_was_forgotten_open_nothing(aurora: World) -> None:
    _, secret = made(aurora)
    people.forget(aurora.connection, "aurora")
    with pytest.raises(UnknownOverlay):
        keeping.opened(aurora.connection, secret)


def test_a_test_alert_is_heard_by_its_overlay_and_books_nothing(aurora: World) -> None:
    overlay, _ = made(aurora)
    creator, entries = overlay.creator, aurora.wallet("aurora")
    before = reading.position(aurora.connection, creator)
    tried = keeping.test(aurora.connection, overlay, aurora.now)
    read = reading.since(aurora.connection, {creator: before})[creator]
    (event,) = events(read)
    assert [one.overlay for one in read.happened] == [overlay.id]
    assert (event["type"], event["id"], event["coins"]) == ("alert.test", str(tried), 299)
    assert aurora.wallet("aurora") == entries
    assert read.position == reading.position(aurora.connection, creator) == (before.entry, before.notice + 1)


def test_a_test_alert_is_large_enough_for_its_overlay(aurora: World) -> None:
    overlay, _ = made(aurora)
    overlay = keeping.change(aurora.connection, overlay, aurora.now, least=5_000)
    before = reading.position(aurora.connection, overlay.creator)
    keeping.test(aurora.connection, overlay, aurora.now)
    assert events(reading.since(aurora.connection, {overlay.creator: before})[overlay.creator])[0]["coins"] == 5_000


def test_what_is_set_is_held_to_what_it_may_be(aurora: World) -> None:
    overlay, _ = made(aurora)
    for wrong, why in (
        ({"seconds": 1}, checks.BadNumber),
        ({"seconds": 61}, checks.BadNumber),
        ({"least": 0}, checks.BadNumber),
        ({"name": ""}, checks.BadText),
    ):
        with pytest.raises(why):
            keeping.change(aurora.connection, overlay, aurora.now, **wrong)
    with pytest.raises(BadWidget):
        made(aurora, "clock")
    assert keeping.listed(aurora.connection, overlay.creator) == [overlay]


def test_a_creator_has_so_many_overlays_and_no_more_also_at_once(aurora: World) -> None:
    for _ in range(MOST - 1):
        made(aurora)
    creator = aurora.id("aurora")

    def make(number: int) -> bool:
        with aurora.database.connect(autocommit=True) as connection:
            try:
                keeping.make(connection, creator, f"one of {number}", "alerts", aurora.now)
            except TooManyOverlays:
                return False
        return True

    with ThreadPoolExecutor(4) as crowd:
        assert sum(crowd.map(make, range(4))) == 1
    assert len(keeping.listed(aurora.connection, creator)) == MOST


def test_what_a_page_has_shown_is_kept_and_never_goes_back(aurora: World) -> None:
    overlay, _ = made(aurora)
    begin = keeping.was_shown(aurora.connection, overlay)
    assert begin.position == reading.position(aurora.connection, overlay.creator)
    for _ in range(3):
        aurora.give("mira", "aurora", "rose")
    far = Position(begin.position.entry + 2, begin.position.notice)
    keeping.showing(aurora.connection, overlay, Shown(far, [KEY]))
    keeping.showing(aurora.connection, overlay, Shown(begin.position, []))
    assert keeping.was_shown(aurora.connection, overlay) == Shown(far, [KEY])
    with pytest.raises(BadPosition):
        keeping.showing(aurora.connection, overlay, Shown(Position(far.entry + 2, far.notice), []))
    with pytest.raises(BadAhead):
        keeping.showing(aurora.connection, overlay, Shown(far, ["mira"]))
    with pytest.raises(BadAhead):
        keeping.showing(aurora.connection, overlay, Shown(far, [KEY] * (MOST_AHEAD + 1)))
    assert keeping.was_shown(aurora.connection, overlay) == Shown(far, [KEY])


POSITIONS = st.builds(Position, st.integers(0, 50), st.integers(0, 50))
SHOWN = st.builds(Shown, POSITIONS, st.lists(st.sampled_from([f"{number}/a/" for number in range(300)]), max_size=200))


@given(st.lists(SHOWN, min_size=1))
def test_however_pages_say_it_the_position_only_grows_and_the_list_is_bounded(said: list[Shown]) -> None:
    now = said[0]
    for later in said:
        joined = now.joined(later)
        assert joined.position.covers(now.position)
        assert joined.position.covers(later.position)
        assert len(joined.ahead) <= MOST_AHEAD
        # What this page has just shown ahead is kept, unless another page was further and fills the list.
        assert set(later.ahead) <= set(joined.ahead)
        now = joined


def test_a_page_that_is_opened_late_does_not_begin_with_the_old_days() -> None:
    shown = Shown(Position(100, 7))
    assert shown.begin(Position(200, 9)) == Position(100, 7)
    assert shown.begin(Position(1_000_000, 9)) == Position(995_000, 7)


def test_only_a_custom_widget_has_code(aurora: World) -> None:
    overlay, _ = made(aurora)
    with pytest.raises(NotYourCode):
        keeping.code(aurora.connection, overlay)
    with pytest.raises(NotYourCode):
        keeping.set_code(aurora.connection, overlay, Code(html="x"), aurora.now)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"js": "x" * (LONGEST_CODE + 1)}, BadCode),
        ({"css": "\x07"}, BadCode),
        ({"html": "\ud800"}, BadCode),
        ({"fields": "["}, BadFields),
        ({"fields": "[1]"}, BadFields),
        ({"fields": "null"}, BadFields),
    ],
)
def test_code_that_cannot_be_kept_is_refused(aurora: World, wrong: dict[str, str], why: type[Exception]) -> None:
    overlay, _ = made(aurora, "custom")
    with pytest.raises(why):
        keeping.set_code(aurora.connection, overlay, Code(**wrong), aurora.now)
    assert keeping.code(aurora.connection, overlay) == Code()


def test_fields_are_values_by_name_and_stand_where_they_are_named() -> None:
    fields = msgspec.json.encode(
        {
            "size": {"type": "slider", "value": 12},
            "on": {"type": "checkbox"},
            "colour": "#fff",
            "many": {"value": [1, 2]},
        }
    ).decode()
    assert values(fields) == {"size": 12, "on": "", "colour": "#fff", "many": [1, 2]}
    code = Code("{{ size }} {size} {{other}}", "a{color:{{colour}}}", "const {fieldData} = o; let m = {many};", fields)
    filled = code.filled()
    assert filled.html == "12 12 {{other}}"
    assert filled.css == "a{color:#fff}"
    assert filled.js == "const {fieldData} = o; let m = [1,2];"
