"""What operators look for over HTTP: everybody's redemptions, every version of what is sold, imports, links."""

from cashier import Cashier
from front import Front, problem

from riviere import ids
from riviere.economy import policies


def test_what_waits_is_counted_once_each_with_the_oldest_and_the_sum(front: Front, payouts: Cashier) -> None:
    auditor = front.as_operator("auditor")
    assert auditor.get("/v1/redemptions/waiting").json() == {"data": []}
    jo, al = payouts.creator("jo", 30_000), payouts.creator("al", 12_000)
    payouts.announce("review_over", "USD", amount="1")
    for _ in range(2):
        front.later(minutes=5)
        payouts.redeem(jo, "jo")
    front.later(minutes=5)
    other = payouts.redeem(al, "al")
    (row,) = auditor.get("/v1/redemptions/waiting").json()["data"]
    assert (row["among"], row["many"], row["net"]) == ("in_review", 3, {"amount": "147.45", "currency": "USD"})
    rows = auditor.get("/v1/redemptions/all").json()["data"]
    assert row["oldest"] == min(one["requested_at"] for one in rows)
    assert rows[0]["id"] == other
    page = auditor.get("/v1/redemptions/all", params={"limit": 2}).json()
    rest = auditor.get("/v1/redemptions/all", params={"limit": 2, "cursor": page["next"]}).json()
    assert [one["id"] for one in page["data"] + rest["data"]] == [one["id"] for one in rows]
    assert auditor.get(f"/v1/redemptions/{other}").json() == payouts.follow(al, "al", other)
    assert auditor.get("/v1/redemptions/all", params={"among": "paid"}).json()["data"] == []
    problem(auditor.get("/v1/redemptions/all", params={"among": "lost"}), 400, "invalid_query")
    problem(auditor.get("/v1/redemptions/00000000-0000-0000-0000-000000000000"), 404, "unknown_redemption")
    problem(auditor.get("/v1/redemptions/nothing"), 404, "unknown_redemption")


def test_what_came_back_waits_until_it_is_paid_again(front: Front, payouts: Cashier) -> None:
    jo = payouts.creator("jo", 12_000, "returned-later@example.com")
    redemption = payouts.redeem(jo, "jo")
    payouts.rounds(40)
    finance = front.as_operator("finance")
    (row,) = finance.get("/v1/redemptions/waiting").json()["data"]
    assert (row["among"], row["many"]) == ("returned", 1)
    (one,) = finance.get("/v1/redemptions/all", params={"among": "returned"}).json()["data"]
    assert one["id"] == redemption
    payouts.pay_to(jo, "jo", "jo@example.com")
    finance.post(f"/v1/redemptions/{redemption}/pay-again", json={"reason": "the address is right now"})
    payouts.rounds()
    assert finance.get("/v1/redemptions/waiting").json() == {"data": []}


def test_every_version_is_listed_past_on_sale_and_announced(front: Front) -> None:
    admin = front.as_operator("admin")
    front.later(hours=1)
    admin.post("/v1/catalogue/rose/versions", json={"coins": 2})
    admin.post("/v1/catalogue/rose/versions", json={"coins": 3, "starts_at": "2999-01-01T00:00:00Z"})
    admin.post("/v1/catalogue/ring/retire", json={})
    rows, cursor = [], None
    while True:
        page = admin.get("/v1/catalogue/versions", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        rows += [(row["code"], row["coins"]) for row in page["data"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert rows == sorted(rows)
    assert [coins for code, coins in rows if code == "rose"] == [1, 2, 3]
    assert ("ring", 30) in rows
    assert "ring" not in [row["code"] for row in admin.get("/v1/catalogue").json()["data"]]
    code = front.pack(700)
    front.later(hours=1)
    admin.post("/v1/packs", json={"code": code, "coins": 800, "price": {"amount": "7.00", "currency": "USD"}})
    packs = [row["coins"] for row in admin.get("/v1/packs/versions").json()["data"] if row["code"] == code]
    assert packs == [700, 800]


def test_an_import_names_who_ran_it_and_who_posted_money_behind_it(front: Front) -> None:
    auditor = front.as_operator("auditor")
    assert auditor.get("/v1/imports").json() == {"data": [], "next": None}
    now = front.now
    rate = policies.announce(
        front.connection, front.signer, "diamonds_per_coin", "import:1", 1_000, starts_at=now, by="ada",
        now=now,
    )  # fmt: skip
    front.connection.execute(
        "INSERT INTO import VALUES (1, 'gift_log', %s, 'log.csv', %s, %s, 'ada')",
        [ids.request_digest("first"), rate.id, now],
    )
    (row,) = auditor.get("/v1/imports").json()["data"]
    assert (row["number"], row["opened_by"], row["posted"]) == (1, "ada", [])


def test_an_admin_makes_a_link_for_an_operator_and_nobody_gives_more_than_they_have(front: Front) -> None:
    admin = front.as_operator("admin")
    front.as_operator("finance", "kim")
    made = admin.post("/v1/operators/kim/sign-in-links")
    assert made.status_code == 201
    assert made.json()["path"].startswith("/claim/")
    problem(front.client("keys:write").post("/v1/operators/kim/sign-in-links"), 403, "beyond_giver")
    problem(admin.post("/v1/operators/nobody/sign-in-links"), 404, "unknown_operator")
    admin.delete("/v1/operators/kim")
    problem(admin.post("/v1/operators/kim/sign-in-links"), 409, "operator_disabled")


def test_the_progress_of_a_verification_is_told(front: Front) -> None:
    auditor = front.as_operator("auditor")
    before = auditor.get("/v1/verify/progress").json()
    assert before == {"running_since": None, "check": "", "done": 0, "total": 0}
    front.viewer("mira")
    front.buy("mira", 70)
    auditor.post("/v1/verify")
    front.office.verifying._thread.join()
    after = auditor.get("/v1/verify/progress").json()
    assert (after["running_since"], after["done"], after["total"]) == (None, 1, 1)
    assert after["check"]
