"""The wallet's page without scripts: coins are bought once, and a refused card says so beside the card."""

import pytest
from visitors import Browser, Site


@pytest.fixture
def mira(site: Site) -> Browser:
    """A viewer with nothing, and two packs on sale."""
    site.viewer("mira")
    site.pack(70)
    site.pack(700, 20)
    return site.user("mira")


PACK = {"pack": "pack-700-20-30", "card": "card-ok"}


def test_a_pack_is_bought_once_however_often_it_is_pressed(site: Site, mira: Browser) -> None:
    page = mira.open("/wallet")
    bought = mira.send(page, "/wallet/buy", **PACK)
    assert bought.address == "/wallet?bought=720"
    assert "720 coins are in your wallet." in bought.words
    with site.nothing_moves():
        mira.send(page, "/wallet/buy", **PACK)
    assert "720" in mira.open("/wallet").words


REFUSED = [
    ({"card": "card-declined"}, 409, "card", "was declined"),
    ({"card": "card-expired"}, 409, "card", "has expired"),
    ({"card": "4111"}, 422, "card", "There is no card"),
    ({"card": ""}, 422, "card", "Something is missing here: card."),
    ({"pack": "pack-9"}, 404, "", "There is no"),
    ({"pack": ""}, 422, "", "Something is missing here: pack."),
    ({"key": ""}, 400, "", "Idempotency-Key"),
]


def test_what_is_refused_is_said_beside_the_field_and_kept(
    site: Site, mira: Browser, subtests: pytest.Subtests
) -> None:
    for typed, status, field, said in REFUSED:
        with subtests.test(typed=typed):
            page = mira.open("/wallet")
            with site.nothing_moves():
                answer = mira.send(page, "/wallet/buy", **(PACK | typed))
            beside = answer.beside(field) if field else answer.words
            assert (answer.status, said in beside) == (status, True), answer.words
            assert answer.field("card")["value"] == (PACK | typed)["card"]
            packs = [found for tag, found in answer.tags if tag == "input" and found.get("name") == "pack"]
            kept = [found["value"] for found in packs if "checked" in found]
            assert kept == ([] if typed.get("pack") in ("", "pack-9") else [PACK["pack"]])


def test_the_same_form_may_be_tried_with_another_card(site: Site, mira: Browser) -> None:
    refused = mira.send(mira.open("/wallet"), "/wallet/buy", **PACK | {"card": "card-declined"})
    bought = mira.send(refused, "/wallet/buy", card="card-ok")
    assert bought.address == "/wallet?bought=720"


def test_who_has_nothing_is_told_what_to_do_next(site: Site, mira: Browser) -> None:
    site.creator("aurora")
    page = mira.open("/wallet")
    assert "A pack of coins above is the first step." in page.words
    assert "/s/aurora/live" in page.links


def test_an_address_that_says_nonsense_shows_nothing_of_it(mira: Browser) -> None:
    for bought in ("-1", "x", "9" * 30, "²", "<b>"):
        assert "are in your wallet" not in mira.open(f"/wallet?bought={bought}").words
