"""From diamonds to money: quotes, redemptions, who may be paid and where."""

from riviere import ids
from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.wire.common import Page, Paged
from riviere.wire.redemptions import (
    AllWaiting,
    AmongQuery,
    AskQuote,
    AskRedemption,
    Because,
    Marks,
    PayoutMethod,
    Quote,
    Redemption,
    SetIdentity,
    SetPayoutMethod,
    SetStanding,
    Worth,
    WorthQuery,
)


class RedemptionCalls:
    """Redemptions."""

    @asked
    def quote_redemption(self, user: str, ask: AskQuote) -> Call[Quote]:
        """What diamonds bring: rate, fee, what arrives, and what a request would be refused for as things stand."""
        # A second quote does no harm: it moves nothing, and the first one expires.
        return Call("POST", path("/v1/users/{user}/quotes", user=user), Quote, ask, once=True)

    @asked
    def get_worth(self, user: str, query: WorthQuery | None = None) -> Call[Worth]:
        """What a creator's diamonds would bring now, after the fee and before tax, and what stands in the way."""
        return Call("GET", path("/v1/users/{user}/worth", user=user), Worth, query=fields(query))

    @asked
    def request_redemption(self, user: str, ask: AskRedemption, *, key: str | None = None) -> Call[Redemption]:
        """Redeem what a quote offers. What is refused may be asked again under the same key once the reason is gone."""
        asking = path("/v1/users/{user}/redemptions", user=user)
        return Call("POST", asking, Redemption, ask, key=ids.new_key() if key is None else key)

    @listed
    def list_redemptions(self, user: str, query: Paged | None = None) -> Call[Page[Redemption]]:
        """A creator's redemptions, newest first, the refused ones too."""
        return Call("GET", path("/v1/users/{user}/redemptions", user=user), Page[Redemption], query=fields(query))

    @asked
    def get_redemption(self, user: str, redemption: str) -> Call[Redemption]:
        """A redemption with every step: when, by whom, why, and what happens next."""
        return Call("GET", path("/v1/users/{user}/redemptions/{id}", user=user, id=redemption), Redemption)

    @asked
    def cancel_redemption(self, user: str, redemption: str, because: Because) -> Call[Redemption]:
        """Take a redemption back before the provider is asked; the diamonds are as they were."""
        cancelling = path("/v1/users/{user}/redemptions/{id}/cancel", user=user, id=redemption)
        return Call("POST", cancelling, Redemption, because)

    @asked
    def pay_again(self, user: str, redemption: str, because: Because) -> Call[Redemption]:
        """Ask for money that came back to be paid again, to the payout method of now."""
        paying = path("/v1/users/{user}/redemptions/{id}/pay-again", user=user, id=redemption)
        return Call("POST", paying, Redemption, because)

    @listed
    def list_redemptions_to_review(self, query: Paged | None = None) -> Call[Page[Redemption]]:
        """What waits for a person, longest first."""
        return Call("GET", "/v1/redemptions", Page[Redemption], query=fields(query))

    @asked
    def count_waiting_redemptions(self) -> Call[AllWaiting]:
        """What waits for a person: how many, since when, and how much."""
        return Call("GET", "/v1/redemptions/waiting", AllWaiting)

    @listed
    def list_everybodys_redemptions(self, query: AmongQuery | None = None) -> Call[Page[Redemption]]:
        """Everybody's redemptions in one state, newest first."""
        return Call("GET", "/v1/redemptions/all", Page[Redemption], query=fields(query))

    @asked
    def get_anybodys_redemption(self, redemption: str) -> Call[Redemption]:
        """A redemption by its id, whoever's it is."""
        return Call("GET", path("/v1/redemptions/{id}", id=redemption), Redemption)

    @asked
    def approve_redemption(self, redemption: str, because: Because) -> Call[Redemption]:
        """Let a redemption in review go on to the provider."""
        return Call("POST", path("/v1/redemptions/{id}/approve", id=redemption), Redemption, because)

    @asked
    def reject_redemption(self, redemption: str, because: Because) -> Call[Redemption]:
        """Say no to a redemption in review; the creator reads why and has the diamonds back."""
        return Call("POST", path("/v1/redemptions/{id}/reject", id=redemption), Redemption, because)

    @asked
    def pay_again_as_operator(self, redemption: str, because: Because) -> Call[Redemption]:
        """Pay money that came back once more, to the creator's payout method of now."""
        return Call("POST", path("/v1/redemptions/{id}/pay-again", id=redemption), Redemption, because)

    @asked
    def attend_to_redemption(self, redemption: str, because: Because) -> Call[Redemption]:
        """Say what came of looking into what a redemption called for; nothing moves."""
        return Call("POST", path("/v1/redemptions/{id}/attended", id=redemption), Redemption, because)

    @asked
    def end_unpaid_redemption(self, redemption: str, because: Because) -> Call[Redemption]:
        """Say that a payout which called for a person was never paid; be sure of it."""
        return Call("POST", path("/v1/redemptions/{id}/never-paid", id=redemption), Redemption, because)


class PayeeCalls:
    """Who may be paid, and where."""

    @asked
    def set_payout_method(self, user: str, method: SetPayoutMethod) -> Call[PayoutMethod]:
        """Set where a creator is paid, from the next request on."""
        return Call("PUT", path("/v1/users/{user}/payout-method", user=user), PayoutMethod, method)

    @asked
    def get_payout_method(self, user: str) -> Call[PayoutMethod]:
        """Where a creator is paid."""
        return Call("GET", path("/v1/users/{user}/payout-method", user=user), PayoutMethod)

    @asked
    def set_identity(self, user: str, identity: SetIdentity) -> Call[Marks]:
        """Record what an identity check came to; only who is verified may redeem."""
        return Call("PUT", path("/v1/users/{user}/identity", user=user), Marks, identity)

    @asked
    def get_identity(self, user: str) -> Call[Marks]:
        """Whether a user's identity is verified, and how it came to that."""
        return Call("GET", path("/v1/users/{user}/identity", user=user), Marks)

    @asked
    def set_standing(self, user: str, standing: SetStanding) -> Call[Marks]:
        """Suspend redemptions of a user, or let them go on, with the reason that they are told."""
        return Call("PUT", path("/v1/users/{user}/standing", user=user), Marks, standing)

    @asked
    def get_standing(self, user: str) -> Call[Marks]:
        """Whether a user may redeem, and every suspension with its reason."""
        return Call("GET", path("/v1/users/{user}/standing", user=user), Marks)
