"""`riviere gift`, `buy`, `reverse` and `provenance`: what viewers do, one at a time, and which purchase paid for it.

A gift begins here, as words on a command line, and goes to `economy/gifts.py`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import Parameter

from riviere import clock, money
from riviere.cli.common import NOTHING_SAID, Common, table
from riviere.cli.inputs import Key, MaybeWhole, Whole, new_key
from riviere.cli.showing import counted, diamonds, iso, when
from riviere.economy import gifts, people
from riviere.economy.catalogue import Catalogue
from riviere.economy.gifts import GiftRequest
from riviere.ids import client_id, system_id
from riviere.ledger.journal import legs, paid_by
from riviere.ledger.law import GIFTS, KINDS, Kind, Route
from riviere.ledger.model import Entry, Receipt, UnknownEntry
from riviere.payments import purchases
from riviere.payments.sandbox import SandboxProcessor


def gift(
    sender: str,
    creator: str,
    gift: str,
    *,
    count: Annotated[Whole, Parameter(help="Pieces; for a combo the count it has come to.")] = 1,
    stream: Annotated[str | None, Parameter(help="The creator's stream it goes to.")] = None,
    post: Annotated[str | None, Parameter(help="The creator's post it goes to.")] = None,
    combo: Annotated[bool, Parameter(negative=(), help="A step of a combo: the same key goes on with it.")] = False,
    paid: Annotated[MaybeWhole, Parameter(help="Coins for all pieces where it is not the list price.")] = None,
    message: Annotated[str | None, Parameter(help="A few words beside it.")] = None,
    key: Key = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Send a gift to a creator's stream or post."""
    key = new_key() if key is None else key
    asked = GiftRequest(
        key=key,
        sender=sender,
        creator=creator,
        gift=gift,
        count=count,
        combo=combo,
        stream=stream,
        post=post,
        message=message,
        paid=paid,
    )
    with common.riviere() as riviere:
        receipt = gifts.send(riviere.connection, riviere.writer, asked, clock.now())
    known = receipt.known
    coins = sum(entry.debit_amount for entry in receipt.entries if entry.route in GIFTS)
    earned = sum(entry.credit_amount for entry in receipt.entries if entry.route in GIFTS)
    times = f" ×{known.upto or known.count:,}" if (known.upto or known.count) > 1 else ""
    said = f"{sender} sent {gift}{times} to {creator}: {_moved(known.coins, known.diamonds)}"
    if combo and not receipt.repeated and coins != known.coins:
        said += f"; this step {_moved(coins, earned)}"
    common.answer(
        _answer(receipt, key)
        | {
            "sender": sender,
            "creator": creator,
            "gift": gift,
            "count": known.upto or known.count,
            "coins": known.coins,
            "diamonds": money.plain(known.diamonds, money.DIAMOND),
            "new_coins": coins,
            "new_diamonds": money.plain(earned, money.DIAMOND),
        },
        said + _again(receipt),
        f"key {key} · riviere provenance {sender} {key} · riviere reverse {sender} {key}",
    )


def buy(
    user: str,
    pack: str,
    *,
    card: Annotated[str, Parameter(help="A card of the sandbox: card-ok, card-declined, card-expired.")] = "card-ok",
    key: Key = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Buy a pack of coins through the sandbox processor, which takes no real money."""
    key = new_key() if key is None else key
    with common.riviere() as riviere:
        connection = riviere.connection
        receipt = purchases.buy(
            connection,
            riviere.writer,
            SandboxProcessor(),
            Catalogue.load(connection),
            user=user,
            pack=pack,
            key=key,
            card=card,
            now=clock.now(),
        )
        booked = {entry.route: entry for entry in legs(connection, receipt.owner, receipt.id)}
    bought, bonus = booked[Route.COINS_BUY], booked.get(Route.COINS_BONUS)
    currency = bought.currency or ""
    said = f"{user} bought {pack} for {money.grouped(bought.debit_amount, currency)} {currency}: "
    said += counted(bought.credit_amount, "coin")
    if bonus is not None:
        said += f" and {counted(bonus.credit_amount, 'bonus coin')}, to be spent by {when(bonus.expires_at)} UTC"
    common.answer(
        _answer(receipt, key)
        | {
            "user": user,
            "pack": pack,
            "coins": bought.credit_amount,
            "bonus": 0 if bonus is None else bonus.credit_amount,
            "bonus_expires_at": None if bonus is None else iso(bonus.expires_at),
            "price": money.plain(bought.debit_amount, currency),
            "currency": currency,
        },
        said + _again(receipt),
        f"key {key}",
    )


def reverse(sender: str, key: str, *, common: Common = NOTHING_SAID) -> None:
    """Undo a gift: its coins go back to the sender, its diamonds are owed by the creator."""
    with common.riviere() as riviere:
        with _named_by(key):
            receipt = gifts.reverse(riviere.connection, riviere.writer, sender, key, clock.now())
        undone = legs(riviere.connection, receipt.owner, receipt.id)
        creator = _paid_by_creator(undone)
        named = people.names(riviere.connection, [creator])[creator]
    coins, owed = sum(leg.credit_amount for leg in undone), sum(leg.debit_amount for leg in undone)
    common.answer(
        _answer(receipt, key)
        | {"sender": sender, "creator": named, "coins": coins, "diamonds": money.plain(owed, money.DIAMOND)},
        f"{counted(coins, 'coin')} back to {sender}, {diamonds(owed)} diamonds owed by {named}" + _again(receipt),
    )


def provenance(sender: str, key: str, *, common: Common = NOTHING_SAID) -> None:
    """Show which purchases paid for a gift, coin by coin."""
    with common.riviere() as riviere:
        connection = riviere.connection
        owner, entry = people.find(connection, sender).id, client_id(key)
        with _named_by(key):
            paid = paid_by(connection, owner, entry)
        codes = {pack.id: pack.code for pack in Catalogue.load(connection).every_pack()}
        undone = bool(legs(connection, owner, system_id("reverse", entry)))
    imported = KINDS[Kind.IMPORTED].name
    packs = [None if part.account == imported else codes[part.pack or 0] for part in paid]
    pieces = [
        {
            "purchase": str(part.purchase),
            "at": iso(part.at),
            "pack": pack,
            "account": part.account,
            "first": part.first + 1,
            "last": part.first + part.coins,
            "coins": part.coins,
        }
        for part, pack in zip(paid, packs, strict=True)
    ]
    rows = [
        (
            when(part.at),
            pack or "imported",
            part.account,
            f"{part.first + 1:,} to {part.first + part.coins:,}",
            f"{part.coins:,}",
            str(part.purchase),
        )
        for part, pack in zip(paid, packs, strict=True)
    ]
    common.answer(
        {"sender": sender, "key": key, "id": str(entry), "reversed": undone, "pieces": pieces},
        table(("bought at (UTC)", "pack", "account", ">coins of it", ">coins", "purchase"), rows),
        f"{counted(sum(part.coins for part in paid), 'coin')} in all"
        + ("; the gift was reversed since, and these coins went back" if undone else ""),
    )


@contextmanager
def _named_by(key: str) -> Iterator[None]:
    """Lets an error name a gift as the person did, by its key."""
    try:
        yield
    except UnknownEntry as missing:
        raise UnknownEntry(**missing.facts | {"id": repr(key)}) from None


def _moved(coins: int, earned: int) -> str:
    return f"{counted(coins, 'coin')}, {diamonds(earned)} diamonds"


def _again(receipt: Receipt) -> str:
    return f" (booked before, at {when(receipt.known.booked_at)} UTC; nothing moved)" if receipt.repeated else ""


def _answer(receipt: Receipt, key: str) -> dict[str, object]:
    booked_at = receipt.entries[-1].booked_at if receipt.entries else receipt.known.booked_at
    return {"key": key, "id": str(receipt.id), "repeated": receipt.repeated, "booked_at": iso(booked_at)}


def _paid_by_creator(undone: list[Entry]) -> int:
    creator = undone[0].debit_user
    assert creator is not None, "a reversal is paid by the creator"
    return creator
