"""Overlays that are opened late: how things stand is there at once, also where the server was killed in between."""

import signal
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from scene import ended, kill, serve
from shop import CREATORS, VIEWERS, Shop

from riviere import clock
from riviere.ledger.model import Gift
from riviere.live import goals
from riviere.live.goals import Wanted
from riviere.live.overlays import keeping
from riviere.services import Riviere
from riviere.settings import Settings

AURORA, MIRA, SOL = CREATORS[0], VIEWERS[0], VIEWERS[1]


@pytest.fixture
def scenes(chromium: Browser) -> Iterator[BrowserContext]:
    """The scenes of a creator's broadcasting software, each of which loads an overlay."""
    context = chromium.new_context(viewport={"width": 800, "height": 600})
    yield context
    context.close()


def combo(shop: Shop, viewer: str, upto: int) -> Gift:
    """A step of the viewer's combo, now."""
    shop.now = clock.now()
    return msgspec.structs.replace(shop.gift(viewer, AURORA, f"combo-{viewer}", upto), combo=True)


def cut_off(scenes: BrowserContext, address: str) -> Page:
    """A scene that has nothing but the page itself: its feed never comes."""
    page = scenes.new_page()
    page.route("**/feed?*", lambda route: route.abort())
    page.goto(address)
    return page


def opened(scenes: BrowserContext, address: str) -> Page:
    """A scene that has heard whatever its feed begins with."""
    page = scenes.new_page()
    page.goto(address)
    page.wait_for_timeout(500)
    return page


def test_what_stands_is_shown_to_who_comes_late_also_after_a_kill(data_folder: Path, scenes: BrowserContext) -> None:
    with Riviere(Settings(data_folder, None)) as riviere:
        shop = Shop(riviere.database, riviere.signer)
        shop.stock_up()
        made = {
            widget: keeping.make(riviere.connection, shop.users[AURORA], widget, widget, shop.now, seconds=30)
            for widget in ("goal", "supporters", "combos")
        }
        goals.open_goal(riviere.connection, AURORA, Wanted("New easel", 100_000), "easel", shop.now)
        process, url = serve(data_folder)
        at = {widget: f"{url}/o/{secret}" for widget, (_, secret) in made.items()}
        open_all_evening = scenes.new_page()
        open_all_evening.goto(at["goal"])
        shop.write([combo(shop, MIRA, 30), combo(shop, SOL, 12)])
        late = scenes.new_page()
        late.goto(at["combos"])
        expect(late.locator(".rows li:not(.over)")).to_have_text([f"{MIRA}Rose×30", f"{SOL}Rose×12"])
        expect(open_all_evening.locator("main")).to_have_text("New easel42 of 100 diamonds")
        # What was tried before a page is opened is no part of how things stand.
        for widget in ("goal", "supporters"):
            keeping.test(riviere.connection, made[widget][0], clock.now())
        stands(scenes, at, "42", [f"1{MIRA}30", f"2{SOL}12"])
        kill(process)
        shop.write([combo(shop, SOL, 40)])
        process, _ = serve(data_folder, int(url.rpartition(":")[2]))
        late = scenes.new_page()
        late.goto(at["combos"])
        expect(late.locator(".rows li").first).to_have_text(f"{SOL}Rose×40")
        expect(open_all_evening.locator("main")).to_have_text("New easel70 of 100 diamonds", timeout=15_000)
        stands(scenes, at, "70", [f"1{SOL}40", f"2{MIRA}30"])
        process.send_signal(signal.SIGTERM)
        assert ended(process).status == 0


def stands(scenes: BrowserContext, at: dict[str, str], reached: str, top: list[str]) -> None:
    """The goal and the first supporters are on their pages, before their feeds bring anything and after that."""
    for come in (cut_off(scenes, at["goal"]), opened(scenes, at["goal"])):
        expect(come.locator("main")).to_have_text(f"New easel{reached} of 100 diamonds")
        come.close()
    for come in (cut_off(scenes, at["supporters"]), opened(scenes, at["supporters"])):
        expect(come.locator(".rows li")).to_have_text(top)
        expect(come.locator(".test")).to_have_count(0)
        come.close()
