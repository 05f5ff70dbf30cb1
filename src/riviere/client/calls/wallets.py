"""Coins bought, what accounts hold, what gifts brought, and statements of it all."""

from riviere import ids
from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.ledger.proof import Statement
from riviere.wire.common import Page, Paged
from riviere.wire.earnings import Earnings, EarningsQuery, EveryoneQuery, EveryonesEarnings
from riviere.wire.income import Income, IncomeQuery
from riviere.wire.journal import JournalEntry
from riviere.wire.purchases import (
    AskRefund,
    BuyPack,
    Checkout,
    EventQuery,
    ProviderEvent,
    Purchase,
    Refund,
    Refundable,
    RefundableQuery,
    StartCheckout,
)
from riviere.wire.spending import SetSpendingLimit, Spending
from riviere.wire.statements import StatementQuery
from riviere.wire.wallets import Balance, BalanceQuery, Entries, EntryQuery, ExplainedEntry, Wallet


class WalletCalls:
    """Purchases, wallets and earnings."""

    @asked
    def buy_pack(self, user: str, pack: BuyPack, *, key: str | None = None) -> Call[Purchase]:
        """Buy a pack of coins for a user; it is answered when the coins are in the wallet.

        Give a key of your own, such as your order's number, and the order is charged once whatever happens to you.
        """
        buying = path("/v1/users/{user}/purchases", user=user)
        return Call("POST", buying, Purchase, pack, key=ids.new_key() if key is None else key)

    @asked
    def start_checkout(self, user: str, pack: StartCheckout, *, key: str | None = None) -> Call[Checkout]:
        """Order a pack that the user then pays by card in a browser; the coins come once the payment is through.

        The same key again answers the same checkout, however far it has come.
        """
        starting = path("/v1/users/{user}/checkouts", user=user)
        return Call("POST", starting, Checkout, pack, key=ids.new_key() if key is None else key)

    @asked
    def get_checkout(self, user: str, key: str) -> Call[Checkout]:
        """How far a checkout has come."""
        return Call("GET", path("/v1/users/{user}/checkouts/{key}", user=user, key=key), Checkout)

    @asked
    def cancel_checkout(self, user: str, key: str) -> Call[Checkout]:
        """End a checkout that is not paid yet; one that was paid meanwhile answers so."""
        there = path("/v1/users/{user}/checkouts/{key}/cancel", user=user, key=key)
        return Call("POST", there, Checkout, once=True)

    @asked
    def get_refundable(self, user: str, query: RefundableQuery) -> Call[Refundable]:
        """What of a purchase may be given back now, and what it would bring."""
        return Call("GET", path("/v1/users/{user}/refundable", user=user), Refundable, query=fields(query))

    @asked
    def ask_refund(self, user: str, refund: AskRefund, *, key: str | None = None) -> Call[Refund]:
        """Give back unspent coins of a purchase; the same key again answers how far it has come."""
        asking = path("/v1/users/{user}/refunds", user=user)
        return Call("POST", asking, Refund, refund, key=ids.new_key() if key is None else key)

    @listed
    def list_refunds(self, user: str, query: Paged | None = None) -> Call[Page[Refund]]:
        """A user's refunds, the latest first."""
        return Call("GET", path("/v1/users/{user}/refunds", user=user), Page[Refund], query=fields(query))

    @asked
    def get_refund(self, user: str, key: str) -> Call[Refund]:
        """How far a refund has come."""
        return Call("GET", path("/v1/users/{user}/refunds/{key}", user=user, key=key), Refund)

    @listed
    def list_provider_events(self, query: EventQuery | None = None) -> Call[Page[ProviderEvent]]:
        """What the card processor told, the latest first: what a person has to look at, or all of it."""
        return Call("GET", "/v1/provider-events", Page[ProviderEvent], query=fields(query))

    @asked
    def get_spending(self, user: str) -> Call[Spending]:
        """What a viewer spent on coins lately, what their own limits leave, and coins given."""
        return Call("GET", path("/v1/users/{user}/spending", user=user), Spending)

    @asked
    def set_spending_limit(self, user: str, limit: SetSpendingLimit) -> Call[Spending]:
        """Set the most that a viewer wants to spend on coins in a day or a month."""
        return Call("PUT", path("/v1/users/{user}/spending-limit", user=user), Spending, limit)

    @listed
    def list_purchases(self, user: str, query: Paged | None = None) -> Call[Page[Purchase]]:
        """A user's purchases, the latest first."""
        return Call("GET", path("/v1/users/{user}/purchases", user=user), Page[Purchase], query=fields(query))

    @asked
    def get_purchase(self, user: str, key: str) -> Call[Purchase]:
        """The purchase that was made under an idempotency key."""
        return Call("GET", path("/v1/users/{user}/purchases/{key}", user=user, key=key), Purchase)

    @asked
    def get_wallet(self, user: str) -> Call[Wallet]:
        """What a user's accounts hold now."""
        return Call("GET", path("/v1/users/{user}/wallet", user=user), Wallet)

    @asked
    def get_balance(self, user: str, query: BalanceQuery | None = None) -> Call[Balance]:
        """What an account holds, or held at a past moment."""
        return Call("GET", path("/v1/users/{user}/balance", user=user), Balance, query=fields(query))

    @asked
    def list_entries(self, user: str, query: EntryQuery | None = None) -> Call[Entries]:
        """A page of the entries of an account, newest first, each with the balance after it; `next` reads on."""
        return Call("GET", path("/v1/users/{user}/entries", user=user), Entries, query=fields(query))

    @asked
    def get_account_entry(self, user: str, account: str, seq: str) -> Call[JournalEntry]:
        """What is behind one line of an account: both sides, what priced it, what proves it."""
        asking = path("/v1/users/{user}/accounts/{account}/entries/{seq}", user=user, account=account, seq=seq)
        return Call("GET", asking, JournalEntry)

    @asked
    def get_entry(self, user: str, entry: str) -> Call[JournalEntry]:
        """An entry that concerns a user, by its id."""
        return Call("GET", path("/v1/users/{user}/entries/{id}", user=user, id=entry), JournalEntry)

    @asked
    def explain_entry(self, user: str, account: str, seq: str) -> Call[ExplainedEntry]:
        """Why an entry of an account moved what it moved: the gift, its coins, and the rate."""
        there = path("/v1/users/{user}/accounts/{account}/entries/{seq}/why", user=user, account=account, seq=seq)
        return Call("GET", there, ExplainedEntry)

    @asked
    def get_statement(self, user: str, query: StatementQuery) -> Call[Statement]:
        """A statement with its proofs, which anyone can check: riviere.ledger.proof.problems does."""
        return Call("GET", path("/v1/users/{user}/statement", user=user), Statement, query=fields(query))

    @asked
    def get_earnings(self, user: str, query: EarningsQuery | None = None) -> Call[Earnings]:
        """What gifts brought a creator: in all, by supporter, gift, place or hour."""
        return Call("GET", path("/v1/users/{user}/earnings", user=user), Earnings, query=fields(query))

    @asked
    def get_income(self, user: str, query: IncomeQuery) -> Call[Income]:
        """What gifts brought a creator in a period: by step, hour of the week, gift, place and supporter; filtered."""
        return Call("GET", path("/v1/users/{user}/income", user=user), Income, query=fields(query))

    @asked
    def list_earnings(self, query: EveryoneQuery | None = None) -> Call[EveryonesEarnings]:
        """What gifts brought each creator, most first."""
        return Call("GET", "/v1/earnings", EveryonesEarnings, query=fields(query))
