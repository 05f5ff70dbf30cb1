"""The standing of what people wrote, and who may change it. Pure types and rules."""

from typing import Final, Literal, NamedTuple
from uuid import UUID

from riviere.errors import RiviereError

#: `new` is what nobody has judged yet. Only what is shown is shown.
Standing = Literal["new", "shown", "held", "hidden"]
#: Why words are held or hidden, or who let them pass.
Reason = Literal["filter", "review", "reported", "blocked", "creator", "moderator", "approved"]

#: Different people whose reports hold words until somebody has looked at them.
REPORTS_HOLD: Final = 3

LONGEST_REASON: Final = 200


class UnknownWords(RiviereError):
    """This creator has no words {id}; they may have been erased since."""

    code = "unknown_words"


class ForModerators(RiviereError):
    """The words {id} were reported or hidden by a moderator, so only a moderator can show them; you may hide them."""

    code = "for_moderators"


class NoReports(RiviereError):
    """Nobody has reported the words {id}, or it was decided already."""

    code = "no_reports"


class OwnBlock(RiviereError):
    """Nobody blocks themselves: name another viewer."""

    code = "own_block"


class Decision(NamedTuple):
    """What became of words, and why (None: nothing spoke against them)."""

    standing: Standing
    reason: Reason | None


class Written(NamedTuple):
    """Words that may be shown: what they are called, and what they say."""

    id: UUID
    text: str


def judged(*, blocked: bool, found: bool, review: bool) -> Decision:
    """What becomes of words when they are looked at for the first time."""
    if blocked:
        return Decision("hidden", "blocked")
    if found:
        return Decision("held", "filter")
    return Decision("held", "review") if review else Decision("shown", None)


def may_approve(reason: Reason | None, *, moderator: bool) -> bool:
    """Whether somebody may show words that are held or hidden for this reason."""
    return moderator or reason not in ("reported", "moderator")


def hidden(before: Decision, *, moderator: bool) -> Decision:
    """What hiding makes of words. What a moderator has hidden stays theirs."""
    if moderator:
        return Decision("hidden", "moderator")
    return before if before.standing == "hidden" else Decision("hidden", "creator")
