"""What is behind an entry, over HTTP; gifts undone by it, with a reason; and what a user's own token is shown."""

import pytest
from front import Front, problem

from riviere.ledger.evidence import sign_head


@pytest.fixture
def live(front: Front) -> Front:
    """Mira has 700 coins and 20 for a while, and sends jo a comet."""
    front.creator("jo")
    front.viewer("mira")
    front.buy("mira", 700, 20, key="pack")
    front.give("mira", "jo", "comet", key="comet", message="bravo")
    return front


def test_an_entry_has_both_sides_what_priced_it_and_the_head_over_it(live: Front) -> None:
    auditor = live.as_operator("auditor")
    gift = auditor.get("/v1/users/mira/gifts/comet").json()
    entry = auditor.get(f"/v1/users/mira/entries/{gift['id']}").json()
    assert [leg["route"] for leg in entry["legs"]] == ["gift.bonus", "gift"]
    pays, receives = entry["legs"][1]["pays"], entry["legs"][1]["receives"]
    assert pays == {"user": "mira", "account": "coins", "asset": "COIN", "amount": "279", "seq": 2, "balance": "421"}
    assert receives == {
        "user": "jo", "account": "diamonds", "asset": "DIAMOND", "amount": "279", "seq": 2, "balance": "299",
    }  # fmt: skip
    assert [row["figure"] for row in entry["policies"]] == ["1 diamond a coin"]
    assert entry["gift"] == gift
    assert entry["head"] is None
    with live.connection.transaction():
        head = sign_head(live.connection, live.signer, live.now)
    again = auditor.get("/v1/users/jo/accounts/diamonds/entries/2").json()
    assert again["id"] == gift["id"]
    assert (again["head"]["number"], again["head"]["hash"]) == (head.number, head.hash.hex())


def test_a_purchase_is_money_for_coins(live: Front) -> None:
    auditor = live.as_operator("auditor")
    bought = auditor.get("/v1/users/mira/purchases/pack").json()
    first = auditor.get(f"/v1/users/mira/entries/{bought['id']}").json()["legs"][0]
    assert first["pays"] == {
        "user": None, "account": "processor cash", "asset": "USD", "amount": "7.00", "seq": None, "balance": None,
    }  # fmt: skip
    assert first["receives"]["amount"] == "700"


def test_a_creator_sees_their_side_and_not_what_the_supporter_holds(live: Front) -> None:
    jo, mira = live.as_user("jo"), live.as_user("mira")
    theirs = jo.get("/v1/users/jo/accounts/diamonds/entries/1").json()
    leg = theirs["legs"][0]
    assert (leg["pays"]["seq"], leg["pays"]["balance"]) == (None, None)
    assert (leg["receives"]["seq"], leg["receives"]["balance"]) == (1, "20")
    assert theirs["gift"]["message"] is None
    own = mira.get(f"/v1/users/mira/entries/{theirs['id']}").json()
    assert own["gift"]["message"] == "bravo"
    assert own["legs"][0]["receives"]["balance"] is None
    # The gift is mira's entry: at jo's own address there is none of that id, and hers is not there for jo.
    problem(jo.get(f"/v1/users/jo/entries/{theirs['id']}"), 404, "unknown_entry")
    problem(jo.get(f"/v1/users/mira/entries/{theirs['id']}"), 404, "not_found")
    problem(jo.get("/v1/users/mira/accounts/coins/entries/1"), 404, "not_found")


NOT_THERE = [
    "accounts/diamonds/entries/3",
    "accounts/diamonds/entries/0",
    "accounts/diamonds/entries/-1",
    "accounts/diamonds/entries/one",
    "accounts/diamonds/entries/99999999999999999999",
    "accounts/gold/entries/1",
    "accounts/processor%20cash/entries/1",
    "entries/comet",
    "entries/00000000-0000-0000-0000-000000000000",
]


def test_what_is_not_there_is_said(live: Front, subtests: pytest.Subtests) -> None:
    reader = live.client("wallets:read")
    for address in NOT_THERE:
        with subtests.test(address=address):
            problem(reader.get(f"/v1/users/jo/{address}"), 404, "unknown_entry")


def test_a_gift_is_undone_by_its_entry_and_the_first_reason_stays(live: Front) -> None:
    trust, auditor = live.as_operator("trust", "tess"), live.as_operator("auditor")
    gift = auditor.get("/v1/users/mira/gifts/comet").json()["id"]
    there = f"/v1/users/mira/entries/{gift}"
    assert [piece["coins"] for piece in auditor.get(f"{there}/provenance").json()["pieces"]] == [20, 279]
    with live.nothing_moves():
        problem(trust.post(f"{there}/reverse", json={}), 422, "invalid_body")
        problem(trust.post(f"{there}/reverse", json={"reason": "a\x01b"}), 422, "bad_text")
        problem(auditor.post(f"{there}/reverse", json={"reason": "no"}), 403, "scope_too_small")
        problem(trust.post("/v1/users/jo/entries/comet/reverse", json={"reason": "no"}), 404, "unknown_entry")
        bought = auditor.get("/v1/users/mira/purchases/pack").json()["id"]
        problem(trust.post(f"/v1/users/mira/entries/{bought}/reverse", json={"reason": "no"}), 404, "unknown_entry")
    first = trust.post(f"{there}/reverse", json={"reason": "a stolen card"})
    assert (first.status_code, first.json()["repeated"], first.json()["coins"]) == (200, False, 279)
    with live.nothing_moves():
        again = trust.post(f"{there}/reverse", json={"reason": "something else"}).json()
    assert again == first.json() | {"repeated": True}
    undone = auditor.get(there).json()
    assert (undone["gift"]["reversed"], undone["undone"]["reason"]) == (True, "a stolen card")
    assert undone["undone"]["actor"] == "operator tess"
    back = auditor.get(f"/v1/users/mira/entries/{first.json()['id']}").json()
    assert back["cause"] == gift


def test_a_gift_undone_before_anybody_said_why_can_be_given_its_reason(live: Front) -> None:
    """As after a crash between the two: the reversal stands, and asking again completes it."""
    live.reverse("mira", "comet")
    trust = live.as_operator("trust")
    gift = trust.get("/v1/users/mira/gifts/comet").json()["id"]
    assert trust.get(f"/v1/users/mira/entries/{gift}").json()["undone"] is None
    assert trust.post(f"/v1/users/mira/entries/{gift}/reverse", json={"reason": "a stolen card"}).json()["repeated"]
    assert trust.get(f"/v1/users/mira/entries/{gift}").json()["undone"]["reason"] == "a stolen card"


def test_what_a_forgotten_supporter_gave_is_found_from_the_creators_side(live: Front) -> None:
    auditor = live.as_operator("auditor")
    account = auditor.get("/v1/users/mira").json()["account"]
    assert live.client("users:write").delete("/v1/users/mira").status_code == 204
    entry = auditor.get("/v1/users/jo/accounts/diamonds/entries/1").json()
    assert (entry["owner"], entry["gift"]["sender"]) == (account, account)
