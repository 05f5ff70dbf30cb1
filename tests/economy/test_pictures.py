"""Every gift has a picture: its own, the same each time, safe to inline, legible small and on any ground."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riviere.economy.pictures import BOX, sheet, svg
from riviere.economy.starter import StarterGift, gifts
from riviere.economy.tiers import Tier, tier
from riviere.money import LARGEST, BadAmount

SPACE = "{http://www.w3.org/2000/svg}"
PAPER, VELVET = "#fbfaf8", "#1b1822"  # the grounds of the light and the dark theme
HOSTILE = [
    "</title><script>alert(1)</script>",
    '" onload="alert(1)',
    "]]>&amp;<!--",
    "nul \x00 bell \x07 escape \x1b end \ufffe",
    "\ud800 half a character",
]

codes = st.text(min_size=1, max_size=100)
prices = st.one_of(st.integers(1, 1100), st.integers(1, 50_000), st.integers(1, LARGEST))
sizes = st.sampled_from([16, 24, 39, 40, 72, 96, 160, 512])


def parsed(picture: str) -> ElementTree.Element:
    return ElementTree.fromstring(picture)


def untitled(picture: str) -> str:
    return re.sub("<title>.*?</title>", "", picture, flags=re.DOTALL)


def outline(picture: str) -> int:
    """How many corners the outer polygon has: the first subpath of the lines."""
    lines = next(path for path in parsed(picture).iter(f"{SPACE}path") if path.get("stroke"))
    return lines.attrib["d"].split("Z")[0].count("L") + 1


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb as WCAG 2.2 defines it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("size", [24, 72])
def test_no_two_starter_gifts_have_the_same_picture_whatever_their_names(size: int) -> None:
    drawn = [svg(gift.code, gift.coins, size=size, name="same") for gift in gifts()]
    assert len(set(drawn)) == len(drawn)


def test_no_two_starter_gifts_differ_by_colour_alone() -> None:
    shapes = [re.sub(r"#[0-9a-f]{6}", "", svg(gift.code, gift.coins, name="same")) for gift in gifts()]
    assert len(set(shapes)) == len(shapes)


@given(codes, prices, sizes)
def test_any_gift_has_a_standalone_picture_inside_its_box(code: str, coins: int, size: int) -> None:
    picture = svg(code, coins, size=size)
    root = parsed(picture)
    assert root.tag == f"{SPACE}svg"
    assert root.attrib["role"] == "img"
    assert root.attrib["viewBox"] == f"0 0 {BOX} {BOX}"
    assert root.attrib["width"] == root.attrib["height"] == str(size)
    for path in root.iter(f"{SPACE}path"):
        reach = float(path.get("stroke-width", "0")) / 2
        numbers = [float(number) for number in re.findall(r"[-\d.]+", path.attrib["d"])]
        assert numbers
        assert reach <= min(numbers)
        assert max(numbers) <= BOX - reach


@given(codes, prices, sizes)
def test_a_picture_is_the_same_each_time_and_can_be_inlined_many_times(code: str, coins: int, size: int) -> None:
    picture = svg(code, coins, size=size)
    assert picture == svg(code, coins, size=size)
    elements = list(parsed(picture).iter())
    assert {element.tag for element in elements} == {f"{SPACE}{tag}" for tag in ("svg", "title", "path")}
    attributes = {name for element in elements for name in element.attrib}
    assert not attributes & {"id", "style", "href"}
    assert not [name for name in attributes if name.startswith("on")]


@given(codes, prices)
def test_numbers_have_two_decimals(code: str, coins: int) -> None:
    for path in parsed(svg(code, coins)).iter(f"{SPACE}path"):
        assert re.fullmatch(r"([ML]\d+\.\d\d \d+\.\d\d|Z)+", path.attrib["d"])


@given(codes, prices)
def test_every_stroke_is_legible_on_light_and_dark_ground(code: str, coins: int) -> None:
    colour = parsed(svg(code, coins)).attrib["color"]
    assert contrast(colour, PAPER) >= 3
    assert contrast(colour, VELVET) >= 3


@given(codes, prices, sizes.filter(lambda size: size >= 24))
def test_one_stroke_weight_that_stays_visible_at_24_pixels(code: str, coins: int, size: int) -> None:
    root = parsed(svg(code, coins, size=size))
    weights = [float(path.attrib["stroke-width"]) for path in root.iter(f"{SPACE}path") if path.get("stroke")]
    assert len(weights) == 1
    assert weights[0] * size / BOX >= 1.2


@given(codes, prices, sizes)
def test_the_number_of_sides_alone_tells_the_tier(code: str, coins: int, size: int) -> None:
    allowed = {
        Tier.GLINT: {4, 5},
        Tier.SPRAY: {6, 7, 8},
        Tier.FACETS: {9, 10},
        Tier.STAGE: {12, 14, 16},
    }
    assert outline(svg(code, coins, size=size)) in allowed[tier(coins)]


def test_sides_grow_with_the_price_from_the_second_tier_on() -> None:
    sides = [outline(svg("stone", coins)) for coins in range(10, 30_000, 30)]
    assert all(cheaper <= dearer for cheaper, dearer in pairwise(sides))
    assert (sides[0], sides[-1]) == (6, 16)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_a_title(name: str) -> None:
    root = parsed(svg("rose", 1, name=name))
    assert [child.tag for child in root] == [f"{SPACE}title", f"{SPACE}path", f"{SPACE}path"]
    assert root[0].text == re.sub("[\x00\x07\x1b\ufffe\ud800]", "\ufffd", name)
    assert set(root.attrib) == set(parsed(svg("rose", 1)).attrib)


@given(st.text(max_size=100))
def test_any_name_is_well_formed_and_changes_nothing_but_the_title(name: str) -> None:
    named = svg("rose", 1, name=name)
    assert parsed(named).find(f"{SPACE}title") is not None
    assert untitled(named) == untitled(svg("rose", 1))


def test_a_picture_without_a_name_is_titled_by_its_code() -> None:
    title = parsed(svg("water-lily", 599)).find(f"{SPACE}title")
    assert title is not None
    assert title.text == "water-lily"


def test_what_costs_nothing_has_no_picture() -> None:
    with pytest.raises(BadAmount, match="The price"):
        svg("rose", 0)


def test_the_sheet_shows_every_gift_in_both_sizes_by_tier_and_price() -> None:
    page = sheet(reversed(gifts()))
    assert page.count('width="72"') == page.count('width="24"') == len(gifts())
    assert re.findall("<h2>(.*?)</h2>", page) == ["Glint", "Spray", "Facets", "Stage"]
    shown = [int(price.replace(",", "")) for price in re.findall(r"<span>([\d,]+) <small>coins?</small>", page)]
    assert shown == [gift.coins for gift in gifts()]
    assert "34,999 <small>coins" in page
    assert "1 <small>coin<" in page
    assert "75 gifts, 1 to 44,999 coins" in page


def test_the_sheet_marks_combo_level_and_regions() -> None:
    marked = StarterGift("plum", "Plum", 12, True, 3, ("JP", "KR"))
    page = sheet([marked, StarterGift("fig", "Fig", 13, False, 0, ())])
    marks = re.findall('<div class="row"><small>(.*?)</small>', page)
    assert marks == ["combo · level 3 · only JP, KR", ""]
    assert re.findall("<h2>(.*?)</h2>", page) == ["Spray"]


@pytest.mark.parametrize("name", HOSTILE)
def test_the_sheet_takes_no_markup_from_names_and_regions(name: str) -> None:
    page = sheet([StarterGift("plum", name, 12, True, 0, (name,))])
    harmless = sheet([StarterGift("plum", "Plum", 12, True, 0, ("JP",))])
    assert re.findall("<[^>]*>", page) == re.findall("<[^>]*>", harmless)
    page.encode()


def test_the_sheet_needs_nothing_from_elsewhere() -> None:
    page = sheet(gifts()).replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|<script|<link|@import|url\(", page)


def test_a_sheet_without_gifts_says_what_to_do() -> None:
    assert "No gifts yet. Add one" in sheet([])
