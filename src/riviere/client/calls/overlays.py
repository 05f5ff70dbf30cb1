"""Overlays: widgets for broadcasting software."""

from riviere.client.call import Call, path
from riviere.client.methods import asked, listed
from riviere.wire.common import Page
from riviere.wire.overlays import ChangeOverlay, MakeOverlay, NewOverlay, Overlay, TestShown, WidgetCode


class OverlayCalls:
    """Overlays of creators, and the code of widgets of their own."""

    @asked
    def make_overlay(self, creator: str, overlay: MakeOverlay) -> Call[NewOverlay]:
        """Make an overlay; its secret address is in the answer, and nowhere else."""
        return Call("POST", path("/v1/users/{creator}/overlays", creator=creator), NewOverlay, overlay)

    @listed
    def list_overlays(self, creator: str) -> Call[Page[Overlay]]:
        """A creator's overlays, the oldest first."""
        return Call("GET", path("/v1/users/{creator}/overlays", creator=creator), Page[Overlay])

    @asked
    def get_overlay(self, creator: str, overlay: str) -> Call[Overlay]:
        """An overlay."""
        return Call("GET", _one(creator, overlay), Overlay)

    @asked
    def change_overlay(self, creator: str, overlay: str, change: ChangeOverlay) -> Call[Overlay]:
        """Change an overlay; its address stays."""
        return Call("PATCH", _one(creator, overlay), Overlay, change, once=True)

    @asked
    def replace_overlay_secret(self, creator: str, overlay: str) -> Call[NewOverlay]:
        """Another address in the place of the old one, which goes blank."""
        return Call("POST", _one(creator, overlay) + "/secret", NewOverlay)

    @asked
    def revoke_overlay(self, creator: str, overlay: str) -> Call[None]:
        """Revoke an overlay: its page goes blank."""
        return Call("DELETE", _one(creator, overlay), type(None))

    @asked
    def test_overlay(self, creator: str, overlay: str) -> Call[TestShown]:
        """Show a test alert on this overlay, and nowhere else."""
        return Call("POST", _one(creator, overlay) + "/test", TestShown)

    @asked
    def get_widget_code(self, creator: str, overlay: str) -> Call[WidgetCode]:
        """What the creator wrote for a custom widget."""
        return Call("GET", _one(creator, overlay) + "/code", WidgetCode)

    @asked
    def set_widget_code(self, creator: str, overlay: str, code: WidgetCode) -> Call[WidgetCode]:
        """What runs in a custom widget from now on."""
        return Call("PUT", _one(creator, overlay) + "/code", WidgetCode, code, once=True)


def _one(creator: str, overlay: str) -> str:
    return path("/v1/users/{creator}/overlays/{overlay}", creator=creator, overlay=overlay)
