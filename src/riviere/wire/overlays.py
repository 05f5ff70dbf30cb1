"""Overlays on the wire: widgets for broadcasting software, and what their pages hear beside the creator's feed."""

from typing import Annotated, Literal

from msgspec import Meta

from riviere.wire.common import Code, Coins, Instant, Name, Pieces, Reply, Request

OverlayId = Annotated[str, Meta(description="The overlay's id.", examples=["ov_3f9k2m7q0x8wt"])]
OverlayName = Annotated[
    str, Meta(min_length=1, max_length=100, description="What the creator calls it.", examples=["Alerts, main scene"])
]
Widget = Annotated[
    Literal["alerts", "combos", "goal", "supporters", "custom"],
    Meta(description="What it shows; `custom` is the creator's own, in the shape of StreamElements' custom widgets."),
]
Seconds = Annotated[int, Meta(ge=2, le=60, description="How long an alert stays, in seconds.", examples=[6])]
Sound = Annotated[bool, Meta(description="Whether alerts are heard.")]
Least = Annotated[int, Meta(ge=1, le=1_000_000_000, description="Coins that an alert needs to be shown.", examples=[1])]
Text = Annotated[str, Meta(max_length=20_000, description="Up to 20,000 characters.")]


class MakeOverlay(Request, frozen=True, kw_only=True):
    """An overlay that is to be made."""

    name: OverlayName
    widget: Widget
    least: Least = 1
    seconds: Seconds = 6
    sound: Sound = False


class ChangeOverlay(Request, frozen=True, kw_only=True):
    """What is to be another; what is left out stays as it is."""

    name: OverlayName | None = None
    least: Least | None = None
    seconds: Seconds | None = None
    sound: Sound | None = None


class Overlay(Reply, frozen=True, kw_only=True):
    """A creator's widget for broadcasting software."""

    id: OverlayId
    name: OverlayName
    widget: Widget
    least: Least
    seconds: Seconds
    sound: Sound
    made_at: Instant
    changed_at: Instant


class NewOverlay(Reply, frozen=True, kw_only=True):
    """An overlay and where its page is."""

    overlay: Overlay
    path: Annotated[
        str,
        Meta(
            description="The secret address of its page on this server; shown this once.", examples=["/o/" + "3f" * 32]
        ),
    ]


class WidgetCode(Request, frozen=True, kw_only=True):
    """A widget of the creator's own. `fields` is JSON: values by name, or objects that have a `value`."""

    html: Text = ""
    css: Text = ""
    js: Text = ""
    fields: Text = ""


class TestShown(Reply, frozen=True, kw_only=True):
    """A test alert that is on its way."""

    id: Annotated[str, Meta(description="What the page hears it called.")]


class AlertTried(Reply, frozen=True, kw_only=True, tag_field="type", tag="alert.test"):
    """A test alert, which only the page of its overlay hears. Nobody sent it, and nothing is booked."""

    id: str
    at: Instant
    sender: Name
    gift: Code
    name: str
    count: Pieces
    coins: Coins


class OverlayChanged(Reply, frozen=True, kw_only=True, tag_field="type", tag="overlay.changed"):
    """The overlay was changed: its page loads itself again."""

    at: Instant


class OverlayClosed(Reply, frozen=True, kw_only=True, tag_field="type", tag="overlay.closed"):
    """The overlay was revoked, or an address of it replaced. Nobody is sent this whose address still holds alone."""

    at: Instant
