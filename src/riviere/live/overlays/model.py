"""What an overlay is, what may be set, and what it has shown. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, Self, get_args

import msgspec

from riviere.economy import checks
from riviere.errors import RiviereError
from riviere.live.position import Position

#: What an overlay shows: gifts one after the other, combos as they grow, a goal, the first supporters, or what the
#: creator wrote.
Widget = Literal["alerts", "combos", "goal", "supporters", "custom"]
WIDGETS: Final[tuple[str, ...]] = get_args(Widget)

#: Overlays of a creator.
MOST: Final = 20

#: Seconds that an alert may stay.
SHORTEST: Final = 2
LONGEST: Final = 60

#: The most coins that an alert may be made to need.
MOST_COINS: Final = 1_000_000_000

#: Characters of each text of a widget of one's own.
LONGEST_CODE: Final = 20_000

#: Alerts that may be shown before others that came first. A page shows them in their order from then on.
MOST_AHEAD: Final = 200

#: What an alert is called by the page that shows it: when it was booked, the entry, and how far a combo had come.
_KEY: Final = re.compile(r"[0-9A-Za-z:.+-]{1,40}/[0-9a-z-]{1,36}/[0-9]{0,10}")

#: How far back a page looks that is opened again, in numbers of the feed and in time: what is older is no news.
_FAR: Final = 5_000
FRESH: Final = timedelta(minutes=10)

_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NAMED: Final = re.compile(r"\{\{\s*([A-Za-z_$][\w$]*)\s*\}\}|\{([A-Za-z_$][\w$]*)\}")


class UnknownOverlay(RiviereError):
    """There is no such overlay; its address may have been replaced or revoked: make a new one in the studio."""

    code = "unknown_overlay"


class TooManyOverlays(RiviereError):
    """A creator has {most} overlays at the most; revoke one that is not used."""

    code = "too_many_overlays"


class BadWidget(RiviereError):
    """An overlay shows one of {known}, not {got}."""

    code = "bad_widget"


class NotYourCode(RiviereError):
    """This overlay shows {widget} of our making and has no code of its own; make one whose widget is custom."""

    code = "not_your_code"


class BadCode(RiviereError):
    """The {part} of a widget is text of {most:,} characters at the most, with no control characters in it."""

    code = "bad_code"


class BadFields(RiviereError):
    """Fields are a JSON object, of names with values or with objects that have a "value": {reason}."""

    code = "bad_fields"


class BadAhead(RiviereError):
    """What was shown out of turn is named as the page names it, {most} alerts at the most."""

    code = "bad_ahead"


class Overlay(msgspec.Struct, frozen=True):
    """A widget of a creator's. `least` is the coins that an alert needs, `seconds` how long it stays."""

    creator: int
    id: int
    name: str
    widget: str
    least: int
    seconds: int
    sound: bool
    made_at: datetime
    changed_at: datetime

    def checked(self) -> Self:
        """This one, if all that people set is what it may be. Raises BadText, BadNumber or BadWidget."""
        checks.text(self.name, "An overlay's name", checks.LONGEST_NAME)
        checks.whole(self.least, "The least coins of an alert", 1, MOST_COINS)
        checks.whole(self.seconds, "The seconds of an alert", SHORTEST, LONGEST)
        if self.widget not in WIDGETS:
            raise BadWidget(known=", ".join(WIDGETS), got=repr(self.widget)[:40])
        return self


class Code(msgspec.Struct, frozen=True):
    """A widget of the creator's own making, in the four texts that such widgets are handed around in."""

    html: str = ""
    css: str = ""
    js: str = ""
    fields: str = ""

    def checked(self) -> Self:
        """This one, if it can be kept. Raises BadCode or BadFields."""
        for part, text in msgspec.structs.asdict(self).items():
            if len(text) > LONGEST_CODE or _UNFIT.search(text):
                raise BadCode(part=part, most=LONGEST_CODE)
        values(self.fields)
        return self

    def filled(self) -> Self:
        """The same with the values of its fields in the places of {{name}} and {name}."""
        known = values(self.fields)

        def value(found: re.Match[str]) -> str:
            name = found[1] or found[2]
            return _text(known[name]) if name in known else found[0]

        html, css, js = (_NAMED.sub(value, text) for text in (self.html, self.css, self.js))
        return type(self)(html, css, js, self.fields)


class Shown(msgspec.Struct, frozen=True):
    """What an overlay has shown: all alerts up to a position of the feed, and those called `ahead` behind it."""

    position: Position
    ahead: Sequence[str] = ()

    def checked(self) -> Self:
        """This one, if a page of ours can have said so. Raises BadAhead."""
        if len(self.ahead) > MOST_AHEAD or not all(_KEY.fullmatch(key) for key in self.ahead):
            raise BadAhead(most=MOST_AHEAD)
        return self

    def joined(self, later: "Shown") -> "Shown":
        """What was shown by now, after a page said `later`; the position never goes back.

        Two pages may show the same overlay, and neither knows what the other did. What was shown out of turn counts
        until a page is further than everybody was, and says what it has shown out of turn itself.
        """
        position = Position(*map(max, self.position, later.position))
        if position == later.position != self.position:
            return later
        ahead = dict.fromkeys([*self.ahead, *later.ahead])
        return Shown(position, [*ahead][-MOST_AHEAD:])

    def begin(self, now: Position) -> Position:
        """Where a page that is opened goes on, when the feed is at `now`."""
        return Position(*(max(shown, at - _FAR) for shown, at in zip(self.position, now, strict=True)))


def values(fields: str) -> dict[str, Any]:
    """The values by name of a widget's fields, as the tab "Fields" of other editors has them. Raises BadFields."""
    if not fields.strip():
        return {}
    try:
        found = msgspec.json.decode(fields)
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise BadFields(reason=str(wrong)[:100]) from None
    if not isinstance(found, Mapping):
        raise BadFields(reason=f"this is {type(found).__name__}")
    return {name: one.get("value", "") if isinstance(one, Mapping) else one for name, one in found.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
