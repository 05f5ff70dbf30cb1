"""What all pages keep to: a strict policy, nothing inline, nothing from elsewhere, and not much of it."""

import re
from importlib import resources
from pathlib import Path

import pytest
from visitors import Browser, Site

#: All but the page in the frame of a creator's own widget: what is inline there is theirs, in an origin of its own.
TEMPLATES = sorted(
    path for path in Path(str(resources.files("riviere.pages") / "templates")).rglob("*.html") if path.stem != "widget"
)
STATIC = Path(str(resources.files("riviere.pages") / "static"))

#: Bytes of a page with its styles and scripts.
MOST = 150 * 1024


@pytest.fixture
def mira(site: Site) -> Browser:
    """A viewer who has bought and given something."""
    site.creator("aurora")
    site.viewer("mira")
    site.pack(700, 20)
    site.buy("mira", 700, 20)
    site.give("mira", "aurora", "rose", 3)
    return site.user("mira")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.stem)
def test_nothing_is_inline_and_nothing_comes_from_elsewhere(template: Path) -> None:
    text = template.read_text("utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=", text), "a strict policy would leave it out"
    assert not re.search(r"<script(?![^>]* (src=|type=\"application/json\"))", text)
    assert not re.search(r"(src|href)=\"(https?:)?//", text)
    assert "|safe" not in text, "whatever comes from people is escaped"


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.[cj]s*")), ids=lambda path: path.name)
def test_colours_are_named_in_one_file_and_scripts_ask_nobody_else(path: Path) -> None:
    text = path.read_text("utf-8")
    without_sources = re.sub(r"(?m)^//.*$|http://www\.w3\.org/2000/svg", "", text)
    assert not re.search(r"https?://|@import|\beval\(|innerHTML|document\.write", without_sources)
    assert path.stat().st_size < MOST / 4


def test_every_page_has_the_strict_policy(mira: Browser) -> None:
    for path in ("/", "/wallet", "/s/aurora/live", "/nowhere", "/s/aurora/gone"):
        headers = mira.open(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';"), path
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


def test_pages_are_light(mira: Browser) -> None:
    for path in ("/", "/wallet", "/s/aurora/live", "/studio", "/studio/redeem", "/studio/statement"):
        page = mira.open(path)
        loaded = {path: len(page.source.encode())}
        for tag, attributes in page.tags:
            address = attributes.get("href") if tag == "link" else attributes.get("src") if tag == "script" else None
            if address:
                loaded[address] = len(mira.client.get(address).content)
        for name in re.findall(r'from "\./([\w-]+\.js)"', "".join(p.read_text("utf-8") for p in STATIC.glob("*.js"))):
            loaded[name] = (STATIC / name).stat().st_size
        assert sum(loaded.values()) < MOST, loaded


def test_files_are_kept_for_ever_under_an_address_that_changes_with_them(site: Site) -> None:
    page = site.somebody().open("/")
    sheet = next(found["href"] for tag, found in page.tags if tag == "link" and "tokens" in (found.get("href") or ""))
    answer = site.stranger().get(sheet or "")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    for wrong in ("/static/x/no.css", "/static/x/..%2Fsite.py", "/static/x/site.py"):
        assert site.stranger().get(wrong).status_code == 404


def test_numbers_can_be_hidden_and_stay_so(mira: Browser) -> None:
    page = mira.send(mira.open("/wallet"), "/veil")
    assert page.address == "/wallet"
    assert '<html lang="en" class="veiled">' in page.source
    again = mira.send(page, "/veil")
    assert "veiled" not in again.source.split("<body>")[0]


def test_numbers_are_written_as_the_reader_writes_them(site: Site, mira: Browser) -> None:
    site.buy("mira", 7000)
    assert "7,717" in mira.open("/wallet").words
    mira.client.headers["Accept-Language"] = "de-DE,de;q=0.9"
    assert "7.717" in mira.open("/wallet").words
    for strange in ("*", "xx-yy-zz", ";q=1", "-", "de_DE@", "a" * 500):
        mira.client.headers["Accept-Language"] = strange
        assert mira.open("/wallet").status == 200, strange


def test_whatever_people_are_called_is_text(site: Site, subtests: pytest.Subtests) -> None:
    for name in ("<b>bold</b>", '"onload=x', "{{ 7*7 }}", "日本", "a/b", "‮txt"):
        site.creator(name)
        with subtests.test(name=name):
            browser = site.user(name)
            page = browser.open("/")
            assert name in page.words
            assert browser.open(next(link for link in page.links if link.startswith("/s/"))).status == 200
        # The next one is alone on the front page again.
        site.end(name)


def test_who_asks_too_often_waits(site: Site) -> None:
    stranger = site.somebody()
    assert stranger.open("/").headers["ratelimit-policy"].startswith('"stranger"')
