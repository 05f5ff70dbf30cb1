"""What people write: viewers report it beside a stream, moderators decide at the console and keep the word list."""

import re
from typing import Any
from uuid import UUID

import pytest
from console_desk import Browser as Operator
from console_desk import Desk, desk, front
from visitors import Browser, Site
from watcher import events

from riviere.live import reading
from riviere.live.position import Position
from riviere.trust import lists, reports

__all__ = ["desk", "front"]

LIVE = "/s/aurora/live"


@pytest.fixture
def stage(front: Site) -> Site:
    """Aurora's stream and four viewers, of whom mira has coins."""
    front.creator("aurora")
    for name in ("mira", "jo", "kim", "lee"):
        front.viewer(name)
    front.buy("mira", 100)
    return front


def ask(site: Site, text: str, stream: str = "live") -> str:
    """Mira asks aurora something; its id."""
    site.later(minutes=1)
    asked = site.as_user("mira").post(
        f"/v1/users/aurora/streams/{stream}/questions", json={"text": text}, headers={"Idempotency-Key": site.key()}
    )
    return str(asked.json()["id"])


def say(site: Site, text: str) -> str:
    """Mira writes something beside a rose; its id, once it was shown."""
    site.give("mira", "aurora", message=text)
    return next(words["id"] for words in seen(site) if words["text"] == text)


def seen(site: Site) -> list[dict[str, Any]]:
    """The words that gifts are told with to somebody who comes now."""
    aurora = site.id("aurora")
    read = reading.since(site.connection, {aurora: Position(0, 0)})[aurora]
    return [event["words"] for event in events(read) if event["type"] == "gift" and event["words"]]


def report(site: Site, written: str, *names: str, reason: str = "insults me") -> None:
    for name in names:
        reports.report(site.connection, site.id("aurora"), UUID(written), site.id(name), reason, site.now)


def waiting(site: Site) -> list[tuple[str, list[tuple[str, str]]]]:
    """What waits for a moderator: texts, with who reported them and why."""
    found = reports.listed(site.connection, None, 50)
    return [(one.words.text, [(row.reporter, row.reason) for row in one.reports]) for one in found]


def link(site: Site, browser: Browser, question: str, place: str = LIVE) -> str:
    """The address that the page has to report a question."""
    (found,) = [one for one in browser.open(place).links if one.startswith(f"/written/aurora/{question}/report")]
    return found


def test_a_question_is_reported_without_scripts_and_the_visitor_is_back_where_they_were(stage: Site) -> None:
    stage.stream("aurora", "to night/2")
    here = "/s/aurora/to%20night%2F2"
    one = ask(stage, "Are you <b>stupid</b>?", "to%20night%2F2")
    stage.later(minutes=1)
    stage.stream("aurora", "the newest")
    jo = stage.user("jo")
    asks = jo.open(link(stage, jo, one, here))
    assert "Are you <b>stupid</b>?" in asks.words
    assert here in asks.links, "the way back without a report"
    with stage.nothing_moves():
        jo.open(link(stage, jo, one, here))
    back = jo.send(asks, f"/written/aurora/{one}/report", reason="insults her")
    assert back.address == f"{here}?reported=1"
    assert "It is reported" in back.words
    assert waiting(stage) == [("Are you <b>stupid</b>?", [("jo", "insults her")])]


def test_words_beside_a_gift_are_reported_by_a_script_and_three_reports_take_them_away(stage: Site) -> None:
    one = say(stage, "rude")
    at = f"/written/aurora/{one}/report"
    for name in ("jo", "jo", "kim", "lee"):
        browser = stage.user(name)
        page = browser.open(f"{at}?back={LIVE}")
        assert "beside a gift or as a question" in page.words, "only the feed tells what words beside gifts say"
        told = browser.told(page, at, reason="insults her")
        assert (told.status_code, told.json()) == (200, {"reported": True})
    assert seen(stage) == []


def test_a_reason_that_does_not_fit_is_said_beside_its_field_and_kept(stage: Site, subtests: pytest.Subtests) -> None:
    one = ask(stage, "Are you stupid?")
    at, jo = f"/written/aurora/{one}/report", stage.user("jo")
    missing, long = "Something is missing here: reason.", "200 characters at the most"
    for reason, said in (("", missing), ("   ", "is missing"), ("x" * 201, long)):
        with subtests.test(reason=reason[:30]):
            page = jo.open(link(stage, jo, one))
            with stage.nothing_moves():
                refused = jo.send(page, at, reason=reason)
                told = jo.told(page, at, reason=reason)
            assert (refused.status, said in refused.beside("reason")) == (422, True)
            assert refused.field("reason")["value"] == reason.strip()
            assert refused.forms[at]["back"] == LIVE
            assert (told.status_code, said in told.json()["detail"]) == (422, True)


def test_what_is_not_there_cannot_be_reported(stage: Site) -> None:
    jo = stage.user("jo")
    with stage.nothing_moves():
        for written in ("x", "5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10"):
            at = f"/written/aurora/{written}/report"
            refused = jo.send(jo.open(at), at, reason="rude")
            assert (refused.status, "has no words" in refused.words) == (404, True)
            assert refused.field("reason")["value"] == "rude"
        assert jo.open("/written/nobody/x/report").status == 404


def test_nobody_is_led_elsewhere_after_a_report(stage: Site, subtests: pytest.Subtests) -> None:
    jo = stage.user("jo")
    for back in ("//elsewhere.example", "/\\elsewhere.example", "https://elsewhere.example", "a", ""):
        # A question of its own: reported once, it is reported.
        at = f"/written/aurora/{ask(stage, 'Are you stupid?')}/report"
        with subtests.test(back=back):
            page = jo.open(at)
            assert "/s/aurora" in page.links
            assert jo.send(page, at, reason="rude", back=back).address == LIVE


def test_only_who_is_signed_in_as_a_user_is_offered_to_report(stage: Site) -> None:
    one = ask(stage, "Are you stupid?")
    for browser in (stage.somebody(), stage.operator("trust")):
        page = browser.open(LIVE)
        assert "Are you stupid?" in page.words
        assert not any("/written/" in address for address in page.links)
        assert 'id="report"' not in page.source
    (label,) = [found.get("aria-label") for tag, found in stage.user("jo").open(LIVE).tags if "data-report" in found]
    assert label == "Report: Are you stupid?"
    assert stage.somebody().open(f"/written/aurora/{one}/report").status == 401


def test_reported_words_are_to_be_done_and_are_seen_with_who_reported_them_and_why(desk: Desk, stage: Site) -> None:
    trust = desk.as_role("trust")
    assert "Nothing that was reported waits" in trust.get("/console/reports")
    one = say(stage, "rude & loud")
    report(stage, one, "jo")
    report(stage, one, "kim", reason="not for here")
    report(stage, ask(stage, "Are you stupid?"), "lee")
    todo = re.sub(r"<[^>]+>", "", trust.get("/console"))
    assert "2 reported texts to decide on" in todo
    assert "Nothing waits for you" in desk.as_role("finance").get("/console"), "who may not decide is not asked"
    page = trust.get("/console/reports")
    assert page.index("rude & loud") < page.index("Are you stupid?"), "what has waited longest comes first"
    for told in ("insults me", "not for here", ">jo<", ">kim<", ">mira<", "beside a gift", "a question", LIVE, one):
        assert told in page


def test_reports_are_read_in_pages(desk: Desk, stage: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riviere.pages.console.words.ROWS", 2)
    for number in range(3):
        report(stage, say(stage, f"rude {number}"), "jo")
    trust = desk.as_role("trust")
    first = trust.get("/console/reports")
    assert ("rude 1" in first, "rude 2" in first) == (True, False)
    (later,) = re.findall(r'href="(/console/reports\?cursor=[^"]+)"', first)
    second = trust.get(later)
    assert ("rude 1" in second, "rude 2" in second, "Reported later" in second) == (False, True, False)


def test_what_comes_of_a_decision_is_said_first_and_done_at_the_second_press(desk: Desk, stage: Site) -> None:
    trust, one = desk.as_role("trust"), say(stage, "rude")
    report(stage, one, "jo", "kim", "lee")
    assert seen(stage) == []
    at = f"/console/reports/aurora/{one}"
    with stage.nothing_moves():
        asked = trust.sends(f"{at}/dismiss").text
    for told in ("rude", "jo: insults me; kim: insults me", "held by reports", "Everybody who watches sees them again"):
        assert told in asked
    assert trust.does(f"{at}/dismiss") == "/console/reports?done=dismiss"
    assert "the reports are closed" in trust.get("/console/reports?done=dismiss")
    assert [words["text"] for words in seen(stage)] == ["rude"]
    report(stage, one, "aurora")
    assert "They are taken away at once" in trust.sends(f"{at}/uphold").text
    assert trust.does(f"{at}/uphold") == "/console/reports?done=uphold"
    assert "nobody sees these words" in trust.get("/console/reports?done=uphold")
    assert seen(stage) == []
    assert waiting(stage) == []


def test_dismissing_shows_nothing_that_something_else_has_held_or_hidden(desk: Desk, stage: Site) -> None:
    trust, one = desk.as_role("trust"), say(stage, "rude")
    report(stage, one, "jo")
    assert "They stay shown." in trust.sends(f"/console/reports/aurora/{one}/dismiss").text
    assert stage.as_user("aurora").post(f"/v1/users/aurora/written/{one}/hide").status_code == 200
    page = trust.sends(f"/console/reports/aurora/{one}/dismiss").text
    assert "hidden by the creator" in page
    assert "They stay hidden" in page
    assert "at once" not in trust.sends(f"/console/reports/aurora/{one}/uphold").text
    trust.does(f"/console/reports/aurora/{one}/dismiss")
    assert seen(stage) == []


def test_what_was_decided_already_or_is_not_there_is_said_and_nothing_is_done(desk: Desk, stage: Site) -> None:
    trust, one = desk.as_role("trust"), say(stage, "rude")
    with stage.nothing_moves():
        for act in ("dismiss", "uphold"):
            for sure in ({}, {"sure": "1"}):
                assert "decided already" in trust.refused(f"/console/reports/aurora/{one}/{act}", 409, **sure)
                assert "no words" in trust.refused(f"/console/reports/aurora/x/{act}", 404, **sure)
                trust.refused(f"/console/reports/nobody/{one}/{act}", 404, **sure)
        trust.refused(f"/console/reports/aurora/{one}/burn", 404, sure="1")


def in_the_field(page: str) -> str:
    """What stands in the field for entries, and what is said beside it."""
    field = re.search(r'<textarea id="entries".*?</div>', page, re.DOTALL)
    assert field, page
    return field[0]


def test_the_word_list_is_read_and_replaced_and_what_is_shown_stays(desk: Desk, stage: Site) -> None:
    trust = desk.as_role("trust")
    say(stage, "knave")
    typed = "knave*\r\n\r\n  go away \r\nknave*"
    with stage.nothing_moves():
        asked = trust.sends("/console/words", entries=typed).text
    for told in ("2, before 0", "go away, knave*", "stays shown until somebody hides it"):
        assert told in asked
    assert trust.does("/console/words", entries=typed) == "/console/words?done=replaced"
    assert ">\ngo away\nknave*</textarea>" in trust.get("/console/words?done=replaced")
    stage.give("mira", "aurora", message="KNAVERY")
    assert [words["text"] for words in seen(stage)] == ["knave"]
    asked = trust.sends("/console/words", entries="go away\nthief").text
    assert re.search(r"<dt>Added</dt><dd>thief</dd>\s*<dt>Removed</dt><dd>knave\*</dd>", asked)
    trust.does("/console/words", entries="")
    assert lists.read(stage.connection).entries == []
    assert [words["text"] for words in seen(stage)] == ["knave"], "what an entry has held stays held without it"


NO_LISTS = [
    ("a star inside", "a*b", "'a*b' is no entry of a word list"),
    ("no letter", "?!", "'?!' is no entry"),
    ("too long", "x" * 101, "write 1 to 100 characters"),
    ("too many", "\n".join(f"word{number}" for number in range(1001)), "at most 1,000 entries, not 1,002"),
]


def test_a_list_that_is_none_is_said_beside_the_field_and_kept(desk: Desk, subtests: pytest.Subtests) -> None:
    trust: Operator = desk.as_role("trust")
    for what, bad, said in NO_LISTS:
        with subtests.test(what), desk.front.nothing_moves():
            for sure in ({}, {"sure": "1"}):
                field = in_the_field(trust.refused("/console/words", 422, entries=f"fine\n{bad}", **sure))
                assert 'aria-invalid="true"' in field
                assert said in field
                assert f"fine\n{bad}</textarea>" in field
