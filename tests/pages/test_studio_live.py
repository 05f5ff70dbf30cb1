"""What a creator has open beside a stream, without scripts: goals, announcements, questions, words, contests."""

import re
from datetime import timedelta
from html import unescape

import pytest
from visitors import Browser, Page, Site

HERE = "/studio/live"


@pytest.fixture
def jo(site: Site) -> Browser:
    """A creator who is live, in front of mira who has coins and of ada who creates too."""
    site.viewer("mira")
    site.buy("mira", 20_000)
    site.creator("ada")
    site.creator("jo")
    return site.user("jo")


def words(page: Page) -> str:
    """What a page says, with a space between its parts."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.source)).split())


def at(site: Site, **ahead: int) -> str:
    """A time to come, as a browser's field for times sends it."""
    return (site.now + timedelta(**ahead)).strftime("%Y-%m-%dT%H:%M")


def button(page: Page, end: str) -> str:
    """The only button whose form's address ends so."""
    (action,) = (action for action in page.forms if action.endswith(end))
    return action


def test_who_is_not_live_is_told_what_to_do(site: Site) -> None:
    site.viewer("kim")
    page = site.user("kim").open(HERE)
    assert page.status == 200
    for said in ("You are not live", "No goal is open", "Nothing is announced", "Nothing waits", "No contest is ahead"):
        assert said in words(page), said


def test_a_stream_gets_a_title_and_a_player(jo: Browser) -> None:
    page = jo.open(HERE)
    assert "/s/jo/live" in page.links
    named = {"stream-title": "Paint with me", "stream-player": "https://player.example.com/jo"}
    saved = jo.send(page, f"{HERE}/stream", **named)
    assert "Saved." in words(saved)
    assert saved.forms[f"{HERE}/stream"].items() >= named.items()
    assert "Paint with me" in words(jo.open("/s/jo/live"))
    jo.send(saved, f"{HERE}/stream", **{"stream-title": "Paint with me", "stream-player": ""})
    assert "player.example.com" not in jo.open("/s/jo/live").source


def test_a_goal_is_opened_once_fills_and_is_closed(site: Site, jo: Browser) -> None:
    page = jo.open(HERE)
    microphone = {"goals-title": "New microphone", "goals-target": "5,000"}
    opened = jo.send(page, f"{HERE}/goals", **microphone)
    assert "New microphone in all streams and posts" in words(opened)
    assert "0 of 5,000 diamonds" in words(opened)
    # Pressed again: the same goal.
    again = jo.send(page, f"{HERE}/goals", **microphone)
    action = button(again, "/close")
    closed = jo.send(again, action)
    assert "New microphone" not in words(closed)
    roses = {"goals-title": "Roses", "goals-gift": "rose", "goals-target": "100", "goals-stream": "live"}
    counted = words(jo.send(closed, f"{HERE}/goals", **roses))
    assert "Roses in live" in counted
    assert "0 of 100 rose" in counted


def test_a_stream_is_announced_and_called_off(site: Site, jo: Browser) -> None:
    begins = at(site, days=2)
    coming = {"announcements-title": "Night of requests", "announcements-text": "bring ideas"}
    made = jo.send(jo.open(HERE), f"{HERE}/announcements", **coming, **{"announcements-starts_at": begins})
    assert f'datetime="{begins}:00+00:00"' in made.source
    path = button(made, "/cancel")
    announcement = path.split("/")[-2]
    assert site.as_user("mira").put(f"/v1/users/mira/reminders/jo/{announcement}").status_code == 204
    waiting = jo.open(HERE)
    assert "bring ideas 1 want to be reminded" in words(waiting)
    off = jo.send(waiting, path)
    assert path not in off.forms
    assert site.as_user("mira").get("/v1/users/mira/reminders").json()["data"] == []


def ask(site: Site, text: str) -> str:
    asked = {"json": {"text": text}, "headers": {"Idempotency-Key": site.key()}}
    answer = site.as_user("mira").post("/v1/users/jo/streams/live/questions", **asked)
    assert answer.status_code == 201, answer.text
    site.later(minutes=1)
    return str(answer.json()["id"])


def test_questions_are_answered_or_hidden(site: Site, jo: Browser) -> None:
    song, rude = ask(site, "Which song is next?"), ask(site, "Why so slow?")
    page = jo.open(HERE)
    answered = jo.send(page, f"{HERE}/questions/{song}/answer")
    assert "Which song is next?" not in words(answered)
    hidden = jo.send(answered, f"{HERE}/questions/{rude}/hide")
    assert "No open questions." in words(hidden)
    assert "Why so slow?" not in words(jo.open("/s/jo/live"))


def test_what_is_held_back_is_approved_or_hidden(site: Site, jo: Browser) -> None:
    page = jo.open(HERE)
    kept = jo.send(page, f"{HERE}/words", **{"words-entries": "spoiler\r\n\r\n knave* ", "words-review": "1"})
    assert re.search(r'<textarea id="words-entries".*>\nknave\*\nspoiler</textarea>', kept.source)
    assert "checked" in kept.field("words-review")
    good, bad = ask(site, "What is that colour?"), ask(site, "A spoiler?")
    waiting = jo.open(HERE)
    assert "No open questions." in words(waiting)
    approved = jo.send(waiting, f"{HERE}/words/{good}/approve")
    hidden = jo.send(approved, f"{HERE}/words/{bad}/hide")
    assert "Nothing waits." in words(hidden)
    assert f"{HERE}/questions/{good}/answer" in hidden.forms
    fields = {name: text for name, text in hidden.forms[f"{HERE}/words"].items() if name != "words-review"}
    everything = jo.client.post(f"{HERE}/words", data=fields | {"words-entries": ""})
    assert "checked" not in Page(everything).field("words-review")


def invited(site: Site, jo: Browser, title: str = "Battle of the choirs") -> Page:
    times = {"contests-starts_at": at(site, hours=1), "contests-ends_at": at(site, hours=2)}
    return jo.send(jo.open(HERE), f"{HERE}/contests", **times, **{"contests-rival": "ada", "contests-title": title})


def test_a_contest_is_offered_and_accepted_declined_or_called_off(site: Site, jo: Browser) -> None:
    ada = site.user("ada")
    assert "with ada" in words(invited(site, jo))
    offered = ada.open(HERE)
    assert "with jo" in words(offered)
    declined = ada.send(offered, button(offered, "/decline"))
    assert "No contest is ahead" in words(declined)
    invited(site, jo, "Again")
    offered = ada.open(HERE)
    accepted = ada.send(offered, button(offered, "/accept"))
    assert "accepted" in words(accepted)
    page = jo.open(HERE)
    off = jo.send(page, button(page, "/cancel"))
    assert "No contest is ahead" in words(off)
    # Ada's page is old by now: what it offers is refused, and said there.
    with site.nothing_moves():
        late = ada.send(offered, button(offered, "/accept"))
    assert late.status == 409
    assert "This contest is cancelled" in words(late)


GOAL = {"goals-title": "Microphone", "goals-target": "5000"}
COMING = {"announcements-title": "Requests", "announcements-starts_at": "2099-01-01T20:00"}
CONTEST = {
    "contests-rival": "ada",
    "contests-title": "Choirs",
    "contests-starts_at": "2099-01-01T20:00",
    "contests-ends_at": "2099-01-01T21:00",
}


WRONG = [
    ("stream", {"stream-title": "a" * 101}, "stream-title"),
    ("stream", {"stream-player": "http://example.com"}, "stream-player"),
    ("goals", GOAL | {"goals-title": ""}, "goals-title"),
    ("goals", GOAL | {"goals-target": ""}, "goals-target"),
    ("goals", GOAL | {"goals-target": "many"}, "goals-target"),
    ("goals", GOAL | {"goals-target": "0"}, "goals-target"),
    ("goals", GOAL | {"goals-gift": "rose", "goals-target": "1.5"}, "goals-target"),
    ("goals", GOAL | {"goals-gift": "unicorn"}, "goals-gift"),
    ("announcements", COMING | {"announcements-title": ""}, "announcements-title"),
    ("announcements", COMING | {"announcements-text": "a" * 1001}, "announcements-text"),
    ("announcements", COMING | {"announcements-starts_at": "soon"}, "announcements-starts_at"),
    ("announcements", COMING | {"announcements-starts_at": ""}, "announcements-starts_at"),
    ("announcements", COMING, "announcements-starts_at"),
    ("announcements", COMING | {"announcements-starts_at": "2001-01-01T20:00"}, "announcements-starts_at"),
    ("words", {"words-entries": "fine\n***"}, "words-entries"),
    ("words", {"words-entries": "\n".join(map(str, range(1001)))}, "words-entries"),
    ("contests", CONTEST, "contests-starts_at"),
    ("contests", CONTEST | {"contests-rival": "nobody"}, "contests-rival"),
    ("contests", CONTEST | {"contests-title": ""}, "contests-title"),
    ("contests", CONTEST | {"contests-ends_at": "2099"}, "contests-ends_at"),
]


def test_what_is_wrong_is_said_beside_its_field(site: Site, jo: Browser, subtests: pytest.Subtests) -> None:
    for part, typed, field in WRONG:
        with subtests.test(part=part, field=field, typed=typed.get(field, "")[:30]):
            page = jo.open(HERE)
            with site.nothing_moves():
                refused = jo.send(page, f"{HERE}/{part}", **typed)
            assert refused.status in (404, 422)
            assert 'role="alert"' in refused.beside(field)
            assert refused.source.count('role="alert"') == 1
            for name, text in typed.items():
                if name not in ("words-entries", "goals-gift"):
                    assert refused.field(name)["value"] == text
            if part == "words":
                assert f">\n{typed['words-entries']}</textarea>" in refused.source


def test_nobody_decides_for_somebody_else(site: Site, jo: Browser) -> None:
    opened = jo.send(jo.open(HERE), f"{HERE}/goals", **GOAL)
    action = button(opened, "/close")
    ada = site.user("ada")
    token = ada.open(HERE).forms["/sign-out"]
    with site.nothing_moves():
        assert ada.client.post(action, data=token).status_code == 404
        assert ada.client.post(f"{HERE}/goals/x/close", data=token).status_code == 404
        assert ada.client.post(f"{HERE}/goals/x/burn", data=token).status_code == 404
        assert ada.client.post(f"{HERE}/wishes", data=token).status_code == 404
