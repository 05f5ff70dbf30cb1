"""A stream's or a post's page: what lands there, and the tray to send gifts from.

A gift begins here with a press, and goes to `http/gifts.py` as the API's own `sendGift`; it comes back to everybody's
page over the feed (`http/feed.py`).
"""

from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from riviere import ids
from riviere.content.posters import Poster
from riviere.economy import people, pictures, tiers
from riviere.economy.places import UnknownPlace
from riviere.errors import RiviereError
from riviere.http.dispatch import worked
from riviere.http.problems import NotFound
from riviere.live.position import Position
from riviere.live.reading import position
from riviere.pages import beside, forms
from riviere.pages.page import Live, Picture, See, Shown, Told, page
from riviere.pages.visit import Visit
from riviere.wire.catalogue import CatalogueGift
from riviere.wire.common import Money

#: Coins from which on a gift is asked about once more: the tier that takes the whole stage, and what is above it.
ASKS_ABOVE: Final = 1_000

#: Entries and notices before now that a page begins with.
_ENTRIES, _NOTICES = 40, 10

#: Sizes in pixels that pictures of gifts are drawn for.
_SIZES: Final = (24, 40, 160)

_WORDS: Final = {"s": "stream", "p": "post"}


@page("GET", "/s/{creator}", who="anyone")
def newest(visit: Visit) -> See:
    """A creator's newest stream."""
    creator = visit.path["creator"]
    streams = visit.ask("listStreams", {"creator": creator}, query={"limit": 1}).data
    if not streams:
        raise UnknownPlace(kind="stream", place="live")
    return See(_address(visit, "s", streams[0].id))


@page("GET", "/s/{creator}/{place}", who="anyone")
def stream(visit: Visit) -> Shown:
    """A stream."""
    return _shown(visit, "s")


@page("GET", "/p/{creator}/{place}", who="anyone")
def post(visit: Visit) -> Shown:
    """A post."""
    return _shown(visit, "p")


@page("GET", "/s/{creator}/{place}/feed", who="anyone")
async def stream_feed(visit: Visit) -> Live:
    """What happens in a stream, live."""
    return await _feed(visit, "followStream", "s")


@page("GET", "/p/{creator}/{place}/feed", who="anyone")
async def post_feed(visit: Visit) -> Live:
    """What happens on a post, live."""
    return await _feed(visit, "followPost", "p")


@page("POST", "/s/{creator}/{place}/gifts", who="user")
async def give_in_stream(visit: Visit) -> Shown | See | Told:
    """Send a gift to a stream."""
    return await _give(visit, "s")


@page("POST", "/p/{creator}/{place}/gifts", who="user")
async def give_on_post(visit: Visit) -> Shown | See | Told:
    """Send a gift to a post."""
    return await _give(visit, "p")


@page("GET", "/art/{size}/{coins}/{code}", who="anyone")
def picture(visit: Visit) -> Picture:
    """A gift's picture. Its address says all that it is made of, so it never changes."""
    size, coins, code = visit.path["size"], visit.path["coins"], visit.path["code"].removesuffix(".svg")
    fits = size in map(str, _SIZES) and coins.isascii() and coins.isdigit() and len(coins) < 10 and int(coins) > 0
    if not fits:
        raise NotFound
    return Picture(pictures.svg(code, int(coins), size=int(size)).encode())


async def _feed(visit: Visit, operation: str, short: str) -> Live:
    path = {"creator": visit.path["creator"], _WORDS[short]: visit.path["place"]}
    return Live(await visit.ask_soon(operation, path, query={"after": visit.query.get("after")}))


async def _give(visit: Visit, short: str) -> Shown | See | Told:
    form, word = visit.form, _WORDS[short]
    body: dict[str, Any] = {name: form.get(name) for name in ("gift", "count", "message")}
    body |= {"anonymous": form.get("anonymous") == "1"}
    body |= {"creator": visit.path["creator"], word: visit.path["place"], "combo": form.get("combo") == "1"}
    try:
        asks = await worked(visit.front, lambda: _asks(visit))
        if asks is not None and visit.wants_json:
            return Told(asks, 409)
        if asks is not None:
            here = _address(visit, short, visit.path["place"])
            return Shown("sure.html", {"asks": asks, "typed": form, "here": here})
        gift = await visit.ask_soon("sendGift", body=body, key=form.get("key", ""))
    except RiviereError as refused:
        if visit.wants_json:
            raise
        wrong, status = forms.wrong(refused, {}), forms.status(refused)
        return await worked(visit.front, lambda: _shown(visit, short, wrong, status))
    if visit.wants_json:
        wallet = await worked(visit.front, lambda: visit.ask("getWallet", {"user": visit.user}))
        return Told({"gift": gift, "left": wallet.coins + wallet.bonus})
    return See(_address(visit, short, visit.path["place"]) + f"?sent={gift.count}&gift={gift.gift}")


def _asks(visit: Visit) -> dict[str, Any] | None:
    """What is asked before so much is spent at once; None where it is little, or was answered."""
    count = visit.form.get("count", "1")
    if visit.form.get("sure") == "1" or not (count.isascii() and count.isdigit() and len(count) < 10):
        return None
    gifts: list[CatalogueGift] = visit.ask("listCatalogue", query={"limit": 200}).data
    gift = next((one for one in gifts if one.code == visit.form.get("gift")), None)
    coins = 0 if gift is None else gift.coins * int(count)
    if gift is None or coins <= ASKS_ABOVE:
        return None
    return {"code": "sure", "gift": gift.code, "name": gift.name, "count": int(count), "coins": coins}


def _shown(visit: Visit, short: str, wrong: forms.Wrong | None = None, status: int = 200) -> Shown:
    creator, word = visit.path["creator"], _WORDS[short]
    place = visit.ask("getStream" if short == "s" else "getPost", {"creator": creator, word: visit.path["place"]})
    packs = visit.ask("listPacks").data
    gifts = visit.ask("listCatalogue", query={"limit": 200}).data
    is_user = visit.visitor is not None and visit.principal.kind == "user"
    facts = {
        "short": short,
        "place": place,
        "here": _address(visit, short, place.id),
        "live": short == "p" or place.ended_at is None,
        "tiers": [(tier, [gift for gift in gifts if gift.tier == tier.name.lower()]) for tier in tiers.Tier],
        "chosen": visit.form.get("gift") or (gifts[0].code if gifts else ""),
        "wallet": visit.ask("getWallet", {"user": visit.user}) if is_user else None,
        "user": visit.ask("getUser", {"user": visit.user}) if is_user else None,
        "each": _each([pack.price for pack in packs], [pack.coins for pack in packs]),
        "after": _a_while_ago(visit, creator),
        "key": ids.new_key(),
        "sent": visit.query.get("sent") if visit.query.get("sent", "").isdigit() else None,
        "sent_gift": next((gift for gift in gifts if gift.code == visit.query.get("gift")), None),
        "asks_above": ASKS_ABOVE,
        "typed": visit.form,
        "wrong": wrong,
        "spending": beside.spending(visit) if is_user else None,
        "reported": visit.query.get("reported") == "1",
        "asked": visit.query.get("asked", "")[:300],
        **beside.facts(visit, creator, place.id if short == "s" else None),
    }
    return Shown("stream.html", facts, status, frames=Poster(place.title, place.player).origin)


def _each(prices: list[Money], coins: list[int]) -> tuple[Decimal, str] | None:
    """What a coin costs at the most, and in which currency: that of the pack in which it is dearest."""
    each = [(Decimal(price.amount) / many, price.currency) for price, many in zip(prices, coins, strict=True)]
    return max(each) if each else None


def _a_while_ago(visit: Visit, creator: str) -> Position:
    """Where the feed of a page begins: a little before now, so that who comes sees what just landed."""
    with visit.front.office.pool.connection() as connection:
        now = position(connection, people.find(connection, creator).id)
    return Position(max(now.entry - _ENTRIES, 0), max(now.notice - _NOTICES, 0))


def _address(visit: Visit, short: str, place: str) -> str:
    return f"/{short}/{quote(visit.path['creator'], safe='')}/{quote(place, safe='')}"
