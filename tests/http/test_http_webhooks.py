"""Webhooks over HTTP: endpoints that are added, switched, removed; what was delivered to them; and sent again."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cashier import Cashier, cashier
from front import Front, problem
from hooks import Hooks
from receiver import Answer, Heard

from riviere.client import webhooks as arriving
from riviere.http import cursors
from riviere.webhooks import endpoints
from riviere.webhooks.courier import Courier

#: The scopes to read all that an endpoint may be told.
HEARD = ("gifts:read", "purchases:read", "users:read", "policies:read", "redemptions:read")
GOOD = {"url": "https://example.com/hook", "kinds": ["gift.sent"]}


@pytest.mark.parametrize(
    ("kind", "scope"), [("gift.sent", "gifts:read"), ("redemption.*", "redemptions:read"), ("*", "")]
)
def test_nobody_has_others_told_what_they_may_not_see(front: Front, kind: str, scope: str) -> None:
    app = front.client("webhooks:write", *(other for other in HEARD if scope and other != scope))
    refused = problem(app.post("/v1/webhooks", json={**GOOD, "kinds": [kind]}), 403, "scope_too_small")
    assert scope in str(refused.facts["scope"])


def test_an_endpoint_is_added_and_its_secret_is_shown_this_once(front: Front) -> None:
    app = front.client("webhooks:write", "webhooks:read", *HEARD)
    said = app.post("/v1/webhooks", json={**GOOD, "kinds": ["redemption.*", "gift.sent"], "description": "the app's"})
    made, secret = said.json()["endpoint"], said.json()["secret"]
    assert said.status_code == 201
    assert made == {
        "id": made["id"],
        "url": GOOD["url"],
        "kinds": ["gift.sent", "redemption.*"],
        "description": "the app's",
        "state": "on",
        "since": made["created_at"],
        "failing_since": None,
        "created_at": made["created_at"],
        "created_by": made["created_by"],
    }
    assert made["created_by"].startswith("key backend")
    with front.nothing_moves():
        listed = app.get("/v1/webhooks")
        one = app.get(f"/v1/webhooks/{made['id']}")
    assert (listed.json()["data"], one.json()) == ([made], made)
    assert secret.startswith("whsec_")
    assert secret not in listed.text + one.text


NO_ENDPOINTS: list[tuple[dict[str, Any], str]] = [
    ({"url": "http://example.com/hook"}, "bad_webhook_url"),
    ({"url": "ftp://example.com/hook"}, "bad_webhook_url"),
    ({"url": "https://ada:secret@example.com/hook"}, "bad_webhook_url"),
    ({"url": "https://example.com/hook#here"}, "bad_webhook_url"),
    ({"url": "https://exämple.com/"}, "bad_webhook_url"),
    ({"url": "https://exam\nple.com/"}, "bad_webhook_url"),
    ({"url": "https://example.com:99999/"}, "bad_webhook_url"),
    ({"url": "https://[::1/"}, "bad_webhook_url"),
    ({"url": "https:///hook"}, "bad_webhook_url"),
    ({"url": "hook"}, "bad_webhook_url"),
    ({"url": " https://example.com/"}, "bad_webhook_url"),
    ({"url": ""}, "invalid_body"),
    ({"url": "https://example.com/" + "x" * 2_000}, "invalid_body"),
    ({"url": "https://127.0.0.1/hook"}, "internal_address"),
    ({"url": "https://localhost/hook"}, "internal_address"),
    ({"url": "https://2130706433/hook"}, "internal_address"),
    ({"url": "https://0x7f.1/hook"}, "internal_address"),
    ({"url": "https://10.0.0.7/hook"}, "internal_address"),
    ({"url": "https://169.254.169.254/latest"}, "internal_address"),
    ({"url": "https://[::1]/hook"}, "internal_address"),
    ({"url": "https://[::ffff:10.0.0.7]/hook"}, "internal_address"),
    ({"kinds": []}, "invalid_body"),
    ({"kinds": [""]}, "invalid_body"),
    ({"kinds": ["gift.lost"]}, "unknown_event_kind"),
    ({"kinds": ["gift.sent", "gift"]}, "unknown_event_kind"),
    ({"kinds": ["*.sent"]}, "unknown_event_kind"),
    ({"kinds": ["gift.sent"] * 51}, "invalid_body"),
    ({"kinds": "gift.sent"}, "invalid_body"),
    ({"description": "d" * 201}, "bad_text"),
    ({"description": "two\nlines"}, "bad_text"),
    ({"secret": "whsec_mine"}, "invalid_body"),
]


def test_what_may_not_be_an_endpoint_is_refused(front: Front, subtests: pytest.Subtests) -> None:
    app = front.client("webhooks:write", *HEARD)
    for changed, code in NO_ENDPOINTS:
        with subtests.test(changed=str(changed)[:100]), front.nothing_moves():
            problem(app.post("/v1/webhooks", json={**GOOD, **changed}), 422, code)


def test_for_development_an_endpoint_may_be_on_this_machine_and_nowhere_else_inside(hooks: Hooks) -> None:
    hooks.add()
    for url in ("http://10.0.0.7/hook", "http://169.254.169.254/latest"):
        problem(hooks.admin.post("/v1/webhooks", json={**GOOD, "url": url}), 422, "internal_address")


def test_a_test_event_arrives_signed_and_its_delivery_shows_the_try(hooks: Hooks) -> None:
    endpoint = hooks.add("gift.sent")
    event = hooks.ask("POST", f"{endpoint}/test")["event"]
    (waiting,) = hooks.deliveries(endpoint)
    assert (waiting["event"], waiting["state"], waiting["attempts"]) == (event, "waiting", [])
    hooks.office.send()
    (heard,) = hooks.receiver.taken
    told = arriving.verify(hooks.secret, heard.headers, heard.body.encode())
    assert (told.id, told.type, told.data) == (event, "webhook.test", {"endpoint": endpoint})
    delivered = hooks.ask("GET", f"{endpoint}/deliveries/{event}")
    assert (delivered["state"], delivered["kind"], delivered["body"]) == ("delivered", "webhook.test", heard.body)
    (attempt,) = delivered["attempts"]
    assert (attempt["status"], attempt["answer"]) == (200, "thanks")


def test_a_running_courier_delivers_what_is_asked_for_over_http(hooks: Hooks) -> None:
    endpoint = hooks.add()
    with Courier(hooks.front.database.connect, allow_local=True):
        event = hooks.ask("POST", f"{endpoint}/test")["event"]
        assert hooks.receiver.wait_for(lambda: hooks.receiver.ids() == [event])


def test_switched_off_it_is_told_nothing_until_it_is_on_again(hooks: Hooks) -> None:
    endpoint = hooks.add()
    off = hooks.ask("PATCH", endpoint, state="off")
    assert off["state"] == "off"
    with hooks.front.nothing_moves():
        assert hooks.ask("PATCH", endpoint, state="off") == off
    hooks.tell("user/mira", 1, 2)
    assert hooks.receiver.heard == []
    assert hooks.ask("PATCH", endpoint, state="on")["state"] == "on"
    hooks.office.send()
    assert hooks.numbers() == [1, 2]
    for state in ("gone", "failing", "", None):
        problem(hooks.admin.patch(f"/v1/webhooks/{endpoint}", json={"state": state}), 422, "invalid_body")


def test_who_answers_410_is_gone_until_switched_on(hooks: Hooks) -> None:
    endpoint = hooks.add()
    hooks.receiver.plan = lambda heard: Answer(410)
    hooks.tell("user/mira", 1)
    assert hooks.ask("GET", endpoint)["state"] == "gone"
    hooks.receiver.plan = lambda heard: Answer()
    hooks.tell("user/mira", 2)
    assert hooks.ask("PATCH", endpoint, state="on")["state"] == "on"
    hooks.tell("user/mira", 3)
    hooks.front.later(hours=1)
    hooks.office.send()
    # The one that was on its way then, none of those that came while it was gone.
    assert hooks.numbers() == [1, 3]


def test_removed_it_is_gone_with_all_that_waited(hooks: Hooks) -> None:
    endpoint = hooks.add()
    event = hooks.ask("POST", f"{endpoint}/test")["event"]
    assert hooks.admin.delete(f"/v1/webhooks/{endpoint}").status_code == 204
    hooks.tell("user/mira", 1)
    assert hooks.receiver.heard == []
    with hooks.front.nothing_moves():
        nothing_is_there(hooks.admin, endpoint, event)
        for name in ("whe_nobody", "x" * 255, "ü", "'; --", "a%2Fb"):
            nothing_is_there(hooks.admin, name, event)


def nothing_is_there(admin: httpx2.Client, endpoint: str, event: str) -> None:
    """Whatever is asked of it."""
    here = f"/v1/webhooks/{endpoint}"
    for method, address, body in (
        ("GET", here, None),
        ("PATCH", here, {"state": "on"}),
        ("DELETE", here, None),
        ("POST", f"{here}/rotate", None),
        ("POST", f"{here}/test", None),
        ("POST", f"{here}/replay", {"since": "2026-01-01T00:00:00Z"}),
        ("GET", f"{here}/deliveries", None),
        ("GET", f"{here}/deliveries/{event}", None),
        ("POST", f"{here}/deliveries/{event}/replay", None),
        ("POST", f"{here}/deliveries/{event}/skip", None),
    ):
        problem(admin.request(method, address, json=body), 404, "unknown_endpoint")


def test_for_a_day_after_a_new_secret_the_old_one_signs_too(hooks: Hooks) -> None:
    endpoint = hooks.add()
    old, now = hooks.secret, hooks.front.now
    made = hooks.ask("POST", f"{endpoint}/rotate")
    new = made["secret"]
    assert new != old
    assert made["both_until"] > (now + timedelta(hours=24)).isoformat()
    hooks.tell("user/mira", 1)
    hooks.front.later(hours=24, minutes=1)
    hooks.tell("user/mira", 2)
    during, later = hooks.receiver.taken
    assert [heard.signed_by(old) for heard in (during, later)] == [True, False]
    assert [heard.signed_by(new) for heard in (during, later)] == [True, True]


def test_of_two_new_secrets_at_once_one_is_the_newest_and_the_other_ends(hooks: Hooks) -> None:
    endpoint, front = hooks.add(), hooks.front
    with front.database.connect() as other, ThreadPoolExecutor(2) as pool:
        other.execute("SELECT FROM endpoint WHERE id = %s FOR UPDATE", [endpoint])
        asked = [pool.submit(hooks.ask, "POST", f"{endpoint}/rotate") for _ in range(2)]
        waiting(front, 2)
        other.commit()
        made = [future.result()["secret"] for future in asked]
    front.later(hours=24, minutes=1)
    hooks.tell("user/mira", 1)
    (heard,) = hooks.receiver.taken
    assert sorted(heard.signed_by(secret) for secret in made) == [False, True]
    assert not heard.signed_by(hooks.secret)


def test_nothing_is_sent_to_an_endpoint_that_is_removed_at_that_moment(hooks: Hooks) -> None:
    endpoint, front = hooks.add(), hooks.front
    with front.database.connect() as other, ThreadPoolExecutor(2) as pool:
        endpoints.delete(other, endpoint)
        asked = [pool.submit(hooks.admin.post, f"/v1/webhooks/{endpoint}/{verb}") for verb in ("test", "rotate")]
        waiting(front, 2)
        other.commit()
        for future in asked:
            problem(future.result(), 404, "unknown_endpoint")
    assert front.connection.execute("SELECT count(*) FROM delivery").fetchone() == (0,)
    assert front.connection.execute("SELECT count(*) FROM lane").fetchone() == (0,)


def waiting(front: Front, sessions: int) -> None:
    """Until so many of the server's sessions wait for a lock."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    deadline = time.monotonic() + 10
    while front.connection.execute(query).fetchone() != (sessions,):
        assert time.monotonic() < deadline, "nobody waits"
        time.sleep(0.01)


def test_deliveries_are_read_a_page_at_a_time_with_every_try_while_more_are_sent(hooks: Hooks) -> None:
    endpoint = hooks.add()
    hooks.receiver.plan = lambda heard: Answer(500, body="no") if heard.told["data"].get("n") == 2 else Answer()
    for number in range(5):
        hooks.tell(f"user/{number}", number)
    here = f"/v1/webhooks/{endpoint}/deliveries"
    first = hooks.admin.get(here, params={"limit": 2}).json()
    hooks.tell("user/new", 9)
    second = hooks.admin.get(here, params={"limit": 2, "cursor": first["next"]}).json()
    third = hooks.admin.get(here, params={"limit": 2, "cursor": second["next"]}).json()
    read = [one for page in (first, second, third) for one in page["data"]]
    assert [one["subject"] for one in read] == [f"user/{number}" for number in (4, 3, 2, 1, 0)]
    assert third["next"] is None
    (failing,) = hooks.deliveries(endpoint, state="waiting")
    assert failing == read[2]
    assert [(tried["status"], tried["answer"]) for tried in failing["attempts"]] == [(500, "no")]
    hooks.front.later(hours=1)
    hooks.office.send()
    assert len(hooks.deliveries(endpoint, state="waiting")[0]["attempts"]) == 2
    for wrong in ({"cursor": "x"}, {"cursor": cursors.written((2**64, "evt"))}, {"state": "lost"}, {"limit": 0}):
        problem(hooks.admin.get(here, params=wrong), 400, "invalid_query")


def test_what_was_delivered_is_sent_again_one_or_all_since_a_time(hooks: Hooks) -> None:
    endpoint = hooks.add()
    hooks.tell("user/mira", 1, 2)
    since = hooks.front.later(seconds=1)
    hooks.tell("user/mira", 3, 4)
    first = hooks.receiver.ids()
    again = hooks.ask("POST", f"{endpoint}/deliveries/{first[0]}/replay")
    assert (again["event"], again["state"]) == (first[0], "waiting")
    hooks.office.send()
    assert hooks.receiver.ids() == [*first, first[0]]
    # A time may be given with the zone of who asks.
    east = (since + timedelta(hours=9)).replace(tzinfo=None).isoformat() + "+09:00"
    assert hooks.ask("POST", f"{endpoint}/replay", since=east) == {"deliveries": 2}
    hooks.office.send()
    assert hooks.numbers() == [1, 2, 3, 4, 1, 3, 4]
    assert hooks.ask("POST", f"{endpoint}/replay", since="0001-01-01T00:00:00Z") == {"deliveries": 4}
    assert hooks.ask("POST", f"{endpoint}/replay", since="9999-12-31T23:59:59Z") == {"deliveries": 0}
    for since_when in ("2026-01-31T20:15:00", "yesterday", "9999-12-31T23:59:59-23:59", "", None, 0):
        asked = hooks.admin.post(f"/v1/webhooks/{endpoint}/replay", json={"since": since_when})
        problem(asked, 422, "bad_time" if since_when == "9999-12-31T23:59:59-23:59" else "invalid_body")


def test_what_stands_in_the_way_is_skipped_and_its_subject_goes_on(hooks: Hooks) -> None:
    endpoint = hooks.add()
    hooks.receiver.plan = lambda heard: Answer(500 if heard.told["data"]["n"] == 1 else 200)
    hooks.tell("user/mira", 1, 2)
    assert hooks.numbers() == []
    stuck = hooks.deliveries(endpoint)[-1]["event"]
    skipped = hooks.ask("POST", f"{endpoint}/deliveries/{stuck}/skip")
    assert (skipped["state"], len(skipped["attempts"])) == ("skipped", 1)
    hooks.office.send()
    assert hooks.numbers() == [2]
    with hooks.front.nothing_moves():
        again = hooks.admin.post(f"/v1/webhooks/{endpoint}/deliveries/{stuck}/skip")
        assert "skipped" in problem(again, 409, "not_waiting").detail
        for verb in ("replay", "skip"):
            nothing = hooks.admin.post(f"/v1/webhooks/{endpoint}/deliveries/evt_none/{verb}")
            problem(nothing, 404, "unknown_delivery")
        problem(hooks.admin.get(f"/v1/webhooks/{endpoint}/deliveries/ü"), 404, "unknown_delivery")


def test_gifts_and_the_steps_of_a_redemption_arrive_in_order(hooks: Hooks, tmp_path: Path) -> None:
    hooks.add("gift.sent", "redemption.*")
    front = hooks.front
    with cashier(front, tmp_path) as payouts:
        jo = payouts.creator("jo", 10_000)
        mira = fan(front, "mira")
        for number in range(5):
            asked = {"creator": "jo", "gift": "rose", "stream": "live"}
            said = mira.post("/v1/gifts", json=asked, headers={"Idempotency-Key": f"rose {number}"})
            assert said.status_code == 200
            hooks.office.gather()
        redemption = redeemed(payouts, jo)
        hooks.office.send()
        steps = payouts.follow(jo, "jo", redemption)["steps"]
    gifts = [heard.told["data"] for heard in hooks.receiver.taken if heard.told["type"] == "gift.sent"]
    sent = [gift for data in gifts for gift in data["gifts"] if gift["sender"] == "mira"]
    assert [gift["wallet"][0]["balance"] for gift in sent] == [99, 98, 97, 96, 95]
    assert gifts[-1]["earned"]["balance"] == "10005"
    told = [heard.told for heard in hooks.receiver.taken if heard.subject == f"redemption/{redemption}"]
    assert [event["type"].removeprefix("redemption.") for event in told] == [step["state"] for step in steps]
    assert [event["data"]["number"] for event in told] == list(range(1, len(steps) + 1))
    assert (told[-1]["type"], told[-1]["data"]["net"]) == ("redemption.paid", {"amount": "49.15", "currency": "USD"})
    assert {event["data"]["creator"] for event in told} == {"jo"}
    assert hooks.receiver.overlaps == []


def fan(front: Front, name: str) -> httpx2.Client:
    front.viewer(name)
    front.buy(name, 100)
    return front.as_user(name)


def redeemed(payouts: Cashier, jo: httpx2.Client) -> str:
    redemption = payouts.redeem(jo, "jo")
    payouts.rounds()
    assert payouts.follow(jo, "jo", redemption)["state"] == "paid"
    return redemption


def test_only_who_looks_after_them_sees_endpoints(front: Front) -> None:
    front.viewer("mira")
    askers = [
        front.as_user("mira"),
        front.as_operator("finance"),
        front.as_operator("trust"),
        front.client("gifts:read"),
    ]
    auditor = front.as_operator("auditor")
    with front.nothing_moves():
        for asker in askers:
            problem(asker.get("/v1/webhooks"), 403, "scope_too_small")
        for asker in (*askers, auditor):
            problem(asker.post("/v1/webhooks", json=GOOD), 403, "scope_too_small")
    assert auditor.get("/v1/webhooks").json() == {"data": [], "next": None}


def test_an_endpoint_that_one_receiver_fails_holds_back_no_other(hooks: Hooks) -> None:
    def plan(heard: Heard) -> Answer:
        return Answer(0 if heard.path.endswith("/broken") else 200)

    hooks.receiver.plan = plan
    good = hooks.add()
    asked = {"url": f"{hooks.receiver.url}/broken", "kinds": ["*"]}
    broken = hooks.admin.post("/v1/webhooks", json=asked).json()["endpoint"]["id"]
    hooks.tell("user/mira", 1, 2)
    assert hooks.numbers() == [1, 2]
    states = {one["id"]: one["failing_since"] for one in hooks.admin.get("/v1/webhooks").json()["data"]}
    assert states[good] is None
    assert states[broken] is not None
    (tried,) = hooks.deliveries(broken)[-1]["attempts"]
    assert tried["status"] is None
    assert tried["answer"]
