"""The faces of Riviere: importing one adds its pages to the table."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from starlette.routing import BaseRoute

from riviere.http.front import Front
from riviere.pages import (
    beside,
    console,
    front_door,
    overlay,
    overlays,
    redeem,
    statements,
    stream,
    studio,
    studio_live,
    wallet,
)
from riviere.pages.site import Site
from riviere.pages.visit import House

FACES: Final = (front_door, stream, beside, wallet, studio, studio_live, redeem, statements, overlays, overlay, console)


def pages(*, demo: bool, public_url: str | None) -> Callable[[Front], Sequence[BaseRoute]]:
    """The pages, for `create_app`. Where people come by https, cookies are sent that way only."""
    return partial(_routes, House(demo, secure=(public_url or "").startswith("https:")))


def _routes(house: House, front: Front) -> Sequence[BaseRoute]:
    return Site(front, house).routes()
