"""The live feed on the wire: what happens around a creator, as server-sent events carry it."""

from typing import Annotated, Final

from msgspec import Meta

from riviere.wire.common import Code, Coins, Diamonds, Instant, Name, Pieces, Reply, Request

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


class _Sent(Reply, frozen=True, kw_only=True, tag_field="type"):
    """What a gift, a step of a combo and a whole combo have in common."""

    id: Annotated[str, Meta(description="The journal entry of the gift; a combo's steps share it.")]
    at: Annotated[Instant, Meta(description="When it was booked; a combo, when it was found to be over.")]
    sender: Name
    gift: Code
    name: Annotated[str, Meta(description="What the gift is called.", examples=["Rose"])]
    count: Annotated[Pieces, Meta(description="Pieces: of a gift, of this step, or of the whole combo.")]
    coins: Annotated[Coins, Meta(description="What these pieces cost.")]
    diamonds: Annotated[Diamonds, Meta(description="What they brought the creator.")]
    stream: Annotated[Name | None, Meta(description="Where it landed: a stream, or else a post.")] = None
    post: Name | None = None


class GiftSent(_Sent, frozen=True, kw_only=True, tag="gift"):
    """A gift that is no combo."""


class ComboGrew(_Sent, frozen=True, kw_only=True, tag="combo.grew"):
    """A combo took a step."""

    upto: Annotated[Pieces, Meta(description="Pieces that the combo has come to.")]


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


Happening = GiftSent | ComboGrew | ComboFinished | StreamBegan | StreamOver


class Frame(Reply, frozen=True, kw_only=True):
    """The data of one message: what happened since the last one, in order. Its `id` is the position behind it."""

    after: Annotated[Position, Meta(description="The `id` of the message before: if it is another, one is missing.")]
    events: list[Happening]
