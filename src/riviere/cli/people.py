"""`riviere user`, `stream` and `post`: who takes part, and where gifts land."""

from typing import Annotated

from cyclopts import App, Parameter

from riviere import clock, ids
from riviere.cli.common import NOTHING_SAID, Common
from riviere.cli.inputs import MaybeWhole, Whole, Yes, confirm
from riviere.cli.showing import iso, when
from riviere.economy import people, places
from riviere.economy.people import User
from riviere.economy.places import Place
from riviere.errors import BadInput

user = App(name="user", help="People: viewers and creators are users alike.")
stream = App(name="stream", help="Live streams of a creator.")
post = App(name="post", help="Posts of a creator.")

Level = Parameter(help="What gifts are unlocked by: 0 to 1,000.")
Region = Parameter(help="Two capital letters of ISO 3166 (JP, NO).")


@user.command(name="add")
def add_user(
    name: str,
    *,
    level: Annotated[Whole, Level] = 0,
    region: Annotated[str, Region] = "",
    common: Common = NOTHING_SAID,
) -> None:
    """Register somebody by the platform's own id."""
    with common.riviere() as riviere:
        added = people.register(riviere.connection, riviere.signer, name, level=level, region=region, now=clock.now())
    _answer_user(common, added, "added")


@user.command(name="set")
def set_user(
    name: str,
    *,
    level: Annotated[MaybeWhole, Level] = None,
    region: Annotated[str | None, Region] = None,
    common: Common = NOTHING_SAID,
) -> None:
    """Change somebody's level, region or both."""
    if level is None and region is None:
        raise BadInput(detail="Nothing to change: give --level, --region or both")
    with common.riviere() as riviere:
        changed = people.set_standing(riviere.connection, riviere.signer, name, level=level, region=region)
    _answer_user(common, changed, "changed")


@user.command(name="forget")
def forget_user(name: str, *, yes: Yes = False, common: Common = NOTHING_SAID) -> None:
    """Erase who somebody is; what they did stays in the books and names nobody."""
    with common.riviere() as riviere:
        found = people.find(riviere.connection, name)
        confirm(f"Forget {name} for good? The name cannot be put back.", yes=yes)
        people.forget(riviere.connection, name)
    short = ids.shown("u", found.id)
    common.answer({"forgotten": name, "id": short}, f"{name} is forgotten; the books say {short}")


@stream.command(name="start")
def start_stream(creator: str, name: str, *, common: Common = NOTHING_SAID) -> None:
    """Open a stream; one that is live already stays as it is."""
    place = _open(common, creator, places.STREAM, name)
    if place.ended_at is not None:
        raise BadInput(detail=f"The stream {name!r} ended at {iso(place.ended_at)}; start one under a new name")
    _answer_place(common, creator, place, f"live since {when(place.opened_at)} UTC")


@stream.command(name="end")
def end_stream(creator: str, name: str, *, common: Common = NOTHING_SAID) -> None:
    """End a stream; gifts to it are refused from now on."""
    with common.riviere() as riviere:
        someone = people.find(riviere.connection, creator).id
        place = places.end_stream(riviere.connection, riviere.signer, someone, name, clock.now())
    _answer_place(common, creator, place, f"ended at {when(place.ended_at)} UTC")


@post.command(name="add")
def add_post(creator: str, name: str, *, common: Common = NOTHING_SAID) -> None:
    """Put up a post; one that is there stays as it is."""
    place = _open(common, creator, places.POST, name)
    _answer_place(common, creator, place, f"up since {when(place.opened_at)} UTC")


def _open(common: Common, creator: str, kind: str, name: str) -> Place:
    with common.riviere() as riviere:
        someone = people.find(riviere.connection, creator).id
        return places.open_place(riviere.connection, riviere.signer, someone, kind, name, clock.now())


def _answer_user(common: Common, one: User, done: str) -> None:
    short = ids.shown("u", one.id)
    common.answer(
        {"user": one.external_id, "id": short, "level": one.level, "region": one.region},
        f"{one.external_id} {done}: level {one.level}, region {one.region or 'not known'}, id {short}",
    )


def _answer_place(common: Common, creator: str, place: Place, state: str) -> None:
    common.answer(
        {
            "creator": creator,
            "kind": place.kind,
            "place": place.external_id,
            "opened_at": iso(place.opened_at),
            "ended_at": iso(place.ended_at),
        },
        f"{place.kind} {place.external_id} of {creator}: {state}",
    )
