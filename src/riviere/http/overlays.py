"""Overlays over HTTP: widgets for broadcasting software. Their pages are in `riviere.pages.overlay`."""

from typing import Any, Final, cast

import msgspec

from riviere import ids
from riviere.database.connection import Connection
from riviere.economy import checks, people
from riviere.http.operation import EXAMPLE_TIME, Call, operation
from riviere.live.overlays import keeping, model
from riviere.live.overlays.model import Code
from riviere.wire import overlays as wire
from riviere.wire.common import Page

_OVERLAY: Final = wire.Overlay(
    id="ov_3f9k2m7q0x8wt",
    name="Alerts, main scene",
    widget="alerts",
    least=1,
    seconds=6,
    sound=False,
    made_at=EXAMPLE_TIME,
    changed_at=EXAMPLE_TIME,
)
_NEW: Final = wire.NewOverlay(overlay=_OVERLAY, path="/o/" + "3f" * 32)
_CODE: Final = wire.WidgetCode(
    html='<p id="last"></p>',
    css="#last { color: {{colour}}; }",
    js='addEventListener("onEventReceived", (o) => { last.textContent = o.detail.event.name; });',
    fields='{"colour": {"type": "colorpicker", "label": "Colour", "value": "#ffffff"}}',
)


@operation(
    "POST",
    "/v1/users/{creator}/overlays",
    id="makeOverlay",
    tag="Overlays",
    scope="overlays:write",
    owner="creator",
    status=201,
    raises=(people.UnknownUser, checks.BadText, checks.BadNumber, model.TooManyOverlays),
    asked=wire.MakeOverlay(name="Alerts, main scene", widget="alerts"),
    answer=_NEW,
)
def make_overlay(call: Call, body: wire.MakeOverlay) -> wire.NewOverlay:
    """Make an overlay: a page that broadcasting software lays over the picture.

    Its address is a secret, and is shown this once. Whoever has it sees what happens around the creator, and can do
    nothing. It shows what happens from now on, each alert once, also where its page is loaded again.
    """
    with call.reading() as connection:
        made, secret = keeping.make(
            connection, _creator(call, connection), now=call.now, **msgspec.structs.asdict(body)
        )
    return wire.NewOverlay(overlay=_overlay(made), path=_path(secret))


@operation(
    "GET",
    "/v1/users/{creator}/overlays",
    id="listOverlays",
    tag="Overlays",
    scope="overlays:read",
    owner="creator",
    raises=(people.UnknownUser,),
    answer=Page(data=[_OVERLAY]),
)
def list_overlays(call: Call) -> Page[wire.Overlay]:
    """List a creator's overlays, the oldest first: 20 at the most."""
    with call.reading() as connection:
        return Page(data=[_overlay(one) for one in keeping.listed(connection, _creator(call, connection))])


@operation(
    "GET",
    "/v1/users/{creator}/overlays/{id}",
    id="getOverlay",
    tag="Overlays",
    scope="overlays:read",
    owner="creator",
    raises=(people.UnknownUser, model.UnknownOverlay),
    answer=_OVERLAY,
)
def get_overlay(call: Call) -> wire.Overlay:
    """Get an overlay."""
    with call.reading() as connection:
        return _overlay(_find(call, connection))


@operation(
    "PATCH",
    "/v1/users/{creator}/overlays/{id}",
    id="changeOverlay",
    tag="Overlays",
    scope="overlays:write",
    owner="creator",
    raises=(people.UnknownUser, model.UnknownOverlay, checks.BadText, checks.BadNumber),
    asked=wire.ChangeOverlay(least=10),
    answer=_OVERLAY,
)
def change_overlay(call: Call, body: wire.ChangeOverlay) -> wire.Overlay:
    """Change an overlay. Its page loads itself again at once; its address stays."""
    wanted: dict[str, Any] = {name: one for name, one in msgspec.structs.asdict(body).items() if one is not None}
    with call.reading() as connection:
        return _overlay(keeping.change(connection, _find(call, connection), call.now, **wanted))


@operation(
    "POST",
    "/v1/users/{creator}/overlays/{id}/secret",
    id="replaceOverlaySecret",
    tag="Overlays",
    scope="overlays:write",
    owner="creator",
    raises=(people.UnknownUser, model.UnknownOverlay),
    answer=_NEW,
)
def replace_overlay_secret(call: Call) -> wire.NewOverlay:
    """Give an overlay another address. What is open at the old one goes blank within seconds."""
    with call.reading() as connection:
        overlay = _find(call, connection)
        secret = keeping.replace_secret(connection, overlay, call.now)
    return wire.NewOverlay(overlay=_overlay(overlay), path=_path(secret))


@operation(
    "DELETE",
    "/v1/users/{creator}/overlays/{id}",
    id="revokeOverlay",
    tag="Overlays",
    scope="overlays:write",
    owner="creator",
    status=204,
    raises=(people.UnknownUser, model.UnknownOverlay),
)
def revoke_overlay(call: Call) -> None:
    """Revoke an overlay: its page goes blank within seconds, and its code is removed."""
    with call.reading() as connection:
        keeping.revoke(connection, _find(call, connection), call.now)


@operation(
    "POST",
    "/v1/users/{creator}/overlays/{id}/test",
    id="testOverlay",
    tag="Overlays",
    scope="overlays:write",
    owner="creator",
    status=202,
    raises=(people.UnknownUser, model.UnknownOverlay),
    answer=wire.TestShown(id="5e2b0d3a-6a52-5c57-9d30-0f6f0c5c8a11"),
)
def test_overlay(call: Call) -> wire.TestShown:
    """Show a test alert on this overlay, and nowhere else. It is marked as a test, and nothing is booked."""
    with call.reading() as connection:
        return wire.TestShown(id=str(keeping.test(connection, _find(call, connection), call.now)))


@operation(
    "GET",
    "/v1/users/{creator}/overlays/{id}/code",
    id="getWidgetCode",
    tag="Overlays",
    scope="overlays:read",
    owner="creator",
    raises=(people.UnknownUser, model.UnknownOverlay, model.NotYourCode),
    answer=_CODE,
)
def get_widget_code(call: Call) -> wire.WidgetCode:
    """Get what the creator wrote for a custom widget."""
    with call.reading() as connection:
        return _code(keeping.code(connection, _find(call, connection)))


@operation(
    "PUT",
    "/v1/users/{creator}/overlays/{id}/code",
    id="setWidgetCode",
    tag="Overlays",
    scope="overlays:write",
    owner="creator",
    raises=(people.UnknownUser, model.UnknownOverlay, model.NotYourCode, model.BadCode, model.BadFields),
    asked=_CODE,
    answer=_CODE,
)
def set_widget_code(call: Call, body: wire.WidgetCode) -> wire.WidgetCode:
    """Set what runs in a custom widget: HTML, CSS, JavaScript and fields, as StreamElements has them.

    It runs in a sandboxed frame of an origin of its own, and hears `onWidgetLoad`, `onEventReceived` and
    `onSessionUpdate`: gifts and finished combos as `cheer-latest`, with coins for the amount. What is
    left out is empty.
    """
    code = Code(**msgspec.structs.asdict(body))
    with call.reading() as connection:
        keeping.set_code(connection, _find(call, connection), code, call.now)
    return body


def _creator(call: Call, connection: Connection) -> int:
    return people.find(connection, call.path["creator"]).id


def _find(call: Call, connection: Connection) -> model.Overlay:
    return keeping.find(connection, _creator(call, connection), call.path["id"])


def _path(secret: str) -> str:
    return f"/o/{secret}"


def _overlay(one: model.Overlay) -> wire.Overlay:
    return wire.Overlay(
        id=ids.shown(keeping.PREFIX, one.id),
        name=one.name,
        widget=cast("wire.Widget", one.widget),
        least=one.least,
        seconds=one.seconds,
        sound=one.sound,
        made_at=one.made_at,
        changed_at=one.changed_at,
    )


def _code(code: Code) -> wire.WidgetCode:
    return wire.WidgetCode(**msgspec.structs.asdict(code))
