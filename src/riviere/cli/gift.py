"""`riviere gift` and `buy`: what viewers do, one at a time.

A gift begins here, as words on a command line, and goes to `economy/gifts.py`.
"""

from typing import Annotated

import msgspec
from cyclopts import Parameter

from riviere import clock, money
from riviere.cli import remote
from riviere.cli.common import NOTHING_SAID, Common
from riviere.cli.inputs import Key, MaybeWhole, Whole
from riviere.cli.showing import again, amount, counted, iso, receipt_of, when
from riviere.economy import gifts
from riviere.economy.catalogue import Catalogue
from riviere.economy.gifts import GiftRequest
from riviere.ids import new_key
from riviere.ledger.law import GIFTS
from riviere.payments import purchases
from riviere.payments.sandbox import SandboxProcessor
from riviere.wire.common import Money
from riviere.wire.gifts import Gift, SendGift
from riviere.wire.purchases import BuyPack, Purchase


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
    asked = SendGift(
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
    if common.server:
        sent = remote.ask(common, lambda server: server.send_gift(asked, key=key))
        step = _step(sent, combo=combo)
    else:
        sent, step = _send_here(common, asked, key)
    times = f" ×{sent.count:,}" if sent.count > 1 else ""
    said = f"{sender} sent {gift}{times} to {creator}: {_moved(sent.coins, sent.diamonds)}"
    if combo and not sent.repeated and step is not None and step[0] != sent.coins:
        said += f"; this step {_moved(*step)}"
    new_coins, new_diamonds = step or (None, None)
    common.answer(
        receipt_of(sent, key)
        | {
            "sender": sender,
            "creator": creator,
            "gift": gift,
            "count": sent.count,
            "coins": sent.coins,
            "diamonds": sent.diamonds,
            "new_coins": new_coins,
            "new_diamonds": new_diamonds,
        },
        said + again(sent),
        f"key {key} · riviere provenance {sender} {key} · riviere reverse {sender} {key}",
    )


def _step(sent: Gift, *, combo: bool) -> tuple[int, str] | None:
    """What a request added, as far as the server's answer says: of a combo it says what all of it came to."""
    if sent.repeated:
        return 0, "0"
    return None if combo else (sent.coins, sent.diamonds)


def _send_here(common: Common, asked: SendGift, key: str) -> tuple[Gift, tuple[int, str]]:
    """The gift as it stands, and what this request added to it."""
    request = GiftRequest(key=key, **msgspec.structs.asdict(asked))
    with common.riviere() as riviere:
        receipt = gifts.send(riviere.connection, riviere.writer, request, clock.now())
    moved = [entry for entry in receipt.entries if entry.route in GIFTS]
    earned = money.plain(sum(entry.credit_amount for entry in moved), money.DIAMOND)
    known = receipt.known
    sent = Gift(
        key=key,
        id=str(receipt.id),
        sender=request.sender,
        creator=request.creator,
        gift=request.gift,
        count=known.upto or known.count,
        coins=known.coins,
        diamonds=money.plain(known.diamonds, money.DIAMOND),
        repeated=receipt.repeated,
        booked_at=receipt.entries[-1].booked_at if receipt.entries else known.booked_at,
    )
    return sent, (sum(entry.debit_amount for entry in moved), earned)


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
    if common.server:
        asked = BuyPack(pack=pack, card=card)
        bought = remote.ask(common, lambda server: server.buy_pack(user, asked, key=key))
    else:
        bought = _buy_here(common, user, pack, card, key)
    currency = bought.price.currency
    said = f"{user} bought {pack} for {amount(bought.price.amount, currency)} {currency}: "
    said += counted(bought.coins, "coin")
    if bought.bonus:
        said += f" and {counted(bought.bonus, 'bonus coin')}, to be spent by {when(bought.bonus_expires_at)} UTC"
    common.answer(
        receipt_of(bought, key)
        | {
            "user": user,
            "pack": pack,
            "coins": bought.coins,
            "bonus": bought.bonus,
            "bonus_expires_at": iso(bought.bonus_expires_at),
            "price": bought.price.amount,
            "currency": currency,
        },
        said + again(bought),
        f"key {key}",
    )


def _buy_here(common: Common, user: str, pack: str, card: str, key: str) -> Purchase:
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
        bought = purchases.find(connection, receipt.owner, key)
    return Purchase(
        key=key,
        id=str(bought.id),
        pack=bought.pack,
        coins=bought.coins,
        bonus=bought.bonus,
        bonus_expires_at=bought.bonus_expires_at,
        price=Money(amount=money.plain(bought.price, bought.currency), currency=bought.currency),
        repeated=receipt.repeated,
        booked_at=bought.booked_at,
    )


def _moved(coins: int, earned: str) -> str:
    return f"{counted(coins, 'coin')}, {amount(earned, money.DIAMOND)} diamonds"
