"""Computed gift art: a cut stone seen from above, so that any operator's gift has a picture that fits.

An outer polygon, a smaller one (the table) turned by half a step, facets between them, one stroke weight. The price
sets the tier's cut, the number of sides and the family of hues; a hash of the code sets what is left: shade, width of
the table, which way the stone lies. The same code and price always give the same bytes. Number of sides and cut tell
the tiers apart without colour: 4 or 5 sides, 6 to 8, 9 or 10 with lit facets, a star in a stone of 12 to 16.

Colours are presentation attributes around `currentColor`, so pictures can be inlined under a strict content policy
and a page may restyle them (`sheet` does, to suit light and dark ground). There are no ids to collide.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from colorsys import hls_to_rgb
from hashlib import blake2b
from html import escape
from math import cos, pi, sin
from typing import Final, NamedTuple, Protocol, TypeAlias

from riviere.economy.tiers import Tier, tier

#: Edge of the viewBox; every length below is in its units, whatever size the picture is shown at.
BOX: Final = 96

#: Relative luminance of every stroke (WCAG 2.2): better than 3:1 on white paper and on near-black velvet alike.
MID_TONE: Final = 0.2

#: From this price on, a stone has this many sides. In the first tier the code's hash may add one.
_SIDES: Final = ((1, 4), (10, 6), (20, 7), (50, 8), (100, 9), (400, 10), (1000, 12), (5000, 14), (20000, 16))

#: Arcs of hue a tier's colours come from: first degree, length. Rose; gold and green; sky; blue-violet.
_HUES: Final = {
    Tier.GLINT: ((314, 54),),
    Tier.SPRAY: ((34, 14), (120, 45)),
    Tier.FACETS: ((178, 42),),
    Tier.STAGE: ((226, 52),),
}

#: From this price on, a stone is near-white.
_WHITE: Final = 20000

#: Below this size in pixels a picture leaves out the lines that would run together.
_SMALL: Final = 40

#: Chosen by trying a few thousand, so that the pictures of the starter catalogue lie far apart.
_SALT: Final = b"1680"

_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_Point: TypeAlias = tuple[float, float]
_Polygons: TypeAlias = list[list[_Point]]


class Pictured(Protocol):
    """A gift as the sheet shows it: `coins` is the price, `regions` is empty for everywhere."""

    @property
    def code(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def coins(self) -> int: ...  # noqa: D102
    @property
    def combo(self) -> bool: ...  # noqa: D102
    @property
    def unlock_level(self) -> int: ...  # noqa: D102
    @property
    def regions(self) -> Sequence[str]: ...  # noqa: D102


class _Chance(NamedTuple):
    """What the hash of a code decides: shade and table width from 0 to 1, 0 or 1 for how the stone lies."""

    shade: float
    width: float
    lie: int


def svg(code: str, coins: int, *, size: int = 96, name: str | None = None) -> str:
    """The picture of the gift `code` at `coins` coins, `size` pixels wide (16 or more), titled `name` or the code.

    Raises BadAmount for a price below 1 coin.
    """
    band, chance = tier(coins), _chance(code)
    stroke = round(86.4 / size + 1.5, 2)  # 1.28 px at 24 px, 2.4 px at 96 px
    sides = _SIDES[bisect_right(_SIDES, coins, key=lambda step: step[0]) - 1][1]
    radius = BOX / 2 - 1 - stroke / 2
    if band is Tier.STAGE:
        lines, lit = _stage(sides, radius, chance, small=size < _SMALL)
    elif band is Tier.GLINT:
        lines, lit = _single(sides + chance.lie, radius, chance._replace(lie=0))
    else:
        lines, lit = _single(sides, radius, chance)
    if band is Tier.FACETS:
        lit += _triangles(lines)
    white = " white" if coins >= _WHITE else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="stone {band.name.lower()}{white}" role="img"'
        f' width="{size}" height="{size}" viewBox="0 0 {BOX} {BOX}" color="{_colour(band, coins, chance.shade)}">'
        f"<title>{_text(name or code)}</title>"
        f'<path fill="currentColor" fill-opacity=".3" d="{_path(lit)}"/>'
        f'<path fill="none" stroke="currentColor" stroke-width="{stroke:.2f}" stroke-linejoin="round"'
        f' d="{_path(lines)}"/></svg>'
    )


def _single(sides: int, radius: float, chance: _Chance) -> tuple[_Polygons, _Polygons]:
    """Lines and light of a stone with one ring of facets between the outline and the table."""
    outer = _ring(sides, radius, chance.lie)
    table = _ring(sides, radius * (0.36 + 0.28 * chance.width), chance.lie + 1)
    return [outer, table, _zigzag(outer, table)], [table]


def _stage(sides: int, radius: float, chance: _Chance, *, small: bool) -> tuple[_Polygons, _Polygons]:
    """Lines and light of a star in a round stone: every second corner is a point of it, the table lies inside."""
    points = sides // 2
    outer = _ring(sides, radius, 2 * chance.lie)
    tips, gaps = outer[::2], outer[1::2]
    waist = _ring(points, radius * (0.42 + 0.2 * chance.width), chance.lie + 1)
    star = _zigzag(tips, waist)
    if small:
        return [outer, star], [star]
    table = _ring(points, radius * (0.2 + 0.12 * chance.shade), chance.lie + 2)
    spokes = [list(pair) for pair in zip(waist, gaps, strict=True)]
    crown = [[tips[i - 1], gaps[i - 1], tips[i], waist[i - 1]] for i in range(points)]
    return [outer, star, table, _zigzag(waist, table), *spokes], [table, *([star] if chance.lie else crown)]


def _triangles(lines: _Polygons) -> _Polygons:
    """The facets of a single ring that stand on the table's edges."""
    outer, table, _ = lines
    return [[table[i - 1], outer[i], table[i]] for i in range(len(table))]


def _ring(sides: int, radius: float, half_steps: int) -> list[_Point]:
    """The corners of a regular polygon about the centre, the first one up and then turned by `half_steps`."""
    angles = [pi * ((2 * corner + half_steps) / sides - 0.5) for corner in range(sides)]
    return [(BOX / 2 + radius * cos(angle), BOX / 2 + radius * sin(angle)) for angle in angles]


def _zigzag(outer: list[_Point], inner: list[_Point]) -> list[_Point]:
    return [point for pair in zip(outer, inner, strict=True) for point in pair]


def _path(polygons: _Polygons) -> str:
    return "".join("M" + "L".join(f"{x:.2f} {y:.2f}" for x, y in polygon) + "Z" for polygon in polygons)


def _chance(code: str) -> _Chance:
    digest = blake2b(code.encode("utf-8", "replace"), digest_size=5, salt=_SALT).digest()
    shade, width = int.from_bytes(digest[:2], "big"), int.from_bytes(digest[2:4], "big")
    return _Chance(shade / 65536, width / 65536, digest[4] & 1)


def _colour(band: Tier, coins: int, shade: float) -> str:
    """A mid-tone in the tier's hues, as #rrggbb: the darkest of the hue that is as light as MID_TONE."""
    arcs = _HUES[band]
    first, length = arcs[int(shade * len(arcs))]
    hue = (first + length * (shade * len(arcs) % 1)) % 360 / 360
    saturation = 0.14 if coins >= _WHITE else 0.72
    tones = (hls_to_rgb(hue, step / 200, saturation) for step in range(200))
    tone = next(rgb for rgb in tones if _luminance(rgb) >= MID_TONE)
    return "#" + "".join(f"{round(255 * part):02x}" for part in tone)


def _luminance(rgb: tuple[float, float, float]) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _text(text: str) -> str:
    """`text` as it may stand in HTML and in XML, which has no place for most control characters."""
    return escape(_NOT_XML.sub("\ufffd", text))


#: What the sheet says of each tier (source: "Visual language" of the product's design).
_EFFECTS: Final = {
    Tier.GLINT: "1 to 9 coins: a glint",
    Tier.SPRAY: "10 to 99 coins: a spray",
    Tier.FACETS: "100 to 999 coins: facets across the tray",
    Tier.STAGE: "1,000 coins and more: the whole stage, with the sender's name",
}

_STYLE: Final = """
:root { color-scheme: light dark; --paper: light-dark(#fbfaf8, #121016); --card: light-dark(#fff, #1b1822);
  --ink: light-dark(#1b1822, #f1eff6); --quiet: light-dark(#68647a, #9b97ab); --line: light-dark(#e5e2dc, #2c2836); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1240px; padding: 40px 24px 64px; background: var(--paper); color: var(--ink);
  font: 15px/1.4 system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { margin: 0; font-size: 28px; letter-spacing: -.01em; }
h2 { margin: 0; font-size: 17px; }
p, small { margin: 0; color: var(--quiet); font-size: 13px; }
section { margin-top: 40px; }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)); gap: 12px;
  margin: 12px 0 0; padding: 0; list-style: none; }
li { display: flex; gap: 16px; align-items: center; padding: 12px 16px 12px 12px;
  border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
.text { flex: 1; display: grid; gap: 4px; min-width: 0; }
.row { display: flex; gap: 8px; align-items: end; justify-content: space-between; min-height: 24px; }
.row > :last-child { flex: none; text-align: right; }
b { font-weight: 600; overflow-wrap: anywhere; align-self: center; }
.stone { flex: none; display: block; }
.stone path { color: light-dark(color-mix(in oklab, currentColor, #000 12%),
  color-mix(in oklab, currentColor, #fff 42%)); }
.white path { color: light-dark(color-mix(in oklab, currentColor, #000 12%),
  color-mix(in oklab, currentColor, #fff 80%)); }
"""


def sheet(gifts: Iterable[Pictured]) -> str:
    """All `gifts` as one HTML page that needs nothing else: by tier and price, each picture large and small.

    Raises BadAmount for a price below 1 coin.
    """
    ordered = sorted(gifts, key=lambda gift: (gift.coins, gift.code))
    bands = [(band, [gift for gift in ordered if tier(gift.coins) is band]) for band in Tier]
    sections = "\n".join(_section(band, members) for band, members in bands if members)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Gift catalogue</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<header><h1>Gift catalogue</h1>\n<p>{_summary(ordered)}</p></header>\n{sections}\n</body>\n</html>\n"
    )


def _summary(ordered: Sequence[Pictured]) -> str:
    if not ordered:
        return "No gifts yet. Add one to the catalogue and export it again."
    count = f"{len(ordered):,} gift" + ("s" if len(ordered) > 1 else "")
    return f"{count}, {ordered[0].coins:,} to {ordered[-1].coins:,} coins"


def _section(band: Tier, members: Sequence[Pictured]) -> str:
    cards = "\n".join(_card(gift) for gift in members)
    return f"<section>\n<h2>{band.name.title()}</h2>\n<p>{_EFFECTS[band]}</p>\n<ul>\n{cards}\n</ul>\n</section>"


def _card(gift: Pictured) -> str:
    marks = [
        *(["combo"] if gift.combo else []),
        *([f"level {gift.unlock_level:,}"] if gift.unlock_level else []),
        *(["only " + ", ".join(gift.regions)] if gift.regions else []),
    ]
    large, small = (svg(gift.code, gift.coins, size=size, name=gift.name) for size in (72, 24))
    unit = "coin" if gift.coins == 1 else "coins"
    return (
        f'<li>{large}<div class="text"><div class="row"><b>{_text(gift.name)}</b>'
        f'<span aria-hidden="true">{small}</span></div><div class="row"><small>{_text(" · ".join(marks))}</small>'
        f"<span>{gift.coins:,} <small>{unit}</small></span></div></div></li>"
    )
