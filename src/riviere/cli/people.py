"""`riviere user`, `stream` and `post`: who takes part, and where gifts land."""

from typing import Annotated

from cyclopts import App, Parameter
from msgspec import UNSET

from riviere import clock, ids
from riviere.audience.forgetting import forget
from riviere.cli import remote
from riviere.cli.common import NOTHING_SAID, Common
from riviere.cli.inputs import MaybeWhole, Whole, Yes, confirm
from riviere.cli.showing import iso, when
from riviere.economy import people, places
from riviere.errors import BadInput
from riviere.wire.places import AddPost, Post, StartStream, Stream
from riviere.wire.users import ChangeUser, RegisterUser, User

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
    if common.server:
        asked = RegisterUser(id=name, level=level, region=region or None)
        added = remote.ask(common, lambda server: server.register_user(asked))
    else:
        with common.riviere() as riviere:
            connection, signer, now = riviere.connection, riviere.signer, clock.now()
            added = _told(people.register(connection, signer, name, level=level, region=region, now=now))
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
    if common.server:
        asked = ChangeUser(level=UNSET if level is None else level, region=UNSET if region is None else region or None)
        changed = remote.ask(common, lambda server: server.change_user(name, asked))
    else:
        with common.riviere() as riviere:
            connection, signer, now = riviere.connection, riviere.signer, clock.now()
            changed = _told(people.set_standing(connection, signer, name, level=level, region=region, now=now))
    _answer_user(common, changed, "changed")


@user.command(name="forget")
def forget_user(name: str, *, yes: Yes = False, common: Common = NOTHING_SAID) -> None:
    """Erase who somebody is; what they did stays in the books and names nobody."""
    question = f"Forget {name} for good? The name cannot be put back."
    if common.server:
        short = remote.ask(common, lambda server: server.get_user(name)).account
        confirm(question, yes=yes)
        remote.ask(common, lambda server: server.forget_user(name))
    else:
        with common.riviere() as riviere:
            short = ids.shown("u", people.find(riviere.connection, name).id)
            confirm(question, yes=yes)
            forget(riviere.connection, name, clock.now())
    common.answer({"forgotten": name, "id": short}, f"{name} is forgotten; the books say {short}")


@stream.command(name="start")
def start_stream(creator: str, name: str, *, common: Common = NOTHING_SAID) -> None:
    """Open a stream; one that is live already stays as it is."""
    if common.server:
        opened = remote.ask(common, lambda server: server.start_stream(StartStream(creator=creator, id=name)))
    else:
        opened = _stream(creator, _open(common, creator, places.STREAM, name))
    if opened.ended_at is not None:
        raise BadInput(detail=f"The stream {name!r} ended at {iso(opened.ended_at)}; start one under a new name")
    _answer_place(common, opened, f"live since {when(opened.opened_at)} UTC")


@stream.command(name="end")
def end_stream(creator: str, name: str, *, common: Common = NOTHING_SAID) -> None:
    """End a stream; gifts to it are refused from now on."""
    if common.server:
        ended = remote.ask(common, lambda server: server.end_stream(creator, name))
    else:
        with common.riviere() as riviere:
            someone = people.find(riviere.connection, creator).id
            ended = _stream(creator, places.end_stream(riviere.connection, riviere.signer, someone, name, clock.now()))
    _answer_place(common, ended, f"ended at {when(ended.ended_at)} UTC")


@post.command(name="add")
def add_post(creator: str, name: str, *, common: Common = NOTHING_SAID) -> None:
    """Put up a post; one that is there stays as it is."""
    if common.server:
        added = remote.ask(common, lambda server: server.add_post(AddPost(creator=creator, id=name)))
    else:
        place = _open(common, creator, places.POST, name)
        added = Post(creator=creator, id=name, opened_at=place.opened_at, imported=place.imported)
    _answer_place(common, added, f"up since {when(added.opened_at)} UTC")


def _open(common: Common, creator: str, kind: str, name: str) -> places.Place:
    with common.riviere() as riviere:
        someone = people.find(riviere.connection, creator).id
        return places.open_place(riviere.connection, riviere.signer, someone, kind, name, clock.now())


def _stream(creator: str, place: places.Place) -> Stream:
    return Stream(
        creator=creator,
        id=place.external_id,
        opened_at=place.opened_at,
        ended_at=place.ended_at,
        imported=place.imported,
    )


def _told(one: people.User) -> User:
    account = ids.shown("u", one.id)
    return User(id=one.external_id, level=one.level, region=one.region or None, account=account)


def _answer_user(common: Common, one: User, done: str) -> None:
    region = one.region or ""
    common.answer(
        {"user": one.id, "id": one.account, "level": one.level, "region": region},
        f"{one.id} {done}: level {one.level}, region {region or 'not known'}, id {one.account}",
    )


def _answer_place(common: Common, place: Stream | Post, state: str) -> None:
    kind, ended_at = (places.STREAM, place.ended_at) if isinstance(place, Stream) else (places.POST, None)
    common.answer(
        {
            "creator": place.creator,
            "kind": kind,
            "place": place.id,
            "opened_at": iso(place.opened_at),
            "ended_at": iso(ended_at),
        },
        f"{kind} {place.id} of {place.creator}: {state}",
    )
