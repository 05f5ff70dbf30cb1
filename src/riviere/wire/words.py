"""What people write, on the wire: word lists, what waits for review, reports and blocks."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Instant, Name, Reply, Request
from riviere.wire.common import Words as Text

Entry = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=100,
        description="A word or phrase, found as a whole word; with * at the end also as the beginning of one.",
        examples=["knave*"],
    ),
]
Entries = Annotated[list[Entry], Meta(max_length=1000, description="Words that hold a text back until it is reviewed.")]
WordsId = Annotated[
    str, Meta(description="What the words are called.", examples=["5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10"])
]
Review = Annotated[bool, Meta(description="Whether the creator approves every text before others see it.")]


class ReplaceWordList(Request, frozen=True, kw_only=True):
    """A word list in the place of the one before."""

    entries: Entries


class WordList(Reply, frozen=True, kw_only=True):
    """The platform's word list, which holds for every creator."""

    entries: Entries


class ReplaceCreatorWords(Request, frozen=True, kw_only=True):
    """A creator's word list and wish in the place of those before."""

    entries: Entries
    review: Review = False


class CreatorWords(Reply, frozen=True, kw_only=True):
    """A creator's own word list, and whether they review everything."""

    entries: Entries
    review: Review


class WrittenWords(Reply, frozen=True, kw_only=True):
    """Words beside a gift, or a question, for whoever decides on them."""

    id: WordsId
    author: Annotated[Name, Meta(description="Who wrote them: also where the gift was anonymous.")]
    text: Annotated[str, Meta(description="What they say.", examples=["bravo"])]
    at: Annotated[Instant, Meta(description="When they were written.")]
    stream: Annotated[Name | None, Meta(description="Where: in a stream, or else at a post.")] = None
    post: Name | None = None
    gift: Annotated[str | None, Meta(description="The journal entry they stand beside; null for a question.")] = None
    standing: Annotated[
        Literal["new", "shown", "held", "hidden"],
        Meta(description="Only what is shown is seen by others; what is new is judged when it is first to be."),
    ]
    reason: Annotated[
        Literal["filter", "review", "reported", "blocked", "creator", "moderator", "approved"] | None,
        Meta(description="Why they are held, or who hid or approved them; null where nothing spoke against them."),
    ]
    reports: Annotated[list[str], Meta(description="The reasons of open reports, the first one first.")]


class ReportWords(Request, frozen=True, kw_only=True):
    """What somebody finds wrong with words."""

    reason: Annotated[Text, Meta(examples=["insults me"])]
    reporter: Annotated[
        Name | None, Meta(description="Who reports. A user's own token may leave it out: it is that user.")
    ] = None


class Report(Reply, frozen=True, kw_only=True):
    """Somebody's report, for moderators only."""

    reporter: Annotated[Name, Meta(description="Who reported; creators and authors are not told.")]
    reason: Annotated[str, Meta(description="What they find wrong.", examples=["insults me"])]
    at: Instant


class ReportedWords(Reply, frozen=True, kw_only=True):
    """Words that were reported, and nobody has decided."""

    creator: Name
    since: Annotated[Instant, Meta(description="When they were first reported.")]
    words: WrittenWords
    reports: Annotated[list[Report], Meta(description="The open reports, the first one first.")]


class ReportsWaiting(Reply, frozen=True, kw_only=True):
    """What waits for a moderator."""

    many: Annotated[int, Meta(ge=0, description="Words with reports that nobody has decided on.")]
    oldest: Annotated[Instant | None, Meta(description="When the first of them was reported; null where none waits.")]


class BlockedViewer(Reply, frozen=True, kw_only=True):
    """A viewer whom a creator does not want to hear from."""

    viewer: Name
    since: Instant
