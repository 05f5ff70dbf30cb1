"""What people's accounts hold and held, and every entry behind it."""

from datetime import UTC, datetime
from typing import Any, get_args

import httpx2
import pytest
from front import Front, problem

from riviere.economy import policies
from riviere.http.accounts import KIND_OF
from riviere.ids import client_id
from riviere.ledger.law import KINDS
from riviere.ledger.model import Hold
from riviere.wire.wallets import Account, AccountEntry

SCOPE = "wallets:read"


@pytest.fixture
def live(front: Front) -> Front:
    """Mira with coins of two packs, one of them with a bonus; Aurora who is live."""
    front.viewer("mira")
    front.creator("aurora")
    front.buy("mira", 500, bonus=40, days=5, key="first")
    front.buy("mira", 100, bonus=10, days=30, key="second")
    return front


def get(client: httpx2.Client, path: str, user: str = "mira", **query: Any) -> Any:
    response = client.get(f"/v1/users/{user}/{path}", params=query)
    assert response.status_code == 200, response.text
    return response.json()


def test_a_viewer_sees_coins_and_when_which_bonus_expires(live: Front) -> None:
    live.give("mira", "aurora", "ring")
    wallet = get(live.as_user("mira"), "wallet")
    assert (wallet["user"], wallet["coins"], wallet["bonus"], wallet["diamonds"]) == ("mira", 600, 20, "0")
    assert [part["coins"] for part in wallet["expiring"]] == [10, 10]
    assert wallet["expiring"][0]["expires_at"] < wallet["expiring"][1]["expires_at"]


def test_a_creator_sees_diamonds_and_what_of_them_could_be_redeemed(live: Front) -> None:
    aurora = live.as_user("aurora")
    live.give("mira", "aurora", "comet", key="comet")
    wallet = get(aurora, "wallet", "aurora")
    assert (wallet["diamonds"], wallet["matured"], wallet["owed"]) == ("299", "0", "0")
    live.later(days=7, hours=1)
    assert get(aurora, "wallet", "aurora")["matured"] == "299"
    live.give("mira", "aurora", "ring")
    live.reverse("mira", "comet")
    wallet = get(aurora, "wallet", "aurora")
    assert (wallet["diamonds"], wallet["matured"], wallet["owed"]) == ("329", "30", "299")


def test_what_is_matured_is_what_the_ledger_would_hold(live: Front) -> None:
    client = live.client(SCOPE)
    live.give("mira", "aurora", "ring", 7, key="early")
    live.later(days=8)
    live.reverse("mira", "early")
    live.give("mira", "aurora", "ring", 3)
    live.later(days=8)
    matured = get(client, "wallet", "aurora")["matured"]
    creator, key = live.id("aurora"), client_id("hold")
    cut_off = live.now.replace(minute=0, second=0, microsecond=0)
    too_much = Hold(creator, key, key, live.now, int(matured) * 1_000 + 1, cut_off)
    (refused,) = live.writer.write([too_much])
    assert isinstance(refused, Exception)
    exactly = Hold(creator, key, key, live.now, int(matured) * 1_000, cut_off)
    (held,) = live.writer.write([exactly])
    assert not isinstance(held, Exception)
    wallet = get(client, "wallet", "aurora")
    assert (wallet["held"], wallet["diamonds"], wallet["matured"], wallet["owed"]) == (matured, "0", "0", "0")


def test_without_a_policy_of_maturity_a_wallet_is_there_all_the_same(live: Front) -> None:
    with live.database.connect_owner(autocommit=True) as owner:
        owner.execute("DELETE FROM policy WHERE name = 'maturity_days'")
    wallet = get(live.client(SCOPE), "wallet")
    assert (wallet["coins"], wallet["matured"]) == (600, None)
    policies.defaults(live.connection, live.signer, live.now)


def test_somebody_new_holds_nothing(live: Front) -> None:
    live.viewer("noor")
    client = live.client(SCOPE)
    wallet = get(client, "wallet", "noor")
    assert (wallet["coins"], wallet["bonus"], wallet["expiring"], wallet["diamonds"]) == (0, 0, [], "0")
    balance = get(client, "balance", "noor")
    assert (balance["account"], balance["asset"], balance["balance"]) == ("coins", "COIN", "0")
    assert get(client, "entries", "noor") == {"account": "coins", "asset": "COIN", "data": [], "next": None}


def test_a_balance_as_it_stood_at_any_moment(live: Front) -> None:
    client = live.client(SCOPE)
    live.give("mira", "aurora", "ring")
    entries = get(client, "entries", account="coins")["data"]
    for entry in entries:
        then = get(client, "balance", account="coins", at=entry["booked_at"])
        assert (then["balance"], then["at"]) == (entry["balance"], entry["booked_at"])
    assert get(client, "balance", account="coins", at="2000-01-01T00:00:00Z")["balance"] == "0"
    assert get(client, "balance", account="coins", at="0001-01-01T00:00:00Z")["balance"] == "0"
    now = get(client, "balance", account="coins")
    assert now["balance"] == entries[0]["balance"]
    assert datetime.fromisoformat(now["at"]).astimezone(UTC) >= datetime.fromisoformat(entries[0]["booked_at"])


def test_the_account_that_is_meant_where_none_is_named(live: Front) -> None:
    client = live.client(SCOPE)
    live.give("mira", "aurora", "comet")
    assert get(client, "balance", "aurora") | {"at": ""} == {
        "user": "aurora",
        "account": "diamonds",
        "asset": "DIAMOND",
        "at": "",
        "balance": "299",
    }
    assert get(client, "balance")["account"] == get(client, "entries")["account"] == "coins"
    assert get(client, "entries", "aurora")["account"] == "diamonds"


def test_every_account_of_the_law_has_its_name_here(live: Front) -> None:
    names = get_args(get_args(Account)[0])
    assert {name: KINDS[kind].name for name, kind in KIND_OF.items()} == {name: name for name in names}
    client = live.client(SCOPE)
    for name in names:
        assert get(client, "balance", account=name)["account"] == name
        assert get(client, "entries", account=name)["account"] == name


def read_all(client: httpx2.Client, limit: int, user: str = "mira", **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = get(client, "entries", user, limit=limit, **query, **cursor)
        assert len(page["data"]) <= limit
        found += page["data"]
        if page["next"] is None:
            return found
        cursor = {"cursor": page["next"]}


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_every_entry_newest_first_each_once_and_the_balances_follow(live: Front, limit: int) -> None:
    client = live.client(SCOPE)
    for number in range(4):
        live.give("mira", "aurora", "ring", number + 1, key=f"k{number}", message="hi")
    live.reverse("mira", "k2")
    live.give("mira", "aurora", "rose", 3, key="streak", combo=True)
    live.give("mira", "aurora", "rose", 7, key="streak", combo=True)
    coins = read_all(client, limit, account="coins")
    assert set(coins[0]) == set(AccountEntry.__struct_fields__)
    assert [entry["seq"] for entry in coins] == list(range(len(coins), 0, -1))
    assert [(entry["route"], entry["what"], entry["amount"]) for entry in coins[:2]] == [
        ("gift", "Rose ×4", "-4"),
        ("gift", "Rose ×3", "-3"),
    ]
    after = 0
    for entry in reversed(coins):
        after += int(entry["amount"])
        assert entry["balance"] == str(after)
        assert entry["who"] == ("aurora" if entry["route"].startswith("gift") else None)
    earned = read_all(client, limit, "aurora")
    assert {entry["who"] for entry in earned} == {"mira"}
    assert [entry["seq"] for entry in earned] == list(range(len(earned), 0, -1))


def test_entries_that_were_booked_together_are_parted_by_their_number(live: Front) -> None:
    client = live.client(SCOPE)
    for future in live.giving(live.asked("mira", "aurora", key=f"k{n}") for n in range(60)):
        future.result(20)
    assert [entry["seq"] for entry in read_all(client, 7, "aurora")] == list(range(60, 0, -1))


def test_what_is_booked_while_somebody_reads_is_neither_read_twice_nor_in_the_way(live: Front) -> None:
    client = live.client(SCOPE)
    for number in range(6):
        live.give("mira", "aurora", key=f"k{number}")
    page = get(client, "entries", "aurora", limit=3)
    live.give("mira", "aurora", key="later")
    rest = get(client, "entries", "aurora", limit=3, cursor=page["next"])
    assert [entry["seq"] for entry in page["data"] + rest["data"]] == [6, 5, 4, 3, 2, 1]
    assert rest["next"] is None


def test_what_does_not_fit_is_refused(live: Front) -> None:
    client = live.client(SCOPE)
    for path in (
        "balance?account=processor%20cash",
        "balance?account=",
        "balance?at=yesterday",
        "balance?at=2026-01-01T00:00:00",
        "balance?at=2026-01-01T00:00:00Z&at=2026-01-02T00:00:00Z",
        "balance?at=99999999999999999999",
        "balance?unit=coin",
        "entries?limit=101",
        "entries?limit=0",
        "entries?cursor=x",
        "entries?cursor=WyIyMDI2LTExLTIzVDA1OjEyOjMzLjQ5MDA0NCIsMV0",
        "entries?account=gold",
        "wallet?at=2026-01-01T00:00:00Z",
    ):
        problem(client.get(f"/v1/users/mira/{path}"), 400, "invalid_query")
    problem(client.get("/v1/users/mira/balance?at=9999-12-31T23:59:59Z"), 422, "future_time")
    problem(client.get("/v1/users/mira/balance?at=9999-12-31T23:59:59-14:00"), 422, "bad_time")
    problem(client.get("/v1/users/mira/balance?at=0001-01-01T00:00:00%2B14:00"), 422, "bad_time")


def test_nobody_looks_into_somebody_elses_wallet(live: Front) -> None:
    aurora, other = live.as_user("aurora"), live.client("gifts:read")
    for path in ("wallet", "balance", "entries"):
        assert get(aurora, path, "aurora")
        problem(aurora.get(f"/v1/users/mira/{path}"), 404, "not_found")
        problem(other.get(f"/v1/users/mira/{path}"), 403, "scope_too_small")
        problem(live.stranger().get(f"/v1/users/mira/{path}"), 401, "missing_credentials")
        problem(live.client(SCOPE).get(f"/v1/users/nobody/{path}"), 404, "unknown_user")
        problem(live.as_operator("admin").post(f"/v1/users/mira/{path}"), 405, "method_not_allowed")
        assert get(live.as_operator("auditor"), path)


def test_a_wallet_is_one_picture_while_gifts_arrive(live: Front) -> None:
    """Bonus and what of it expires when are read apart; they agree all the same."""
    live.buy("mira", 1, bonus=5_000)
    client = live.client(SCOPE)
    futures = live.giving(live.asked("mira", "aurora", key=f"k{n}") for n in range(600))
    while not futures[-1].done():
        wallet = get(client, "wallet")
        assert sum(part["coins"] for part in wallet["expiring"]) == wallet["bonus"]
    for future in futures:
        future.result(20)
