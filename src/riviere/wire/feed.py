"""The live feed on the wire: what happens around a creator, as server-sent events carry it."""

from typing import Annotated, Final, Literal

from msgspec import Meta

from riviere.wire.common import Code, Coins, Diamonds, Instant, Name, Pieces, Reply, Request
from riviere.wire.contests import ContestTold
from riviere.wire.goals import Figure, Title
from riviere.wire.supporters import Supporter

Position = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{1,19}\.[0-9]{1,19}$",
        description="How far a feed was read: the `id` of a message.",
        examples=["118.7"],
    ),
]

#: The media type of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
EVENT_STREAM: Final = "text/event-stream"


class FeedQuery(Request, frozen=True, kw_only=True):
    """Where to go on."""

    after: Annotated[
        Position | None,
        Meta(description="The `id` of the last message that was read; the header Last-Event-ID comes before it."),
    ] = None


class ShownWords(Reply, frozen=True, kw_only=True):
    """Words that may be shown, until an event takes them back."""

    id: Annotated[str, Meta(description="What they are called.", examples=["5b0c4f9e-8f0a-4d3e-9a44-2f0f3f0b6a10"])]
    text: Annotated[str, Meta(description="What they say.", examples=["bravo"])]


class _Sent(Reply, frozen=True, kw_only=True, tag_field="type"):
    """What a gift, a step of a combo and a whole combo have in common."""

    id: Annotated[str, Meta(description="The journal entry of the gift; a combo's steps share it.")]
    at: Annotated[Instant, Meta(description="When it was booked; a combo, when it was found to be over.")]
    sender: Annotated[Name | None, Meta(description="Who sent it; null where they wish not to be named.")]
    gift: Code
    name: Annotated[str, Meta(description="What the gift is called.", examples=["Rose"])]
    count: Annotated[Pieces, Meta(description="Pieces: of a gift, of this step, or of the whole combo.")]
    coins: Annotated[Coins, Meta(description="What these pieces cost.")]
    diamonds: Annotated[Diamonds, Meta(description="What they brought the creator.")]
    stream: Annotated[Name | None, Meta(description="Where it landed: a stream, or else a post.")] = None
    post: Name | None = None


class GiftSent(_Sent, frozen=True, kw_only=True, tag="gift"):
    """A gift that is no combo."""

    words: Annotated[ShownWords | None, Meta(description="What stands beside it, where it is shown.")] = None


class ComboGrew(_Sent, frozen=True, kw_only=True, tag="combo.grew"):
    """A combo took a step."""

    upto: Annotated[Pieces, Meta(description="Pieces that the combo has come to.")]
    words: Annotated[ShownWords | None, Meta(description="What stands beside this step, where it is shown.")] = None


class ComboFinished(_Sent, frozen=True, kw_only=True, tag="combo.finished"):
    """A combo has been quiet for five seconds. A later step makes it grow, and finish, again."""


class StreamBegan(Reply, frozen=True, kw_only=True, tag_field="type", tag="stream.started"):
    """A stream of the creator began."""

    at: Instant
    stream: Name


class StreamOver(Reply, frozen=True, kw_only=True, tag_field="type", tag="stream.ended"):
    """A stream of the creator ended."""

    at: Instant
    stream: Name


class _InPlace(Reply, frozen=True, kw_only=True, tag_field="type"):
    """What happens to words in a stream, or else a post."""

    at: Instant
    stream: Name | None = None
    post: Name | None = None


class WordsShown(_InPlace, frozen=True, kw_only=True, tag="words.shown"):
    """Words beside a gift that was told without them may be shown now. Whoever has them already shows them once."""

    gift: Annotated[str, Meta(description="The journal entry of the gift.")]
    sender: Annotated[Name | None, Meta(description="Who wrote them; null where they wish not to be named.")]
    words: ShownWords


class WordsWithheld(_InPlace, frozen=True, kw_only=True, tag="words.withheld"):
    """Words that may have been shown are not to be shown any more, whatever they stood beside."""

    ids: Annotated[list[str], Meta(description="What they are called.")]


class QuestionAsked(_InPlace, frozen=True, kw_only=True, tag="question.asked"):
    """Somebody asked something that everybody may see. Whoever has it already shows it once."""

    id: Annotated[str, Meta(description="What the question is called.")]
    asker: Name
    text: Annotated[str, Meta(description="What they ask.", examples=["What is the next song?"])]


class QuestionAnswered(_InPlace, frozen=True, kw_only=True, tag="question.answered"):
    """The creator has answered a question."""

    id: Annotated[str, Meta(description="What the question is called.")]


class QuestionsHidden(_InPlace, frozen=True, kw_only=True, tag="question.hidden"):
    """Questions that may have been shown are not to be shown any more."""

    ids: Annotated[list[str], Meta(description="What they are called.")]


class StreamAnnounced(Reply, frozen=True, kw_only=True, tag_field="type", tag="announcement"):
    """A coming stream was announced, changed or cancelled, or begins soon. As it stands now, in the creator's feed."""

    at: Instant
    what: Annotated[
        Literal["made", "changed", "cancelled", "due"],
        Meta(description="What happened; `due` ten minutes before it begins."),
    ]
    id: Annotated[str, Meta(description="What the announcement is called.")]
    title: Annotated[str, Meta(description="What is announced.", examples=["Night of requests"])]
    text: Annotated[str, Meta(description="What the creator says about it.")]
    starts_at: Instant


class GoalMoved(Reply, frozen=True, kw_only=True, tag_field="type", tag="goal"):
    """A goal of the creator was opened, came nearer or was set back, was reached (once), or was closed.

    It is told once a second at the most, as it stands by then.
    """

    id: Annotated[str, Meta(description="The goal.")]
    at: Instant
    state: Annotated[Literal["opened", "progress", "reached", "closed"], Meta(description="What happened to it.")]
    title: Title
    gift: Annotated[Code | None, Meta(description="The gift whose pieces it counts; null where it counts diamonds.")]
    target: Figure
    progress: Figure
    stream: Annotated[Name | None, Meta(description="Its stream; null where it counts all that the creator gets.")]


class LeaderboardChanged(Reply, frozen=True, kw_only=True, tag_field="type", tag="leaderboard"):
    """Others are the first five supporters of a stream now, or the same in another order; once a second at the most."""

    at: Instant
    stream: Name
    top: Annotated[list[Supporter], Meta(description="The first five, or fewer, with what they gave by then.")]


Happening = (
    GiftSent
    | ComboGrew
    | ComboFinished
    | StreamBegan
    | StreamOver
    | WordsShown
    | WordsWithheld
    | QuestionAsked
    | QuestionAnswered
    | QuestionsHidden
    | StreamAnnounced
    | GoalMoved
    | LeaderboardChanged
    | ContestTold
)


class Frame(Reply, frozen=True, kw_only=True):
    """The data of one message: what happened since the last one, in order. Its `id` is the position behind it."""

    after: Annotated[Position, Meta(description="The `id` of the message before: if it is another, one is missing.")]
    events: list[Happening]
