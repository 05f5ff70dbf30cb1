"""Gifts and coin packs: what is sold, was and will be; a new price is a new version, and nothing is edited."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

from riviere import money
from riviere.economy import checks, dated, offers, tiers
from riviere.economy.catalogue import PackNotSold, RetiredGift, UnknownPack
from riviere.pages.console.acts import Sure, address, instant, twice
from riviere.pages.forms import Wrong
from riviere.pages.page import See, Shown, page
from riviere.pages.visit import Visit
from riviere.wire.catalogue import CatalogueGift, Pack

_FIELDS: Final = {
    checks.BadText: "code",
    offers.GiftExists: "code",
    money.BadFigure: "amount",
    money.UnknownCurrency: "currency",
    dated.StartsInPast: "starts_at",
    offers.VersionOverlap: "starts_at",
    RetiredGift: "ends_at",
    PackNotSold: "ends_at",
}

Dated = TypeVar("Dated", CatalogueGift, Pack)


class Article(NamedTuple):
    """A gift or a pack with all its versions in time: `now` is on sale, `coming` is announced."""

    code: str
    versions: Sequence[Any]
    now: Any
    coming: Any

    @property
    def last(self) -> Any:
        """What it is shown by: on sale, or else the newest."""
        return self.now or self.versions[-1]


@page("GET", "/console/catalogue", who="operator", scope="catalogue:read")
def catalogue(visit: Visit) -> Shown:
    """Every gift by tier, and every pack."""
    return _all(visit)


@page("POST", "/console/catalogue/gifts", who="operator", scope="catalogue:write")
def add_gift(visit: Visit) -> Shown | See:
    """Add a gift."""
    body = _terms(visit) | {"code": visit.form.get("code"), "name": visit.form.get("name")}

    def ask() -> Sure:
        lines = (("Code", body["code"]), ("Name", body["name"]), *_said(visit))
        return Sure("Add this gift?", lines, "Add it", "/console/catalogue")

    def do() -> str:
        visit.ask("addGift", body=body)
        return f"{address('catalogue', 'gifts', visit.form.get('code', ''))}?done=added"

    return twice(visit, ask, do, lambda wrong, status: _all(visit, wrong, status), _FIELDS)


@page("POST", "/console/catalogue/packs", who="operator", scope="catalogue:write")
def add_pack(visit: Visit) -> Shown | See:
    """Sell a pack: new, or in place of what its code was."""
    form = visit.form
    body: dict[str, Any] = {name: form.get(name) for name in ("code", "coins", "bonus", "bonus_days")}
    body |= {
        "price": {"amount": form.get("amount", ""), "currency": form.get("currency", "")},
        "starts_at": instant(form.get("starts_at", "")),
    }

    def ask() -> Sure:
        bonus = f"and {form['bonus']} bonus coins for {form.get('bonus_days') or 30} days" if form.get("bonus") else ""
        lines = (
            ("Code", form.get("code")),
            ("Coins", f"{form.get('coins')} {bonus}".strip()),
            ("Price", f"{form.get('amount')} {form.get('currency')}"),
            ("From", form.get("starts_at") or "now"),
        )
        return Sure("Sell this pack?", lines, "Sell it", "/console/catalogue")

    def do() -> str:
        visit.ask("addPack", body=body)
        return f"{address('catalogue', 'packs', form.get('code', ''))}?done=added"

    return twice(visit, ask, do, lambda wrong, status: _all(visit, wrong, status), _FIELDS)


@page("GET", "/console/catalogue/gifts/{code}", who="operator", scope="catalogue:read")
def gift(visit: Visit) -> Shown:
    """A gift and its versions."""
    return _gift(visit)


@page("POST", "/console/catalogue/gifts/{code}/versions", who="operator", scope="catalogue:write")
def version(visit: Visit) -> Shown | See:
    """Sell a gift at a new price."""
    code = visit.path["code"]

    def ask() -> Sure:
        visit.ask("listVersions", {"code": code})
        return Sure(
            "Sell it like this?", (("Gift", code), *_said(visit)), "Sell it", address("catalogue", "gifts", code)
        )

    def do() -> str:
        visit.ask("addVersion", {"code": code}, body=_terms(visit))
        return f"{address('catalogue', 'gifts', code)}?done=version"

    return twice(visit, ask, do, lambda wrong, status: _gift(visit, wrong, status), _FIELDS)


@page("POST", "/console/catalogue/gifts/{code}/retire", who="operator", scope="catalogue:write")
def retire_gift(visit: Visit) -> Shown | See:
    """Take a gift off sale."""
    return _retired(visit, "gifts", "retireGift")


@page("GET", "/console/catalogue/packs/{code}", who="operator", scope="catalogue:read")
def pack(visit: Visit) -> Shown:
    """A pack and its versions."""
    return _pack(visit)


@page("POST", "/console/catalogue/packs/{code}/retire", who="operator", scope="catalogue:write")
def retire_pack(visit: Visit) -> Shown | See:
    """Take a pack off sale."""
    return _retired(visit, "packs", "retirePack")


def _retired(visit: Visit, kind: str, operation: str) -> Shown | See:
    code, ends_at = visit.path["code"], visit.form.get("ends_at", "")
    show = _gift if kind == "gifts" else _pack

    def ask() -> Sure:
        show(visit)  # it is there, or this is where that is said
        lines = (("Code", code), ("Off sale from", ends_at or "now"), ("What was sent or bought", "stays as it was"))
        return Sure("Take it off sale?", lines, "Take it off sale", address("catalogue", kind, code))

    def do() -> str:
        visit.ask(operation, {"code": code}, body={"ends_at": instant(ends_at)})
        return f"{address('catalogue', kind, code)}?done=retired"

    return twice(visit, ask, do, lambda wrong, status: show(visit, wrong, status), _FIELDS)


def _terms(visit: Visit) -> dict[str, Any]:
    """What a gift is sold for, as the API takes it; regions are words with spaces or commas between."""
    form = visit.form
    return {
        "coins": form.get("coins"),
        "combo": form.get("combo") == "1",
        "unlock_level": form.get("unlock_level"),
        "regions": form.get("regions", "").replace(",", " ").upper().split(),
        "starts_at": instant(form.get("starts_at", "")),
    }


def _said(visit: Visit) -> tuple[tuple[str, Any], ...]:
    terms, coins = _terms(visit), visit.form.get("coins", "")
    fits = coins.isascii() and coins.isdigit() and 0 < len(coins) < 19 and int(coins) > 0
    return (
        ("Price", f"{coins} coins"),
        ("Shown as", tiers.tier(int(coins)).name.lower() if fits else "what is no price"),
        ("Combo", "yes" if terms["combo"] else "no"),
        ("Level that it takes", terms["unlock_level"] or 0),
        ("Sold in", ", ".join(terms["regions"]) or "every region"),
        ("From", visit.form.get("starts_at") or "now"),
        ("What was sent", "keeps the price that it was sent at"),
    )


def _articles(rows: Sequence[Dated], now: datetime) -> list[Article]:
    by_code: dict[str, list[Dated]] = defaultdict(list)
    for row in rows:
        by_code[row.code].append(row)
    return [_article(code, versions, now) for code, versions in by_code.items()]


def _article(code: str, versions: Sequence[Dated], now: datetime) -> Article:
    on_sale = next(
        (row for row in versions if row.starts_at <= now and (row.ends_at is None or row.ends_at > now)), None
    )
    return Article(code, versions, on_sale, next((row for row in versions if row.starts_at > now), None))


def _every(visit: Visit, operation: str) -> list[Any]:
    """The whole of a list."""
    rows: list[Any] = []
    cursor = None
    while True:
        part = visit.ask(operation, query={"limit": 200, "cursor": cursor})
        rows += part.data
        cursor = part.next
        if cursor is None:
            return rows


def _all(visit: Visit, wrong: Wrong | None = None, status: int = 200) -> Shown:
    gifts = sorted(_articles(_every(visit, "listEveryVersion"), visit.now), key=lambda one: (one.last.coins, one.code))
    packs = sorted(_articles(_every(visit, "listEveryPack"), visit.now), key=lambda one: (one.last.coins, one.code))
    facts = {
        "tiers": [(tier, [one for one in gifts if one.last.tier == tier.name.lower()]) for tier in tiers.Tier],
        "packs": packs,
        "form": "packs" if "amount" in visit.form else "gifts",
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("console/catalogue.html", facts, status)


def _gift(visit: Visit, wrong: Wrong | None = None, status: int = 200) -> Shown:
    code = visit.path["code"]
    versions = visit.ask("listVersions", {"code": code}).data
    return _shown(visit, "gifts", _article(code, versions, visit.now), wrong, status)


def _pack(visit: Visit, wrong: Wrong | None = None, status: int = 200) -> Shown:
    code = visit.path["code"]
    versions = [row for row in _every(visit, "listEveryPack") if row.code == code]
    if not versions:
        raise UnknownPack(pack=code)
    return _shown(visit, "packs", _article(code, versions, visit.now), wrong, status)


def _shown(visit: Visit, kind: str, article: Article, wrong: Wrong | None, status: int) -> Shown:
    facts = {
        "article": article,
        "kind": kind,
        "done": visit.query.get("done"),
        "typed": visit.form,
        "wrong": wrong,
    }
    return Shown("console/article.html", facts, status)
