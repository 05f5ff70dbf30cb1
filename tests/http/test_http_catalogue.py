"""Gifts and packs are added, priced, retired; the list of a moment stays the list of that moment."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest
from front import Front, problem

from riviere.economy import pictures
from riviere.ledger.evidence import facts_digest, last_head


@pytest.fixture
def admin(front: Front) -> httpx2.Client:
    """Who runs the platform."""
    return front.as_operator("admin")


def codes(client: httpx2.Client, path: str = "/v1/catalogue", **query: Any) -> list[str]:
    return [row["code"] for row in client.get(path, params=query).json()["data"]]


def vouched(front: Front) -> bool:
    """Whether the newest head covers the dated rows as they are now."""
    head = last_head(front.connection)
    return head is not None and head.facts == facts_digest(front.connection)


def test_everybody_sees_what_is_on_sale_cheapest_first(front: Front) -> None:
    mira = front.as_user("mira")
    assert codes(mira) == ["rose", "jasmine", "ring", "comet", "crown"]
    rose, *_, crown = mira.get("/v1/catalogue").json()["data"]
    assert rose | {"starts_at": ""} == {
        "code": "rose",
        "name": "Rose",
        "coins": 1,
        "combo": True,
        "unlock_level": 0,
        "regions": [],
        "tier": "glint",
        "starts_at": "",
        "ends_at": None,
    }
    assert (crown["unlock_level"], crown["tier"]) == (20, "facets")
    assert codes(mira, region="NO") == ["rose", "ring", "comet", "crown"]
    assert codes(mira, region="ID", level=19) == ["rose", "jasmine", "ring", "comet"]


def test_a_gift_is_added_priced_anew_and_retired(front: Front, admin: httpx2.Client) -> None:
    kite = {"code": "kite", "name": "Kite", "coins": 50, "unlock_level": 3, "regions": ["NO", "SE"]}
    added = admin.post("/v1/catalogue", json=kite)
    assert added.status_code == 201
    assert added.json() == added.json() | kite | {"combo": False, "tier": "spray", "ends_at": None}
    assert vouched(front)
    with front.nothing_moves():
        problem(admin.post("/v1/catalogue", json=kite), 409, "gift_exists")
    tomorrow = (front.now + timedelta(days=1)).isoformat()
    dearer = admin.post("/v1/catalogue/kite/versions", json={"coins": 100, "regions": [], "starts_at": tomorrow})
    assert dearer.status_code == 201
    assert dearer.json() == dearer.json() | {"coins": 100, "unlock_level": 3, "regions": [], "tier": "facets"}
    assert vouched(front)
    assert [row["coins"] for row in admin.get("/v1/catalogue/kite/versions").json()["data"]] == [50, 100]
    assert admin.get("/v1/catalogue", params={"at": tomorrow}).json()["data"][3]["coins"] == 100
    front.later(days=1)
    retired = admin.post("/v1/catalogue/kite/retire", json={})
    assert (retired.status_code, retired.json()["ends_at"] > retired.json()["starts_at"]) == (200, True)
    assert vouched(front)
    assert "kite" not in codes(admin)
    with front.nothing_moves():
        problem(admin.post("/v1/catalogue/kite/retire", json={}), 409, "retired_gift")
    assert admin.post("/v1/catalogue/kite/versions", json={"coins": 60}).status_code == 201
    assert "kite" in codes(admin)


def test_a_list_is_of_one_moment_even_where_prices_change_while_it_is_read(front: Front, admin: httpx2.Client) -> None:
    first = admin.get("/v1/catalogue", params={"limit": 2}).json()
    front.later(minutes=1)
    assert admin.post("/v1/catalogue/comet/versions", json={"coins": 2}).status_code == 201
    assert admin.post("/v1/catalogue/rose/versions", json={"coins": 400}).status_code == 201
    front.gift("new", 100)
    second = admin.get("/v1/catalogue", params={"limit": 2, "cursor": first["next"]}).json()
    third = admin.get("/v1/catalogue", params={"limit": 2, "cursor": second["next"]}).json()
    read = [(row["code"], row["coins"]) for page in (first, second, third) for row in page["data"]]
    assert read == [("rose", 1), ("jasmine", 20), ("ring", 30), ("comet", 299), ("crown", 499)]
    assert third["next"] is None


def test_a_picture_is_the_one_that_the_catalogue_draws(front: Front) -> None:
    mira = front.as_user("mira")
    picture = mira.get("/v1/catalogue/comet/picture", params={"size": 48})
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.text == pictures.svg("comet", 299, size=48, name="Comet")
    problem(mira.get("/v1/catalogue/unicorn/picture"), 404, "unknown_gift")
    for size in (15, 1025, "big"):
        problem(mira.get("/v1/catalogue/comet/picture", params={"size": size}), 400, "invalid_query")


def test_a_gift_may_have_any_name_that_people_can_read(front: Front, admin: httpx2.Client) -> None:
    assert admin.post("/v1/catalogue", json={"code": "a/b", "name": "<b>&", "coins": 5}).status_code == 201
    assert "<b>" not in admin.get("/v1/catalogue/a%2Fb/picture").text
    assert admin.post("/v1/catalogue/a%2Fb/versions", json={"coins": 6}).status_code == 201
    assert admin.post("/v1/catalogue/a%2Fb/retire", json={}).json()["code"] == "a/b"


def test_a_pack_is_sold_replaced_and_retired(front: Front, admin: httpx2.Client) -> None:
    pack = {"code": "small", "coins": 70, "price": {"amount": "0.99", "currency": "USD"}, "bonus": 5, "bonus_days": 7}
    added = admin.post("/v1/packs", json=pack)
    assert added.status_code == 201
    assert added.json() == added.json() | pack | {"ends_at": None}
    assert vouched(front)
    yen = pack | {"code": "yen", "price": {"amount": "120", "currency": "JPY"}}
    assert admin.post("/v1/packs", json=yen).json()["price"] == {"amount": "120", "currency": "JPY"}
    front.later(minutes=1)
    assert admin.post("/v1/packs", json=pack | {"coins": 75}).status_code == 201
    mira = front.as_user("mira")
    assert [(row["code"], row["coins"]) for row in mira.get("/v1/packs").json()["data"]] == [("yen", 70), ("small", 75)]
    first = mira.get("/v1/packs", params={"limit": 1}).json()
    front.later(minutes=1)
    assert admin.post("/v1/packs/small/retire", json={}).json()["ends_at"]
    assert vouched(front)
    assert codes(mira, "/v1/packs", limit=1, cursor=first["next"]) == ["small"]
    assert codes(mira, "/v1/packs") == ["yen"]
    with front.nothing_moves():
        problem(admin.post("/v1/packs/small/retire", json={}), 409, "pack_not_sold")
        problem(admin.post("/v1/packs/large/retire", json={}), 404, "unknown_pack")


def test_few_may_change_what_is_sold(front: Front) -> None:
    price = {"amount": "1", "currency": "USD"}
    for client in (front.as_user("mira"), front.as_operator("finance"), front.client("catalogue:read")):
        assert codes(client)
        with front.nothing_moves():
            for path, body in (
                ("/v1/catalogue", {"code": "kite", "name": "Kite", "coins": 1}),
                ("/v1/catalogue/rose/versions", {"coins": 2}),
                ("/v1/catalogue/rose/retire", {}),
                ("/v1/packs", {"code": "one", "coins": 1, "price": price}),
                ("/v1/packs/one/retire", {}),
            ):
                problem(client.post(path, json=body), 403, "scope_too_small")


GIFT = {"code": "kite", "name": "Kite", "coins": 50}
NO_GIFTS = [
    ({"coins": 0}, "invalid_body"),
    ({"coins": -1}, "invalid_body"),
    ({"coins": 2**63}, "invalid_body"),
    ({"coins": 1.5}, "invalid_body"),
    ({"coins": "50"}, "invalid_body"),
    ({"code": ""}, "invalid_body"),
    ({"code": "x" * 101}, "invalid_body"),
    ({"code": "a\nb"}, "bad_text"),
    ({"code": "a\u0000b"}, "invalid_body"),
    ({"name": " "}, "bad_text"),
    ({"name": None}, "invalid_body"),
    ({"unlock_level": 1001}, "invalid_body"),
    ({"regions": ["no"]}, "invalid_body"),
    ({"regions": "NO"}, "invalid_body"),
    ({"regions": ["NO"] * 301}, "invalid_body"),
    ({"starts_at": "2020-01-01T00:00:00Z"}, "starts_in_past"),
    ({"starts_at": "0001-01-01T00:00:00+14:00"}, "bad_time"),
    ({"starts_at": "9999-12-31T23:59:59-14:00"}, "bad_time"),
    ({"starts_at": "2030-01-01"}, "invalid_body"),
    ({"price": 5}, "invalid_body"),
]


def test_what_is_no_gift_is_refused(front: Front, admin: httpx2.Client, subtests: pytest.Subtests) -> None:
    for wrong, code in NO_GIFTS:
        with subtests.test(wrong=wrong), front.nothing_moves():
            problem(admin.post("/v1/catalogue", json=GIFT | wrong), 422, code)


NO_VERSIONS = [
    ("rose", "versions", {}, 422, "invalid_body"),
    ("rose", "versions", {"coins": 0}, 422, "invalid_body"),
    ("rose", "versions", {"coins": 2, "starts_at": "2020-01-01T00:00:00Z"}, 422, "starts_in_past"),
    ("rose", "versions", {"coins": 2, "name": "Rosa"}, 422, "invalid_body"),
    ("kite", "versions", {"coins": 2}, 404, "unknown_gift"),
    ("kite", "retire", {}, 404, "unknown_gift"),
    ("rose", "retire", {"ends_at": "2020-01-01T00:00:00Z"}, 422, "starts_in_past"),
    ("rose", "retire", {"ends_at": "9999-12-31T23:59:59-14:00"}, 422, "bad_time"),
    ("rose", "retire", {"why": "old"}, 422, "invalid_body"),
    ("a%00b", "retire", {}, 404, "not_found"),
]


def test_what_is_no_change_is_refused(front: Front, admin: httpx2.Client, subtests: pytest.Subtests) -> None:
    for gift, what, body, status, code in NO_VERSIONS:
        with subtests.test(gift=gift, what=what, body=body), front.nothing_moves():
            problem(admin.post(f"/v1/catalogue/{gift}/{what}", json=body), status, code)
    problem(admin.get("/v1/catalogue/kite/versions"), 404, "unknown_gift")


def test_what_was_announced_is_not_overtaken(front: Front, admin: httpx2.Client) -> None:
    later = (front.now + timedelta(days=2)).isoformat()
    sooner = (front.now + timedelta(days=1)).isoformat()
    assert admin.post("/v1/catalogue/rose/versions", json={"coins": 2, "starts_at": later}).status_code == 201
    with front.nothing_moves():
        new = {"coins": 3, "starts_at": sooner}
        problem(admin.post("/v1/catalogue/rose/versions", json=new), 409, "version_overlap")
        problem(admin.post("/v1/catalogue/rose/retire", json={"ends_at": sooner}), 409, "version_overlap")


PACK = {"code": "small", "coins": 70, "price": {"amount": "0.99", "currency": "USD"}}
NO_PACKS = [
    ({"price": {"amount": "0", "currency": "USD"}}, "bad_figure"),
    ({"price": {"amount": "0.999", "currency": "USD"}}, "bad_figure"),
    ({"price": {"amount": "9" * 19, "currency": "USD"}}, "bad_figure"),
    ({"price": {"amount": "-1", "currency": "USD"}}, "invalid_body"),
    ({"price": {"amount": "1e3", "currency": "USD"}}, "invalid_body"),
    ({"price": {"amount": 0.99, "currency": "USD"}}, "invalid_body"),
    ({"price": {"amount": "0.99", "currency": "QQQ"}}, "unknown_currency"),
    ({"price": {"amount": "0.99", "currency": "usd"}}, "invalid_body"),
    ({"price": {"amount": "0.99", "currency": "USD", "tax": "0"}}, "invalid_body"),
    ({"price": "0.99"}, "invalid_body"),
    ({"coins": 0}, "invalid_body"),
    ({"bonus": -1}, "invalid_body"),
    ({"bonus": 2**63}, "invalid_body"),
    ({"bonus_days": 0}, "invalid_body"),
    ({"bonus_days": 3651}, "invalid_body"),
    ({"code": "a\nb"}, "bad_text"),
    ({"starts_at": "2020-01-01T00:00:00Z"}, "starts_in_past"),
]


def test_what_is_no_pack_is_refused(front: Front, admin: httpx2.Client, subtests: pytest.Subtests) -> None:
    for wrong, code in NO_PACKS:
        with subtests.test(wrong=wrong), front.nothing_moves():
            problem(admin.post("/v1/packs", json=PACK | wrong), 422, code)


NO_QUERIES = ["at=now", "at=2026-01-31", "at=2026-01-31T20:15:00", "limit=0", "cursor=W10", "at=%00", "since=1"]


def test_what_no_list_can_be_asked_is_refused(front: Front, subtests: pytest.Subtests) -> None:
    mira = front.as_user("mira")
    for path in ("/v1/catalogue", "/v1/packs"):
        for query in NO_QUERIES:
            with subtests.test(path=path, query=query):
                problem(mira.get(f"{path}?{query}"), 400, "invalid_query")
        problem(mira.get(path, params={"at": "0001-01-01T00:00:00+14:00"}), 422, "bad_time")
        assert codes(mira, path, at="0001-01-01T00:00:00Z") == []
    for query in ("region=no", "region=", "level=-1", "level=high"):
        problem(mira.get(f"/v1/catalogue?{query}"), 400, "invalid_query")
