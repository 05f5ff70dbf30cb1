"""The law: every kind of account, every route value may take, and what therefore can never happen.

A movement names a route; the route fixes what pays, what receives, whose account each side is, and the assets. There is
no route from one user to another in the same asset, none from money to diamonds, none from diamonds to coins. The table
`riviere law` prints is made from these rows, and the database holds the same rows in CHECKs (migration 0020 has them).

Numbers are stored in the journal and stay what they are for ever; new routes get new numbers.
"""

from enum import IntEnum
from typing import NamedTuple

from riviere.money import COIN, DIAMOND

#: Stands for whichever ISO 4217 currency the entry names.
MONEY = "money"


class Kind(IntEnum):
    """Kinds of account.

    Up to 99 they are a user's and have a balance row; from 100 on they are the platform's, have no floor and no row:
    their balance is the sum over routes, so that they are never a hot row.

    What a settled redemption owes a creator (PAYABLE) is the platform's on purpose. A user's account holds one asset,
    and this is money of whichever currency the creator chose; nor is it to be spent by anybody before it is paid. It
    needs no floor: the ids of entries follow from the hold and the number of the payment, so a hold is settled once and
    a payment goes out again only after the one before it came back (`redeeming`); `riviere verify` adds it up.
    """

    COINS = 1
    BONUS = 2
    IMPORTED = 3
    FROZEN = 4
    DIAMONDS = 11
    HELD = 12
    OWED = 13
    UNBACKED = 14
    PROCESSOR_CASH = 101
    PROMOTION = 102
    BREAKAGE = 103
    IMPORT_CLEARING = 104
    BANK_CASH = 105
    IMPORT_BACKING = 106
    PAYABLE = 107
    PAYOUT_FEES = 108


class KindLaw(NamedTuple):
    """What a kind of account is called, what it holds, and which side may never exceed the other.

    `floor` is "credits" where debits must not exceed credits (a wallet), "debits" where credits must not exceed debits
    (a debt), and "" where there is no floor (the platform's own accounts).
    """

    name: str
    asset: str
    floor: str
    note: str


KINDS: dict[Kind, KindLaw] = {
    Kind.COINS: KindLaw("coins", COIN, "credits", "bought coins, spent first in, first out"),
    Kind.BONUS: KindLaw("coins.bonus", COIN, "credits", "coins given beside a pack; spent before bought ones; expire"),
    Kind.IMPORTED: KindLaw("coins.imported", COIN, "credits", "coins that a record says were spent elsewhere"),
    Kind.FROZEN: KindLaw("coins.frozen", COIN, "credits", "set aside while a refund of them runs"),
    Kind.DIAMONDS: KindLaw("diamonds", DIAMOND, "credits", "earned, and redeemable once matured"),
    Kind.HELD: KindLaw("diamonds.held", DIAMOND, "credits", "set aside for a redemption in flight"),
    Kind.OWED: KindLaw("diamonds.owed", DIAMOND, "debits", "given back by what was undone; netted before a hold"),
    Kind.UNBACKED: KindLaw("diamonds.unbacked", DIAMOND, "credits", "from imports nobody has paid for: no way out yet"),
    Kind.PROCESSOR_CASH: KindLaw("processor cash", MONEY, "", "what the card processor took for us"),
    Kind.PROMOTION: KindLaw("promotion", COIN, "", "bonus coins given"),
    Kind.BREAKAGE: KindLaw("breakage", COIN, "", "coins that expired"),
    Kind.IMPORT_CLEARING: KindLaw("import clearing", COIN, "", "coins that imports brought in"),
    Kind.BANK_CASH: KindLaw("bank cash", MONEY, "", "money in the platform's own bank account"),
    Kind.IMPORT_BACKING: KindLaw("import backing", MONEY, "", "money set aside for diamonds of imports"),
    Kind.PAYABLE: KindLaw("creator payables", MONEY, "", "what settled diamonds came to, owed until it is paid"),
    Kind.PAYOUT_FEES: KindLaw("payout fees", MONEY, "", "what redemptions cost the creators"),
}

#: Accounts that hold what came in less what went out, and those that say what is owed: the other way round.
HOLDINGS = frozenset(kind for kind, law in KINDS.items() if law.floor == "credits")
DEBTS = frozenset(kind for kind, law in KINDS.items() if law.floor == "debits")

#: The coin accounts, each a queue of its own (provenance, rule 1), in the order a gift spends them.
WALLET = (Kind.BONUS, Kind.COINS)
AXES = (Kind.COINS, Kind.BONUS, Kind.IMPORTED)


class Route(IntEnum):
    """The ways value may go."""

    COINS_BUY = 1
    COINS_BONUS = 2
    COINS_EXPIRE = 3
    IMPORT = 4
    COINS_FREEZE = 5
    COINS_FREEZE_BONUS = 6
    COINS_THAW = 7
    COINS_THAW_BONUS = 8
    COINS_REFUND = 9
    COINS_WITHDRAW = 10
    GIFT = 11
    GIFT_BONUS = 12
    GIFT_IMPORTED = 13
    GIFT_REVERSE = 14
    GIFT_REVERSE_BONUS = 15
    REDEEM_NET = 21
    REDEEM_HOLD = 22
    REDEEM_RELEASE = 23
    REDEEM_SETTLE = 24
    REDEEM_FEE = 25
    REDEEM_PAYOUT = 26
    REDEEM_RETURN = 27
    IMPORT_BACK = 31
    IMPORT_RELEASE = 32


class RouteLaw(NamedTuple):
    """One route: the kind that pays (is debited) and the kind that receives (is credited).

    `owner` says whose coins or diamonds the entry concerns, "viewer", "creator" or "platform": such an entry lies
    with that user. `creator` says which side, if any, is another user's account: the gift's creator.
    """

    name: str
    pays: Kind
    receives: Kind
    owner: str
    creator: str
    note: str


ROUTES: dict[Route, RouteLaw] = {
    Route.COINS_BUY: RouteLaw(
        "coins.buy",
        Kind.PROCESSOR_CASH,
        Kind.COINS,
        "viewer",
        "",
        "at the pack's price, once the processor has it",
    ),
    Route.COINS_BONUS: RouteLaw("coins.bonus", Kind.PROMOTION, Kind.BONUS, "viewer", "", "beside a pack; expires"),
    Route.COINS_EXPIRE: RouteLaw("coins.expire", Kind.BONUS, Kind.BREAKAGE, "viewer", "", "an entry, not a moment"),
    Route.IMPORT: RouteLaw("import", Kind.IMPORT_CLEARING, Kind.IMPORTED, "viewer", "", "what a recorded gift cost"),
    Route.COINS_FREEZE: RouteLaw(
        "coins.freeze", Kind.COINS, Kind.FROZEN, "viewer", "", "unspent coins of one purchase, while a refund runs"
    ),
    Route.COINS_FREEZE_BONUS: RouteLaw(
        "coins.freeze.bonus", Kind.BONUS, Kind.FROZEN, "viewer", "", "the bonus that leaves with them"
    ),
    Route.COINS_THAW: RouteLaw(
        "coins.thaw", Kind.FROZEN, Kind.COINS, "viewer", "", "a refund that came to nothing: to the end of the queue"
    ),
    Route.COINS_THAW_BONUS: RouteLaw(
        "coins.thaw.bonus", Kind.FROZEN, Kind.BONUS, "viewer", "", "the same, with time to spend them again"
    ),
    Route.COINS_REFUND: RouteLaw(
        "coins.refund", Kind.FROZEN, Kind.PROCESSOR_CASH, "viewer", "", "at their share of the price that was paid"
    ),
    Route.COINS_WITHDRAW: RouteLaw(
        "coins.withdraw", Kind.FROZEN, Kind.PROMOTION, "viewer", "", "the bonus of coins that were refunded"
    ),
    Route.GIFT: RouteLaw("gift", Kind.COINS, Kind.DIAMONDS, "viewer", "receives", "at the dated rate"),
    Route.GIFT_BONUS: RouteLaw("gift.bonus", Kind.BONUS, Kind.DIAMONDS, "viewer", "receives", "at the dated rate"),
    Route.GIFT_IMPORTED: RouteLaw(
        "gift.imported", Kind.IMPORTED, Kind.UNBACKED, "viewer", "receives", "at the rate of that import"
    ),
    Route.GIFT_REVERSE: RouteLaw(
        "gift.reverse", Kind.OWED, Kind.COINS, "viewer", "pays", "what the gift took, to the end of the queue"
    ),
    Route.GIFT_REVERSE_BONUS: RouteLaw(
        "gift.reverse.bonus",
        Kind.OWED,
        Kind.BONUS,
        "viewer",
        "pays",
        "the same, with time to spend them again",
    ),
    Route.REDEEM_NET: RouteLaw("redeem.net", Kind.DIAMONDS, Kind.OWED, "creator", "", "what is owed goes first"),
    Route.REDEEM_HOLD: RouteLaw("redeem.hold", Kind.DIAMONDS, Kind.HELD, "creator", "", "matured diamonds only"),
    Route.REDEEM_RELEASE: RouteLaw(
        "redeem.release", Kind.HELD, Kind.DIAMONDS, "creator", "", "with the maturity they had"
    ),
    Route.REDEEM_SETTLE: RouteLaw(
        "redeem.settle", Kind.HELD, Kind.PAYABLE, "creator", "", "at the quoted rate, once the provider has paid"
    ),
    Route.REDEEM_FEE: RouteLaw(
        "redeem.fee", Kind.PAYABLE, Kind.PAYOUT_FEES, "creator", "", "the fee that the quote showed"
    ),
    Route.REDEEM_PAYOUT: RouteLaw(
        "redeem.payout", Kind.PAYABLE, Kind.BANK_CASH, "creator", "", "the rest, to the creator's payout method"
    ),
    Route.REDEEM_RETURN: RouteLaw(
        "redeem.return", Kind.BANK_CASH, Kind.PAYABLE, "creator", "", "a payment that came back: owed again, in money"
    ),
    Route.IMPORT_BACK: RouteLaw(
        "import.back",
        Kind.BANK_CASH,
        Kind.IMPORT_BACKING,
        "platform",
        "",
        "by a second operator, before release",
    ),
    Route.IMPORT_RELEASE: RouteLaw(
        "import.release", Kind.UNBACKED, Kind.DIAMONDS, "creator", "", "once the money behind them is there"
    ),
}

GIFTS = (Route.GIFT, Route.GIFT_BONUS, Route.GIFT_IMPORTED)
#: Gifts that people send now: an import tells of the past.
SENT = (Route.GIFT, Route.GIFT_BONUS)
REVERSALS = (Route.GIFT_REVERSE, Route.GIFT_REVERSE_BONUS)

#: Coins set aside while a refund runs, and come back from it.
FREEZES = (Route.COINS_FREEZE, Route.COINS_FREEZE_BONUS)
THAWS = (Route.COINS_THAW, Route.COINS_THAW_BONUS)

#: Routes by which coins that had been in a wallet come into it again.
RETURNS = (*REVERSALS, *THAWS)

#: The gift route that spends each axis, and the reversal that gives it back.
GIFT_FROM = {Kind.COINS: Route.GIFT, Kind.BONUS: Route.GIFT_BONUS, Kind.IMPORTED: Route.GIFT_IMPORTED}
REVERSE_OF = {Route.GIFT: Route.GIFT_REVERSE, Route.GIFT_BONUS: Route.GIFT_REVERSE_BONUS}
THAW_OF = dict(zip(FREEZES, THAWS, strict=True))

#: What no table of routes may contain, in the words `riviere law` prints. `impossible` checks each against ROUTES.
NEVER = (
    ("coins: user → user", "a wallet pays a creator's diamonds, is refunded, or expires"),
    ("diamonds: user → user", "diamonds leave a creator only by a redemption of their own"),
    ("money → diamonds", "diamonds cannot be bought, only earned"),
    ("diamonds → coins", "what was earned cannot be gifted on"),
)


def is_users(kind: Kind) -> bool:
    """Whether accounts of this kind are a user's (with a floor and a balance row)."""
    return kind < Kind.PROCESSOR_CASH


def impossible() -> list[str]:
    """The routes that break one of NEVER: an empty list, or the law itself is wrong."""
    broken = []
    for law in ROUTES.values():
        pays, receives = KINDS[law.pays], KINDS[law.receives]
        between_users = law.creator != "" and is_users(law.pays) and is_users(law.receives)
        if between_users and pays.asset == receives.asset:
            broken.append(f"{law.name}: {pays.asset} from one user to another")
        if pays.asset == MONEY and receives.asset == DIAMOND:
            broken.append(f"{law.name}: money buys diamonds")
        # What diamonds came to is money; it counts as diamonds here, or it could be spent on coins in a second step.
        earned = law.pays == Kind.PAYABLE or (pays.asset == DIAMOND and law.pays != Kind.OWED)
        if earned and receives.asset == COIN:
            broken.append(f"{law.name}: diamonds become coins")
    return broken
