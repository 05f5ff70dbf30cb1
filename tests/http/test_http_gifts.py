"""One gift over HTTP: sent, seen again, listed, undone, and traced to the purchases that paid for it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from front import Front, both_desks, problem
from msgspec import structs

from riviere.connectors import imports
from riviere.connectors.detect import open_recording
from riviere.economy import gifts, people
from riviere.economy.remembered import Remembered
from riviere.ids import client_id
from riviere.ledger.model import Gift, Receipt
from riviere.wire.gifts import SentGift

LOG = Path(__file__).parents[2] / "examples" / "gifts.csv"


@pytest.fixture
def live(front: Front) -> Front:
    """Mira with 1,000 coins and 50 bonus coins, Noor with none, and Aurora who is live."""
    front.viewer("mira")
    front.viewer("noor")
    front.creator("aurora")
    front.post("aurora", "clip/7")
    front.buy("mira", 1_000, bonus=50)
    return front


def give(client: httpx2.Client, key: str = "k1", **other: Any) -> httpx2.Response:
    """A ring from Mira, unless `other` says something else."""
    body = {"sender": "mira", "creator": "aurora", "gift": "ring", "stream": "live"} | other
    return client.post("/v1/gifts", json=body, headers={"Idempotency-Key": key})


@both_desks
def test_a_viewer_sends_a_gift_from_their_own_app_and_it_lands_at_once(live: Front) -> None:
    mira, backend = live.as_user("mira"), live.client("wallets:read")
    response = give(mira, gift="comet", sender=None, message="bravo 😀")
    assert response.status_code == 200
    gift = response.json()
    assert (gift["key"], gift["id"], gift["sender"]) == ("k1", str(client_id("k1")), "mira")
    assert (gift["count"], gift["coins"], gift["diamonds"], gift["repeated"]) == (1, 299, "299", False)
    assert backend.get("/v1/users/aurora/wallet").json()["diamonds"] == "299"
    assert mira.get("/v1/users/mira/wallet").json()["coins"] == 751


def test_each_kind_of_gift_brings_its_own_number_of_diamonds(live: Front) -> None:
    client = live.client("gifts:write")
    brought = {gift: give(client, gift, gift=gift).json()["diamonds"] for gift in ("rose", "ring", "comet")}
    assert brought == {"rose": "1", "ring": "30", "comet": "299"}


@both_desks
def test_the_same_request_again_is_the_same_gift_and_moves_nothing(live: Front) -> None:
    client = live.client("gifts:write")
    first = give(client, count=2).json()
    with live.nothing_moves():
        again = give(client, count=2)
        assert again.json() == first | {"repeated": True}
        problem(give(client, count=3), 422, "key_reused")


@both_desks
def test_a_combo_grows_and_is_one_gift(live: Front) -> None:
    client = live.client("gifts:write", "gifts:read")
    for count in (1, 5, 3, 9):
        stands = give(client, "streak", gift="rose", count=count, combo=True, message=f"step {count}").json()
    assert (stands["count"], stands["coins"], stands["repeated"]) == (9, 9, False)
    gift = client.get("/v1/users/mira/gifts/streak").json()
    assert (gift["count"], gift["coins"], gift["diamonds"], gift["message"]) == (9, 9, "9", "step 9")
    assert len(client.get("/v1/users/mira/gifts").json()["data"]) == 1


@both_desks
def test_what_is_refused_moves_nothing_and_says_why(live: Front) -> None:
    client, mira = live.client("gifts:write"), live.as_user("mira")
    live.stream("aurora", "over")
    live.end("aurora", "over")
    with live.nothing_moves():
        problem(give(client, gift="comet", count=4), 409, "not_enough_coins")
        problem(give(client, sender="noor"), 409, "not_enough_coins")
        problem(give(client, sender="nobody"), 404, "unknown_user")
        problem(give(client, creator="nobody"), 404, "unknown_user")
        problem(give(client, gift="moon"), 404, "unknown_gift")
        problem(give(client, stream="gone"), 404, "unknown_place")
        problem(give(client, stream="over"), 409, "stream_ended")
        problem(give(client, gift="crown"), 409, "locked_by_level")
        problem(give(client, gift="jasmine"), 409, "locked_by_region")
        problem(give(client, gift="comet", combo=True), 422, "not_a_combo")
        problem(give(client, combo=True, paid=1), 422, "paid_combo")
        problem(give(client, post="clip/7"), 422, "one_place")
        problem(give(client, stream=None), 422, "one_place")
        problem(give(client, sender=None), 422, "no_sender")
        problem(give(client, sender="aurora"), 422, "self_gift")
        problem(give(client, at="9999-12-31T00:00:00Z"), 422, "future_time")
        problem(give(client, at="0001-01-01T00:00:00+14:00"), 422, "bad_time")
        problem(give(client, at="1999-01-01T00:00:00Z"), 409, "no_policy")
        problem(give(client, paid=2**63), 422, "invalid_body")
        problem(give(client, paid=2**63 - 1), 422, "too_large")
        problem(give(client, colour="red"), 422, "invalid_body")
        problem(give(client, key="k" * 256), 400, "bad_key")
        problem(give(mira, sender="noor"), 404, "unknown_user")
        problem(give(live.stranger()), 401, "missing_credentials")
        no_key = client.post("/v1/gifts", json={"creator": "aurora", "gift": "rose", "stream": "live"})
        problem(no_key, 400, "missing_key")


def test_a_gift_is_seen_again_as_it_was_sent(live: Front) -> None:
    client = live.client("gifts:write", "gifts:read")
    key = "a key/with ?strange# things"
    sent = give(client, key, count=2, stream=None, post="clip/7", message="for you").json()
    response = client.get("/v1/users/mira/gifts/a%20key%2Fwith%20%3Fstrange%23%20things")
    gift = response.json()
    assert set(gift) == set(SentGift.__struct_fields__)
    assert {
        name: gift[name] for name in ("id", "sender", "creator", "gift", "count", "coins", "diamonds", "booked_at")
    } == {name: sent[name] for name in ("id", "sender", "creator", "gift", "count", "coins", "diamonds", "booked_at")}
    assert (gift["post"], gift["stream"], gift["message"]) == ("clip/7", None, "for you")
    assert (gift["reversed"], gift["imported"]) == (False, False)


def test_what_is_not_there_or_is_somebody_elses_is_not_found(live: Front) -> None:
    client, aurora, noor = live.client("gifts:write", "gifts:read"), live.as_user("aurora"), live.as_user("noor")
    assert give(client).status_code == 200
    reader = live.client("users:read")
    for path in ("/v1/users/mira/gifts/k1", "/v1/users/mira/gifts", "/v1/users/mira/gifts/k1/provenance"):
        assert client.get(path).status_code == 200
        problem(aurora.get(path), 404, "not_found")
        problem(noor.get(path), 404, "not_found")
        problem(reader.get(path), 403, "scope_too_small")
        problem(live.stranger().get(path), 401, "missing_credentials")
    for path in ("/v1/users/mira/gifts/k2", "/v1/users/aurora/gifts/k1", "/v1/users/mira/gifts/k2/provenance"):
        document = problem(client.get(path), 404, "unknown_entry")
        assert repr(path.split("/")[5]) in document.detail, "named as the client names it"
    problem(client.get("/v1/users/nobody/gifts/k1"), 404, "unknown_user")
    problem(client.get("/v1/users/nobody/gifts"), 404, "unknown_user")
    problem(client.get("/v1/users/mira/gifts/" + "k" * 256), 404, "not_found")
    problem(client.get("/v1/users/mira/gifts/%00"), 404, "not_found")


def test_a_purchase_is_no_gift_though_it_has_a_key(live: Front) -> None:
    client = live.client("gifts:read", "gifts:reverse")
    live.buy("noor", 100, key="coins please")
    problem(client.get("/v1/users/noor/gifts/coins%20please"), 404, "unknown_entry")
    problem(client.get("/v1/users/noor/gifts/coins%20please/provenance"), 404, "unknown_entry")
    with live.nothing_moves():
        problem(client.post("/v1/users/noor/gifts/coins%20please/reverse"), 404, "unknown_entry")
    assert client.get("/v1/users/noor/gifts").json() == {"data": [], "next": None}


def read_all(client: httpx2.Client, limit: int, path: str = "/v1/users/mira/gifts") -> list[dict[str, Any]]:
    """The whole list, page by page."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get(path, params={"limit": limit} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["data"]) <= limit
        found += page["data"]
        cursor = page["next"]
        if cursor is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_a_senders_gifts_newest_first_each_once(live: Front, limit: int) -> None:
    """Out of bonus coins, of both, and of bought ones; singles and combos in between; one of them undone."""
    client = live.client("gifts:write", "gifts:read", "gifts:reverse")
    for number, count in enumerate((1, 2, 1, 3, 1)):
        assert give(client, f"k{number}", count=count).status_code == 200
        assert give(client, "streak", gift="rose", count=number + 1, combo=True).status_code == 200
    assert client.post("/v1/users/mira/gifts/k1/reverse").status_code == 200
    found = read_all(client, limit)
    keys = {str(client_id(key)): key for key in ("k0", "k1", "k2", "k3", "k4", "streak")}
    assert [keys[gift["id"]] for gift in found] == ["k4", "k3", "k2", "k1", "streak", "k0"]
    assert [gift["count"] for gift in found] == [1, 3, 1, 2, 5, 1]
    assert [gift["reversed"] for gift in found] == [False, False, False, True, False, False]


def test_what_is_sent_while_the_list_is_read_makes_nobody_read_a_gift_twice_or_miss_one(live: Front) -> None:
    client = live.client("gifts:write", "gifts:read")
    for number in range(6):
        give(client, f"k{number}", gift="rose")
    page = client.get("/v1/users/mira/gifts?limit=3").json()
    seen = [gift["id"] for gift in page["data"]]
    for number in range(6, 9):
        give(client, f"k{number}", gift="rose")
    rest = client.get("/v1/users/mira/gifts", params={"limit": 3, "cursor": page["next"]}).json()
    assert [*seen, *(gift["id"] for gift in rest["data"])] == [
        str(client_id(f"k{number}")) for number in range(5, -1, -1)
    ]
    assert rest["next"] is None


def test_gifts_that_were_booked_together_are_listed_each_once(live: Front) -> None:
    client = live.client("gifts:write", "gifts:read")
    sent = [live.asked("mira", "aurora", "rose", key=f"k{number}") for number in range(40)]
    wallets = [live.asked("mira", "aurora", "ring", key=f"both {number}") for number in range(3)]
    for future in live.giving([*sent, *wallets, *sent[:5]]):
        future.result(20)
    found = [UUID(gift["id"]) for gift in read_all(client, 7)]
    assert sorted(found) == sorted(client_id(request.key) for request in [*sent, *wallets])


def test_a_page_looks_at_a_bounded_piece_of_the_journal_and_still_gets_to_the_end(
    live: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = live.client("gifts:write", "gifts:read")
    monkeypatch.setattr("riviere.economy.sent.MOST_ROWS", 10)
    give(client, "first")
    for count in range(1, 36):
        give(client, "streak", gift="rose", count=count, combo=True)
    page = client.get("/v1/users/mira/gifts").json()
    assert page["data"] == []
    assert page["next"]
    assert [gift["count"] for gift in read_all(client, 50)] == [35, 1]


def test_a_query_that_does_not_fit_is_refused(live: Front) -> None:
    client = live.client("gifts:read")
    for query in (
        "limit=0",
        "limit=201",
        "limit=x",
        "limit=1&limit=2",
        "page=2",
        "cursor=",
        "cursor=abc",
        "cursor=%00",
        "cursor=WzEsMl0",
        "cursor=WyIyMDI2LTExLTIzVDA1OjEyOjMzLjQ5MDA0NCIsMSwzXQ",
        "cursor=" + "x" * 2_000,
    ):
        problem(client.get(f"/v1/users/mira/gifts?{query}"), 400, "invalid_query")


def test_an_imported_gift_is_shown_as_such_and_cannot_be_undone_here(live: Front) -> None:
    client = live.client("gifts:read", "gifts:reverse")
    imported(live, "from afar")
    gift = client.get("/v1/users/noor/gifts/from%20afar").json()
    assert (gift["imported"], gift["coins"], gift["gift"]) == (True, 30, "ring")
    assert [one["id"] for one in read_all(client, 10, "/v1/users/noor/gifts")] == [gift["id"]]
    (piece,) = client.get("/v1/users/noor/gifts/from%20afar/provenance").json()["pieces"]
    assert (piece["pack"], piece["account"], piece["coins"]) == (None, "coins.imported", 30)
    with live.nothing_moves():
        problem(client.post("/v1/users/noor/gifts/from%20afar/reverse"), 409, "imported_gift")


def imported(live: Front, key: str) -> None:
    """A ring that a record tells Noor sent to Aurora."""
    record = imports.open_import(live.connection, live.signer, open_recording(LOG), None, "ada", live.now)
    request = live.asked("noor", "aurora", "ring", key=key)
    (gift,) = gifts.prepare(live.connection, Remembered(), [request], live.now)
    assert isinstance(gift, Gift)
    (answer,) = live.writer.write([structs.replace(gift, imported=True, policy=record.policy)])
    assert isinstance(answer, Receipt)


@both_desks
def test_a_back_end_undoes_a_gift_and_everything_goes_back(live: Front) -> None:
    client = live.client("gifts:write", "gifts:read", "gifts:reverse", "wallets:read")
    give(client, count=2)
    undone = client.post("/v1/users/mira/gifts/k1/reverse").json()
    assert (undone["sender"], undone["creator"], undone["gift"]) == ("mira", "aurora", str(client_id("k1")))
    assert (undone["coins"], undone["bonus"], undone["diamonds"], undone["repeated"]) == (10, 50, "60", False)
    wallet = client.get("/v1/users/mira/wallet").json()
    assert (wallet["coins"], wallet["bonus"]) == (1_000, 50)
    assert client.get("/v1/users/aurora/wallet").json()["owed"] == "60"
    assert client.get("/v1/users/mira/gifts/k1").json()["reversed"] is True
    with live.nothing_moves():
        assert client.post("/v1/users/mira/gifts/k1/reverse").json() == undone | {"repeated": True}
        assert give(client, count=2).json()["repeated"] is True


def test_a_combo_that_was_undone_does_not_go_on(live: Front) -> None:
    client = live.client("gifts:write", "gifts:reverse")
    give(client, "streak", gift="rose", combo=True, count=3)
    assert client.post("/v1/users/mira/gifts/streak/reverse").json()["diamonds"] == "3"
    with live.nothing_moves():
        problem(give(client, "streak", gift="rose", combo=True, count=4), 409, "gift_reversed")


def test_many_who_undo_one_gift_at_once_undo_it_once(live: Front) -> None:
    client = live.client("gifts:write", "gifts:reverse")
    give(client)
    ready = threading.Barrier(8)

    def undo(_: int) -> dict[str, Any]:
        ready.wait(20)
        response = client.post("/v1/users/mira/gifts/k1/reverse")
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(undo, range(8)))
    assert sorted(answer["repeated"] for answer in answers) == [False] + [True] * 7
    assert {answer["id"] for answer in answers} == {answers[0]["id"]}
    assert live.wallet("aurora").owed == 30_000


def test_nobody_undoes_their_own_gift_nor_one_that_is_not_there(live: Front) -> None:
    client = live.client("gifts:write", "gifts:read", "purchases:write")
    give(client)
    able, mira = live.client("gifts:reverse"), live.as_user("mira")
    finance, auditor = live.as_operator("finance"), live.as_operator("auditor")
    with live.nothing_moves():
        problem(mira.post("/v1/users/mira/gifts/k1/reverse"), 403, "scope_too_small")
        problem(client.post("/v1/users/mira/gifts/k1/reverse"), 403, "scope_too_small")
        problem(finance.post("/v1/users/mira/gifts/k1/reverse"), 403, "scope_too_small")
        problem(auditor.post("/v1/users/mira/gifts/k1/reverse"), 403, "scope_too_small")
        problem(able.post("/v1/users/mira/gifts/k2/reverse"), 404, "unknown_entry")
        problem(able.post("/v1/users/noor/gifts/k1/reverse"), 404, "unknown_entry")
        problem(able.post("/v1/users/nobody/gifts/k1/reverse"), 404, "unknown_user")
        problem(live.stranger().post("/v1/users/mira/gifts/k1/reverse"), 401, "missing_credentials")
    assert live.as_operator("trust").post("/v1/users/mira/gifts/k1/reverse").status_code == 200


def test_a_token_cannot_ask_for_the_scope_that_undoes_gifts(live: Front) -> None:
    client = live.client("gifts:write")
    give(client)
    text = live.token("mira", scope="gifts:reverse gifts:write")
    headers = {"Authorization": f"Bearer {text}"}
    problem(live.stranger().post("/v1/users/mira/gifts/k1/reverse", headers=headers), 403, "scope_too_small")


def test_the_sender_sees_which_purchases_paid_coin_by_coin(live: Front) -> None:
    live.buy("mira", 500, key="second")
    client, mira = live.client("gifts:write"), live.as_user("mira")
    give(client, "most", gift="comet", count=3, paid=1_040)
    give(client, "over the edge", gift="ring")
    found = mira.get("/v1/users/mira/gifts/over%20the%20edge/provenance").json()
    assert (found["gift"], found["reversed"]) == (str(client_id("over the edge")), False)
    pieces = [(one["pack"], one["account"], one["first"], one["last"], one["coins"]) for one in found["pieces"]]
    assert pieces == [("pack-1000-50-30", "coins", 991, 1_000, 10), ("pack-500-0-30", "coins", 1, 20, 20)]
    assert found["pieces"][1]["purchase"] == str(client_id("second"))
    first = mira.get("/v1/users/mira/gifts/most/provenance").json()["pieces"]
    assert [(one["account"], one["coins"]) for one in first] == [("coins.bonus", 50), ("coins", 990)]


def test_a_creator_never_sees_what_paid_for_a_gift(live: Front) -> None:
    give(live.client("gifts:write"))
    aurora = live.as_user("aurora")
    problem(aurora.get("/v1/users/mira/gifts/k1/provenance"), 404, "not_found")
    problem(aurora.get("/v1/users/aurora/gifts/k1/provenance"), 404, "unknown_entry")
    purchase = str(live.connection.execute("SELECT id FROM entry WHERE route = 1").fetchall()[0][0])
    for path in ("entries", "statement?since=2026-01-01T00:00:00Z", "earnings?by=supporter", "gifts"):
        answer = aurora.get(f"/v1/users/aurora/{path}")
        assert answer.status_code == 200, answer.text
        assert purchase not in answer.text


@both_desks
def test_somebody_who_was_forgotten_is_named_no_more(live: Front) -> None:
    client = live.client("gifts:write", "gifts:read")
    give(client)
    people.forget(live.connection, "aurora")
    gift = client.get("/v1/users/mira/gifts/k1").json()
    assert gift["creator"].startswith("u_")
    assert [one["creator"] for one in read_all(client, 10)] == [gift["creator"]]


def test_a_gift_that_gives_up_waiting_may_be_sent_again(live: Front) -> None:
    """A client that closed the connection does not know; the same key tells."""
    client = live.client("gifts:write")
    with pytest.raises(httpx2.TimeoutException):
        client.post(
            "/v1/gifts",
            json={"sender": "mira", "creator": "aurora", "gift": "rose", "stream": "live"},
            headers={"Idempotency-Key": "k1"},
            timeout=httpx2.Timeout(5, read=0.0001),
        )
    assert give(client, gift="rose").status_code == 200
    assert live.wallet("aurora").diamonds == 1_000
