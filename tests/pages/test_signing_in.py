"""Signing in: a link works once, a session ends, and no form of another site does anything."""

import json
import re

import pytest
from visitors import Site

from riviere.access import operators, sessions
from riviere.economy import people
from riviere.http.app import create_app
from riviere.http.serve import Server
from riviere.pages.faces import pages


@pytest.fixture
def mira(site: Site) -> str:
    site.viewer("mira")
    return "mira"


def test_a_link_signs_its_user_in_once(site: Site, mira: str) -> None:
    link, browser = site.link(mira), site.somebody()
    page = browser.open(link)
    assert "Sign in as mira" in page.words
    assert browser.open("/wallet").status == 401, "looking at a link is not using it: programs look at links first"
    signed_in = browser.send(browser.open(link), link)
    assert "mira" in signed_in.words
    assert browser.open("/wallet").status == 200
    other = site.somebody()
    again = other.open(link)
    assert (again.status, "used before" in again.words) == (410, True)
    assert other.client.post(link, data={"token": ""}).status_code == 410
    assert other.open("/wallet").status == 401


def test_a_new_link_takes_the_place_of_one_that_nobody_used(site: Site, mira: str) -> None:
    first, second = site.link(mira), site.link(mira)
    assert site.somebody().open(first).status == 404
    assert site.somebody().open(second).status == 200


def test_a_link_is_good_for_a_day(site: Site, mira: str) -> None:
    link = site.link(mira)
    site.later(hours=24)
    page = site.somebody().open(link)
    assert (page.status, "was good until" in page.words) == (410, True)


def test_what_is_no_link_signs_nobody_in(site: Site) -> None:
    for guess in ("0" * 64, "x", "%00", "é"):
        assert site.somebody().open(f"/claim/{guess}").status == 404, guess


def test_a_session_ends_by_itself_and_by_signing_out(site: Site, mira: str) -> None:
    here, there = site.user(mira), site.user(mira)
    here.send(here.open("/wallet"), "/sign-out")
    assert here.open("/wallet").status == 401
    assert there.open("/wallet").status == 200, "another browser of the same person stays signed in"
    site.later(days=14)
    assert there.open("/wallet").status == 401
    kim = site.operator("trust")
    site.later(hours=11)
    assert kim.open("/").words.count("(operator)") == 1
    site.later(hours=1)
    assert "(operator)" not in kim.open("/").words


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(site: Site, mira: str) -> None:
    browser = site.user(mira)
    stolen = dict(browser.client.cookies)
    browser.send(browser.open("/wallet"), "/sign-out")
    thief = site.somebody()
    thief.client.cookies.update(stolen)
    assert thief.open("/wallet").status == 401


def test_who_is_forgotten_or_disabled_is_out_within_seconds(site: Site, mira: str) -> None:
    browser, kim = site.user(mira), site.operator("trust", "kim")
    people.forget(site.connection, mira)
    operators.disable(site.connection, "kim", by="tests", now=site.now)
    site.later(seconds=6)
    assert browser.open("/wallet").status == 401
    assert "(operator)" not in kim.open("/").words
    with pytest.raises(operators.OperatorDisabled):
        site.link("kim", operator=True)


def test_a_cookie_is_for_this_server_and_not_for_scripts(site: Site, mira: str) -> None:
    answer = site.stranger().post(site.link(mira), data={"token": ""})
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"riviere=[0-9a-f]{64}; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax", cookie)
    secret = cookie.split("=", 1)[1].split(";")[0]
    kept = site.connection.execute("SELECT digest FROM session").fetchall()
    assert all(secret not in bytes(digest).hex() for (digest,) in kept), "only a digest is kept"


def test_where_people_come_by_https_the_cookie_goes_nowhere_else(site: Site, mira: str) -> None:
    faces = pages(demo=False, public_url="https://gifts.example.com")
    server = Server(create_app(site.office, pages=faces), "127.0.0.1", 0)
    server.start()
    try:
        answer = site.stranger().post(server.url + site.link(mira), data={"token": ""})
        assert re.match(
            r"__Host-riviere=[0-9a-f]{64}; Path=/; .*; HttpOnly; SameSite=Lax; Secure$", answer.headers["set-cookie"]
        )
        assert site.stranger().post(server.url + "/join", data={"name": "sol"}).status_code == 404, "this is no demo"
    finally:
        server.stop()


@pytest.mark.parametrize(
    "header",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_a_form_of_another_site_does_nothing(site: Site, mira: str, header: dict[str, str]) -> None:
    browser = site.user(mira)
    form = browser.open("/wallet").forms["/wallet/buy"]
    with site.nothing_moves():
        answer = browser.client.post("/wallet/buy", data=form, headers=header)
        assert (answer.status_code, "did not come from a page" in answer.text) == (403, True)


@pytest.mark.parametrize("token", ["", "0" * 32, "é"])
def test_a_form_without_this_sessions_token_does_nothing(site: Site, mira: str, token: str) -> None:
    site.pack(70)
    browser = site.user(mira)
    page = browser.open("/wallet")
    with site.nothing_moves():
        assert browser.send(page, "/wallet/buy", token=token).status == 403


def test_a_form_of_one_session_is_not_another_sessions(site: Site, mira: str) -> None:
    site.viewer("sol")
    sol, page = site.user("sol"), site.user(mira).open("/wallet")
    with site.nothing_moves():
        assert sol.send(page, "/wallet/buy", pack="pack-70-0-30", card="card-ok").status == 403


def test_going_back_leads_nowhere_else(site: Site, mira: str) -> None:
    browser = site.user(mira)
    browser.client.follow_redirects = False
    form = browser.open("/wallet").forms["/veil"]
    for back in ("https://evil.example", "//evil.example", "/\\evil.example", "", "/\r\nX: y"):
        answer = browser.client.post("/veil", data=form | {"back": back})
        assert answer.headers["location"] == "/", back
    assert browser.client.post("/veil", data=form | {"back": "/wallet"}).headers["location"] == "/wallet"


def test_a_platform_sends_its_users_to_their_pages(site: Site, mira: str) -> None:
    backend = site.client(*sessions.scopes.USER_SCOPES, "sessions:write")
    made = backend.post(f"/v1/users/{mira}/sign-in-links")
    assert made.status_code == 201
    browser = site.somebody()
    assert "mira" in browser.send(browser.open(made.json()["path"]), made.json()["path"]).words
    few = site.client("sessions:write").post(f"/v1/users/{mira}/sign-in-links")
    assert few.json()["code"] == "beyond_giver"
    assert backend.post("/v1/users/nobody/sign-in-links").json()["code"] == "unknown_user"


def test_old_sessions_of_users_are_forgotten_and_those_of_operators_kept(site: Site, mira: str) -> None:
    site.user(mira)
    site.operator("trust")
    site.later(days=16)
    sessions.forget_old(site.connection, site.now)
    assert site.connection.execute("SELECT operator IS NULL FROM session").fetchall() == [(False,)]
    assert site.connection.execute("SELECT operator IS NULL FROM sign_in_link").fetchall() == [(False,)]


def test_no_secret_of_a_link_or_session_is_logged(site: Site, mira: str, capsys: pytest.CaptureFixture[str]) -> None:
    link = site.link(mira)
    browser = site.somebody()
    browser.send(browser.open(link), link)
    cookie = dict(browser.client.cookies)["riviere"]
    browser.open("/claim/" + "0" * 64)
    said = capsys.readouterr()
    for secret in (link.rpartition("/")[2], cookie):
        assert secret not in said.out + said.err


def test_whoever_joins_a_demo_has_an_empty_wallet(site: Site) -> None:
    browser = site.somebody()
    page = browser.send(browser.open("/"), "/join", name="noor")
    assert page.address == "/wallet"
    assert "noor" in page.words
    taken = site.somebody()
    with site.nothing_moves():
        again = taken.send(taken.open("/"), "/join", name="noor")
    assert (again.status, again.field("name")["value"]) == (409, "noor")
    assert "There is a user" in again.beside("name")
    with site.nothing_moves():
        for name in ("", "x" * 41, "a\x00b"):
            assert taken.send(taken.open("/"), "/join", name=name).status in (400, 422), name


def test_a_script_is_told_in_json(site: Site) -> None:
    answer = site.stranger().get("/wallet", headers={"Accept": "application/json"})
    assert (answer.status_code, json.loads(answer.text)["code"]) == (401, "not_signed_in")
