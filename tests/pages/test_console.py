"""Who sees what at the console, and who is offered to do something."""

import re

import pytest
from cashier import Cashier, payouts
from console_desk import Desk, desk, forms_of, front

from riviere import ids
from riviere.access.scopes import ROLES
from riviere.economy import policies
from riviere.pages.page import PAGES

__all__ = ["desk", "front", "payouts"]

#: What may be looked at, and by whom: Admin, Finance, Trust, aUditor. Those in brackets may do something there.
TABLE = """
/console                                    AFTU
/console/redemptions                        AFTU
/console/redemptions/{id}                   AFTU  (AF)
/console/users                              AFTU
/console/users/{user}                       AFTU  (AT)
/console/catalogue                          AFTU  (A)
/console/catalogue/gifts/{code}             AFTU  (A)
/console/catalogue/packs/{code}             AFTU  (A)
/console/policies                           AFTU  (AF)
/console/ledger                             AFTU
/console/lines/{user}/{account}/{seq}       AFTU  (AT)
/console/entries/{user}/{id}                AFTU  (AT)
/console/proof                              AFU   (AFU)
/console/proof/progress                     AFU
/console/health                             AFU
/console/reports                            AT    (AT)
/console/words                              AT    (AT)
/console/access                             AU    (A)
/console/access/operators/{name}            AU    (A)
"""
LETTERS = {"A": "admin", "F": "finance", "T": "trust", "U": "auditor"}
ROWS = [[*line.split(), ""][:3] for line in TABLE.strip().splitlines()]


def test_the_table_names_every_page_of_the_console() -> None:
    ours = [page for page in PAGES if page.path.startswith("/console") and page.method == "GET"]
    assert {page.path for page in ours} == {path for path, *_ in ROWS}
    assert set(LETTERS.values()) == set(ROLES)


@pytest.fixture
def town(desk: Desk, payouts: Cashier) -> dict[str, str]:
    """What the addresses of the table name: a redemption in review, a gift, a pack; and reported words."""
    front = desk.front
    jo = payouts.creator("jo", 12_000)
    payouts.announce("review_over", "USD", amount="1")
    redemption = payouts.redeem(jo, "jo")
    front.viewer("mira")
    front.buy("mira", 700)
    gift = front.give("mira", "jo", "ring")
    asked = front.as_user("mira").post(
        "/v1/users/jo/streams/live/questions", json={"text": "Really?"}, headers={"Idempotency-Key": front.key()}
    )
    written = f"/v1/users/jo/written/{asked.json()['id']}"
    assert front.as_user("jo").post(f"{written}/report", json={"reason": "insults me"}).status_code == 204
    return {
        "redemptions/{id}": f"redemptions/{redemption}",
        "entries/{user}/{id}": f"entries/mira/{gift.id}",
        "lines/{user}/{account}/{seq}": "lines/jo/diamonds/1",
        "users/{user}": "users/jo",
        "gifts/{code}": "gifts/rose",
        "packs/{code}": f"packs/{front.pack(700)}",
        "operators/{name}": "operators/the auditor",
        "keys/{id}": "keys/rvk_0000000000000",
        "{act}": "approve",
    }


def _address(path: str, town: dict[str, str]) -> str:
    for place, there in town.items():
        path = path.replace(place, there)
    assert "{" not in path
    return path


def test_a_role_sees_the_pages_that_are_its_own_and_is_offered_what_it_may_do(desk: Desk, town: dict[str, str]) -> None:
    wrong = []
    for letter, role in LETTERS.items():
        browser = desk.as_role(role)
        for path, may_see, may_act in ROWS:
            expected = 200 if letter in may_see else 403
            answer = browser.client.get(_address(path, town))
            if answer.status_code != expected:
                wrong.append(f"{path} by {role}: {answer.status_code}, expected {expected}")
            offered = answer.status_code == 200 and bool(forms_of(answer.text))
            if offered != (letter in may_act):
                wrong.append(f"{path} by {role}: {'offers' if offered else 'does not offer'} to do something")
    assert not wrong, "\n".join(wrong)


def test_nobody_but_operators_is_let_in(desk: Desk, town: dict[str, str]) -> None:
    jo, stranger = desk.as_user("jo"), desk.front.stranger()
    for path, *_ in ROWS:
        assert "This page is for operators" in jo.client.get(_address(path, town)).text
        assert "Sign in first" in stranger.get(_address(path, town)).text


def test_a_form_of_another_page_is_refused_before_it_is_read(desk: Desk, town: dict[str, str]) -> None:
    admin = desk.as_role("admin")
    with desk.front.nothing_moves():
        answer = admin.client.post(
            _address("/console/redemptions/{id}/approve", town), data={"reason": "mine", "sure": "1", "token": "0" * 32}
        )
    assert "did not come from a page that you opened here" in answer.text


def test_no_page_is_larger_than_it_should_be_and_none_has_anything_inline(desk: Desk, town: dict[str, str]) -> None:
    admin = desk.as_role("admin")
    for path, *_ in ROWS:
        if path.endswith("/progress"):
            continue
        page = admin.client.get(_address(path, town)).text
        loaded = re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page)
        size = len(page.encode()) + sum(len(admin.client.get(file).content) for file in loaded)
        assert size < 150_000, (path, size)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page), path
        ids = re.findall(r'\sid="([^"]+)"', page)
        assert len(ids) == len(set(ids)), (path, sorted(one for one in ids if ids.count(one) > 1))
        labelled = set(re.findall(r'<label for="([^"]+)"', page))
        fields = set(re.findall(r'<(?:input|select) id="([^"]+)"', page))
        assert fields <= labelled, (path, fields - labelled)


def test_the_first_page_says_what_waits_and_where_to_go(desk: Desk, town: dict[str, str]) -> None:
    page = desk.as_role("finance").get("/console")
    assert "redemption to review" in page
    assert 'href="/console/redemptions?among=in_review"' in page
    assert "$49.15" in page  # 10,000 diamonds at $0.005, less 1.5 % and $0.10


def test_an_import_waits_for_somebody_else_to_post_money_behind_it(desk: Desk) -> None:
    front, now = desk.front, desk.front.now
    rate = policies.announce(
        front.connection, front.signer, "diamonds_per_coin", "import:1", 1_000, starts_at=now, by="ada", now=now
    )
    front.connection.execute(
        "INSERT INTO import VALUES (1, 'gift_log', %s, 'log.csv', %s, %s, 'ada')",
        [ids.request_digest("first"), rate.id, now],
    )
    page = desk.as_role("auditor").get("/console")
    assert "waits for a second person" in page
    assert "run by ada" in page
    assert "Nothing waits for you" in desk.as_role("trust").get("/console"), "who may not see the books is not asked"


def test_where_nothing_waits_the_first_page_says_so(desk: Desk) -> None:
    for role in ROLES:
        assert "Nothing waits for you" in desk.as_role(role).get("/console")
