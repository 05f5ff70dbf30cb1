"""From an error to the problem document that answers it (RFC 9457), and the errors that only HTTP has.

What an error says is its class's business; which status it has is decided here, by what a client does about it: 400
the request cannot be read, 401 say who you are, 403 you may not, 404 it is not there (for you), 409 not as things
stand, 422 not like this, 429 and 503 later.
"""

from typing import Any, Final

import msgspec
from psycopg import OperationalError
from psycopg_pool import PoolTimeout

from riviere.access import errors as access
from riviere.access import keys, operators, scopes, sessions, token_keys
from riviere.audience import announcements, questions
from riviere.clock import BadTime, FutureTime
from riviere.database.connection import DatabaseUnreachable
from riviere.database.embedded import ServerFailed
from riviere.economy import catalogue, gifts, offers, people, places, policies
from riviere.economy.apart.link import DeskAway
from riviere.errors import RiviereError
from riviere.http.limits import Left
from riviere.ids import BadKey
from riviere.ledger import batch_writer, writer
from riviere.ledger import refusals as ledger
from riviere.live.contests import model as contests
from riviere.live.goals import model as goals
from riviere.live.overlays import model as overlays
from riviere.live.position import BadPosition
from riviere.payments import limits, purchases, sandbox
from riviere.payments.checkout import model as checkout
from riviere.payments.refunds import model as refunded
from riviere.payouts import methods, refusals
from riviere.payouts import model as payouts
from riviere.trust import model as trust
from riviere.webhooks import model as webhooks
from riviere.wire.common import Problem

PROBLEM: Final = "application/problem+json"


class NotFound(RiviereError):
    """There is nothing at this address; the operations are listed at /openapi.json."""

    code = "not_found"


class VerificationBroke(RiviereError):
    """The last verification broke off at {at} and says nothing about the books; the log has why, start another."""

    code = "verification_broke"


class NotVerified(RiviereError):
    """No verification has finished since this server started; POST to the same address starts one."""

    code = "not_verified"


class NoHead(RiviereError):
    """No head was signed yet; the first one is, within minutes of the first entry."""

    code = "no_head"


class NotAllowed(RiviereError):
    """This address knows {allowed}, not {method}."""

    code = "method_not_allowed"


class MissingKey(RiviereError):
    """This moves value, so it needs an Idempotency-Key header: a text of your own, a new one for each new request."""

    code = "missing_key"


class StillRunning(RiviereError):
    """A request with this Idempotency-Key is being worked on; ask again in a moment with the same key."""

    code = "still_running"


class MalformedBody(RiviereError):
    """The body cannot be read as {takes} ({reason})."""

    code = "malformed_body"


class InvalidBody(RiviereError):
    """The body does not fit: {reason}."""

    code = "invalid_body"


class InvalidQuery(RiviereError):
    """The query does not fit: {reason}."""

    code = "invalid_query"


class BodyTooLarge(RiviereError):
    """The body is larger than {most:,} bytes; send less at a time."""

    code = "body_too_large"


class TooSlow(RiviereError):
    """No more of the body has arrived for {seconds} seconds; send the request again."""

    code = "too_slow"


class HeadTooLarge(RiviereError):
    """The address and the headers take more than {most:,} bytes; send less of them."""

    code = "head_too_large"


class MalformedRequest(RiviereError):
    """This is not HTTP/1.1; the connection is closed."""

    code = "malformed_request"


class WrongContentType(RiviereError):
    """This takes {takes}, so say Content-Type: {takes}, not {got}."""

    code = "wrong_content_type"


class ScopeTooSmall(RiviereError):
    """This needs the scope {scope}, which these credentials do not have."""

    code = "scope_too_small"


class TooManyRequests(RiviereError):
    """More than {quota:,} requests in {window} seconds; wait {wait} seconds and go on."""

    code = "too_many_requests"


class NotSignedIn(RiviereError):
    """Sign in first: open the link that you were given, or ask for a new one."""

    code = "not_signed_in"


class NotForYou(RiviereError):
    """This page is for {who}, and you are signed in as {name}; sign out and open the other link."""

    code = "not_for_you"


class NotYourRole(RiviereError):
    """Your role does not open this page; ask an admin for one that has {scope}."""

    code = "not_your_role"


class ForeignForm(RiviereError):
    """This form did not come from a page that you opened here; go back, load the page again and send it once more."""

    code = "foreign_form"


class TooManyLive(RiviereError):
    """There are {most} live pages open already; close one, and load this one again."""

    code = "too_many_live"


class Internal(RiviereError):
    """Something went wrong on our side; the request's id finds it in the log."""

    code = "internal"


class Busy(RiviereError):
    """The database cannot be reached at the moment; nothing is lost, send the same request again in a second."""

    code = "busy"


#: Seconds after which a request that was answered 503 may come again.
RETRY_AFTER: Final = 1

_STATUS: Final[dict[int, tuple[type[RiviereError], ...]]] = {
    400: (
        MissingKey,
        MalformedBody,
        MalformedRequest,
        InvalidQuery,
        BadKey,
        BadPosition,
        checkout.BadEvent,
        checkout.BadSignature,
    ),
    401: (*access.UNAUTHORIZED, NotSignedIn),
    403: (ForeignForm, NotForYou, NotYourRole, ScopeTooSmall, scopes.BeyondGiver),
    404: (
        NoHead,
        NotFound,
        NotVerified,
        catalogue.UnknownGift,
        catalogue.UnknownPack,
        contests.UnknownContest,
        goals.UnknownGoal,
        keys.UnknownKey,
        ledger.UnknownEntry,
        overlays.UnknownOverlay,
        operators.UnknownOperator,
        people.UnknownUser,
        places.UnknownPlace,
        purchases.UnknownPurchase,
        checkout.UnknownCheckout,
        refunded.UnknownRefund,
        methods.NothingSet,
        trust.UnknownWords,
        announcements.UnknownAnnouncement,
        questions.UnknownQuestion,
        payouts.UnknownRedemption,
        refusals.UnknownQuote,
        sessions.UnknownLink,
        token_keys.NoTokenKey,
        webhooks.UnknownDelivery,
        webhooks.UnknownEndpoint,
    ),
    405: (NotAllowed,),
    408: (TooSlow,),
    409: (
        StillRunning,
        VerificationBroke,
        catalogue.NotYetSold,
        catalogue.PackNotSold,
        catalogue.RetiredGift,
        contests.ContestMoved,
        contests.ContestOverlap,
        contests.TooManyInvitations,
        gifts.LockedByLevel,
        gifts.LockedByRegion,
        goals.GoalStreamOver,
        goals.TooManyGoals,
        ledger.GiftReversed,
        ledger.ImportedGift,
        ledger.NotEnoughCoins,
        ledger.NotMatured,
        ledger.NotRefundable,
        refunded.TooLateToRefund,
        offers.GiftExists,
        offers.VersionOverlap,
        operators.OperatorDisabled,
        operators.OperatorExists,
        overlays.NotYourCode,
        overlays.TooManyOverlays,
        people.UserExists,
        places.StreamEnded,
        policies.NoPolicy,
        policies.PolicyOverlap,
        payouts.OwnReview,
        payouts.PaidOutOnce,
        payouts.WrongState,
        refusals.BelowMinimum,
        refusals.IdentityUnverified,
        refusals.ImportNotBacked,
        refusals.NoPayoutMethod,
        refusals.NotEnoughDiamonds,
        refusals.NothingArrives,
        refusals.OverDailyCap,
        refusals.PayoutsSuspended,
        refusals.QuoteExpired,
        refusals.QuoteUsed,
        refusals.StillMaturing,
        limits.OverOwnLimit,
        checkout.CheckoutOver,
        checkout.Misfit,
        checkout.NoCardAccount,
        checkout.ProcessorRefused,
        sandbox.CardDeclined,
        sandbox.CardExpired,
        sandbox.ChargeConflict,
        token_keys.TokenKeyExists,
        token_keys.TokenKeyKnown,
        token_keys.TokenKeyOver,
        trust.ForModerators,
        trust.NoReports,
        announcements.AnnouncementOver,
        questions.AskedJustNow,
        questions.TakesNoQuestion,
        webhooks.NotWaiting,
    ),
    410: (sessions.ExpiredLink, sessions.UsedLink),
    413: (BodyTooLarge,),
    415: (WrongContentType,),
    422: (BadTime, FutureTime, InvalidBody),
    429: (TooManyLive, TooManyRequests),
    431: (HeadTooLarge,),
    500: (Internal,),
    503: (
        Busy,
        DatabaseUnreachable,
        DeskAway,
        ServerFailed,
        checkout.ProcessorUnsure,
        batch_writer.QueueFull,
        batch_writer.WriterClosed,
        writer.Crowded,
        writer.DatabaseGone,
    ),
}
#: Of these the caller hears more than that we are busy.
_OWN_WORDS: Final = (batch_writer.QueueFull, Busy, DeskAway, checkout.ProcessorUnsure)
_OF: Final = {condition: status for status, conditions in _STATUS.items() for condition in conditions}


def status_of(condition: type[RiviereError]) -> int:
    """The HTTP status of an error; 422 for one that the table does not name: what was asked does not make sense."""
    return _OF.get(condition, 422)


def title_of(condition: type[RiviereError]) -> str:
    """The kind of problem in words: "Not enough coins"."""
    return condition.code.replace("_", " ").capitalize()


def explained(condition: type[RiviereError]) -> dict[str, str | int]:
    """A kind of problem for somebody who follows its `type`: {code, title, status, detail}, without any figures."""
    return {
        "code": condition.code,
        "title": title_of(condition),
        "status": status_of(condition),
        "detail": (condition.__doc__ or "").strip().splitlines()[0],
    }


def problem(wrong: RiviereError, request_id: str) -> Problem:
    """The document that answers `wrong`. What the database said about itself stays in the log."""
    if status_of(type(wrong)) == 503 and not isinstance(wrong, _OWN_WORDS):
        wrong = Busy()
    condition = type(wrong)
    return Problem(
        type=f"/problems/{condition.code}",
        title=title_of(condition),
        status=status_of(condition),
        detail=str(wrong),
        code=condition.code,
        request_id=request_id,
        facts={name: _plain(fact) for name, fact in wrong.facts.items()},
    )


def too_many(left: Left) -> TooManyRequests:
    """What somebody is told whose quota is used up."""
    return TooManyRequests(quota=left.quota.quota, window=left.quota.window, wait=left.wait)


def known(broken: BaseException) -> RiviereError | None:
    """The error that a client may hear of, for one that was not raised for it; None where it is our own mistake."""
    if isinstance(broken, RiviereError):
        return broken
    if isinstance(broken, OperationalError | PoolTimeout):
        return Busy()
    return None


def _plain(fact: object) -> Any:
    """A fact as JSON has it; numbers and texts as they are."""
    return fact if isinstance(fact, str | int | bool) or fact is None else msgspec.to_builtins(str(fact))
