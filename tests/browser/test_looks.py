"""How each page looks and weighs, in light and dark, on a desk and a phone; and what axe says about it.

`RIVIERE_PICTURES=docs/img make test ARGS="tests/browser/test_looks.py"` makes the pictures of the documents again.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cashier import Cashier
from chromium import People
from evening import lived_in
from playwright.sync_api import Page, expect
from visitors import Site

#: Bytes of a page with everything it loads but pictures of gifts, which are shared by all pages and kept for ever.
MOST = 150 * 1024
#: Milliseconds until the first thing is drawn.
FIRST_PAINT = 1000

#: Who looks at which page of each face.
PAGES = {
    "viewers": {
        "start": ("", "/"),
        "stream": ("mika", "/s/aurora/tonight"),
        "post": ("mika", "/p/aurora/welcome"),
        "wallet": ("mika", "/wallet"),
    },
    "creators": {
        "studio": ("aurora", "/studio"),
        "live": ("aurora", "/studio/live"),
        "redeem": ("aurora", "/studio/redeem"),
        "statement": ("aurora", "/studio/statement"),
        "entry": ("aurora", "/studio/entries/diamonds/1"),
        "overlays": ("aurora", "/studio/overlays"),
    },
    "operators": {
        "console": ("operator owner", "/console"),
        "console-redemptions": ("operator owner", "/console/redemptions"),
        "console-user": ("operator owner", "/console/users/aurora"),
        "console-policies": ("operator owner", "/console/policies"),
        "console-ledger": ("operator owner", "/console/ledger?user=aurora"),
    },
}

#: Light or dark, on a desk or a phone. Every page is looked at in one of the first two, by turns; in all four in the
#: long run and where pictures are made.
ALL = (("light", "desk"), ("dark", "phone"), ("dark", "desk"), ("light", "phone"))
WHOLE = os.environ.get("RIVIERE_SLOW") == "1" or "RIVIERE_PICTURES" in os.environ

_PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
_WEIGHT = """[performance.getEntriesByType('navigation')[0], ...performance.getEntriesByType('resource')]
    .filter((one) => !one.name.includes('/art/')).reduce((sum, one) => sum + one.encodedBodySize, 0)"""
_TOO_WIDE = "document.scrollingElement.scrollWidth > document.documentElement.clientWidth"
_AXE = """() => axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})
    .then((found) => found.violations.map((one) => [one.impact, one.id, one.nodes.map((node) => node.html)]))"""


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, from npm."""
    found = os.environ.get("RIVIERE_AXE") or _installed()
    if found is None:
        pytest.skip("no axe-core; npm install axe-core, and RIVIERE_AXE names its axe.min.js")
    return Path(found).read_text("utf-8")


def _installed() -> str | None:
    beside = shutil.which("spectral")
    modules = Path(beside).parent.parent if beside else Path("node_modules")
    script = modules / "axe-core" / "axe.min.js"
    return str(script) if script.is_file() else None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where pictures go."""
    return Path(os.environ.get("RIVIERE_PICTURES") or tmp_path)


@pytest.fixture
def visit(house: tuple[Site, Cashier], people: People) -> Callable[..., Page]:
    """Opens a page of a lived-in economy as somebody, in a window of some kind."""
    site, payouts = house
    lived_in(site, payouts)

    def open_page(who: str, address: str, **window: Any) -> Page:
        if who.startswith("operator "):
            page = people.operator(who.removeprefix("operator "), **window)
        else:
            page = people.user(who, **window) if who else people.somebody(**window)
        page.goto(address)
        page.wait_for_timeout(400)
        return page

    return open_page


@pytest.mark.parametrize("face", PAGES)
def test_every_page_fits_weighs_little_and_leaves_nobody_out(
    visit: Callable[..., Page],
    folder: Path,
    axe: str,
    house: tuple[Site, Cashier],
    subtests: pytest.Subtests,
    face: str,
) -> None:
    for number, (name, (who, address)) in enumerate(PAGES[face].items()):
        for scheme, device in ALL if WHOLE else [ALL[number % 2]]:
            with subtests.test(page=name, scheme=scheme, device=device):
                page = visit(who, address, dark=scheme == "dark", phone=device == "phone")
                if name == "stream":
                    house[0].give("sol", "aurora", "comet", stream="tonight")
                    expect(page.locator(".spotlight")).to_contain_text("Comet")
                page.screenshot(path=folder / f"{name}-{scheme}-{device}.png", full_page=True)
                assert not page.evaluate(_TOO_WIDE), "it has to be pushed sideways"
                assert page.evaluate(_WEIGHT) < MOST
                page.evaluate(axe)
                serious = [one for one in page.evaluate(_AXE) if one[0] in ("serious", "critical")]
                assert not serious, serious
                page.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("face", PAGES)
def test_every_page_is_there_within_a_second(visit: Callable[..., Page], face: str, subtests: pytest.Subtests) -> None:
    """The best of three: on a machine that does nothing else."""
    for name, (who, address) in PAGES[face].items():
        with subtests.test(page=name):
            painted = []
            for _ in range(3):
                page = visit(who, address)
                painted.append(page.evaluate(_PAINTED))
                page.context.close()
            print(name, [round(one) for one in painted])
            assert 0 < min(painted) < FIRST_PAINT
