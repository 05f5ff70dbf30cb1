"""Who may see and do what on the pages: every page, every kind of visitor.

The table is what was decided, written down by hand; the pages must agree with it, and the server with both.
"""

import re
from typing import NamedTuple

import httpx2
import pytest
from visitors import Site

from riviere.access.scopes import ROLES
from riviere.pages.page import PAGES, Page

#: Method, address, and who is let in: Everybody, Users, and operators by role (Admin, Finance, Trust, aUditor).
TABLE = """
GET   /                               E
POST  /join                           E
GET   /claim/{secret}                 E
POST  /claim/{secret}                 E
POST  /sign-out                       E
POST  /veil                           E
GET   /s/{creator}                    E
GET   /s/{creator}/{place}            E
GET   /p/{creator}/{place}            E
GET   /s/{creator}/{place}/feed       E
GET   /p/{creator}/{place}/feed       E
GET   /art/{size}/{coins}/{code}      E
POST  /s/{creator}/{place}/gifts      U
POST  /p/{creator}/{place}/gifts      U
POST  /s/{creator}/{place}/questions  U
POST  /s/{creator}/{place}/questions/{question}/voice  U
GET   /written/{creator}/{written}/report  U
POST  /written/{creator}/{written}/report  U
POST  /reminders/{creator}/{announcement}  U
GET   /wallet                         U
POST  /wallet/buy                     U
POST  /wallet/limit                   U
GET   /studio/overlays                U
POST  /studio/overlays                U
POST  /studio/overlays/{id}           U
POST  /studio/overlays/{id}/code      U
POST  /studio/overlays/{id}/test      U
POST  /studio/overlays/{id}/secret    U
POST  /studio/overlays/{id}/revoke    U
GET   /o/{secret}                     E
GET   /o/{secret}/feed                E
POST  /o/{secret}/shown               E
GET   /o/{secret}/widget              E
GET   /console                                     AFTS
GET   /console/redemptions                         AFTS
GET   /console/redemptions/{id}                    AFTS
GET   /console/users                               AFTS
GET   /console/users/{user}                        AFTS
GET   /console/catalogue                           AFTS
GET   /console/catalogue/gifts/{code}              AFTS
GET   /console/catalogue/packs/{code}              AFTS
GET   /console/policies                            AFTS
GET   /console/ledger                              AFTS
GET   /console/lines/{user}/{account}/{seq}        AFTS
GET   /console/entries/{user}/{id}                 AFTS
GET   /console/proof                               AFS
GET   /console/proof/progress                      AFS
GET   /console/health                              AFS
GET   /console/reports                             AT
GET   /console/words                               AT
GET   /console/access                              AS
GET   /console/access/operators/{name}             AS
POST  /console/redemptions/{id}/{act}              AF
POST  /console/users/{user}/standing               AT
POST  /console/users/{user}/identity               AT
POST  /console/users/{user}/level                  AT
POST  /console/users/{user}/forget                 AT
POST  /console/catalogue/gifts                     A
POST  /console/catalogue/packs                     A
POST  /console/catalogue/gifts/{code}/versions     A
POST  /console/catalogue/gifts/{code}/retire       A
POST  /console/catalogue/packs/{code}/retire       A
POST  /console/policies                            AF
POST  /console/entries/{user}/{id}/reverse         AT
POST  /console/proof                               AFS
POST  /console/reports/{creator}/{written}/{act}   AT
POST  /console/words                               AT
POST  /console/access/operators                    A
POST  /console/access/operators/{name}/role        A
POST  /console/access/operators/{name}/disable     A
POST  /console/access/operators/{name}/link        A
POST  /console/access/keys                         A
POST  /console/access/keys/{id}/revoke             A
GET   /studio                         U
GET   /studio/income.csv              U
GET   /studio/live                    U
POST  /studio/live/{part}             U
POST  /studio/live/{part}/{id}/{act}  U
GET   /studio/redeem                  U
POST  /studio/payout-method           U
POST  /studio/quote                   U
GET   /studio/redemptions             U
POST  /studio/redemptions             U
GET   /studio/redemptions/{id}        U
POST  /studio/redemptions/{id}/{act}  U
GET   /studio/entries/{account}/{seq} U
GET   /studio/statement               U
GET   /studio/statement.csv           U
GET   /studio/statement.json          U
"""

LETTERS = {"A": "admin", "F": "finance", "T": "trust", "S": "auditor"}


class Row(NamedTuple):
    """What was decided about one page: `who` is letters of visitors."""

    method: str
    path: str
    who: str


ROWS = [Row(*line.split()) for line in TABLE.strip().splitlines()]


def test_every_page_is_in_the_table_and_says_the_same() -> None:
    assert {(row.method, row.path) for row in ROWS} == {(page.method, page.path) for page in PAGES}
    decided = {(row.method, row.path): row.who for row in ROWS}
    for page in PAGES:
        assert decided[page.method, page.path] == _said(page), page.path


def _said(page: Page) -> str:
    """The letters that a page's own row comes to."""
    if page.who != "operator":
        return {"anyone": "E", "user": "U"}[page.who]
    return "".join(letter for letter, role in LETTERS.items() if page.scope is None or page.scope in ROLES[role])


def test_everybody_is_let_in_or_turned_away_as_decided(site: Site, subtests: pytest.Subtests) -> None:
    site.creator("mira")
    site.post("mira", "welcome")
    visitors = {"": site.somebody(), "U": site.user("mira")}
    visitors |= {letter: site.operator(role) for letter, role in LETTERS.items()}
    tokens = {}
    for letter, visitor in visitors.items():
        visitor.client.follow_redirects = False
        tokens[letter] = visitor.open("/").forms.get("/sign-out", {}).get("token", "")
    for row in (one for one in ROWS if one.path != "/sign-out"):
        for letter, visitor in visitors.items():
            with subtests.test(row=row, visitor=letter):
                expected = 200 if row.who == "E" or (letter in row.who.replace("E", "") and letter) else 403
                if expected == 403 and not letter:
                    expected = 401
                status = _tried(visitor.client, row, tokens[letter])
                assert (status if status in (401, 403) else 200) == expected


def _tried(client: httpx2.Client, row: Row, token: str) -> int:
    there = {"creator": "mira", "place": "live" if row.path.startswith("/s") else "welcome"}
    address = re.sub(r"{(\w+)}", lambda found: there.get(found[1], "1"), row.path)
    sent = {"data": {"token": token}} if row.method == "POST" else {}
    with client.stream(row.method, address, **sent) as answer:
        assert answer.status_code < 500, address
        return answer.status_code


def test_a_page_knows_its_methods(site: Site) -> None:
    stranger = site.stranger()
    for method, path, allowed in (("DELETE", "/", "GET"), ("GET", "/join", "POST"), ("PUT", "/wallet", "GET")):
        answer = stranger.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), path
    assert stranger.head("/").status_code == 200


def test_where_there_is_nothing_a_person_reads_a_page_and_a_program_a_problem(site: Site) -> None:
    page = site.somebody().open("/nowhere")
    assert (page.status, "There is nothing at this address" in page.words) == (404, True)
    assert site.stranger().get("/nowhere").json()["code"] == "not_found"
    assert site.stranger().post("/v1/nowhere").json()["code"] == "not_found"
