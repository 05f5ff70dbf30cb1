"""What a caller says, as Stripe's clients write it: `metadata[order]=7&expand[0]=latest_charge`, read by name and type.

Every parameter that an operation knows is taken out of the form; `done` then refuses what is left over, as Stripe does.
"""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from riviere.sandbox.cards.answers import invalid

#: Limits of metadata (docs.stripe.com/metadata): pairs, and characters of a name and of a value.
MOST_METADATA: Final = 50
LONGEST_NAME: Final = 40
LONGEST_VALUE: Final = 500

_PART = re.compile(r"\[([^\]]*)\]")
_WHOLE = re.compile(r"-?[0-9]{1,15}")


class Form:
    """Parameters as a tree of texts: an object is a dict, a list is a dict by its numbers."""

    def __init__(self, tree: dict[str, Any], inside: str = "") -> None:
        self._tree, self._inside = tree, inside

    def text(self, name: str, longest: int = 5000) -> str | None:
        """A text, or nothing where it is not said or empty."""
        value = self._tree.pop(name, None)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            raise invalid("Invalid string: must be a string", self._path(name))
        if len(value) > longest:
            raise invalid(f"Invalid string: must be at most {longest} characters", self._path(name))
        return value

    def need(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if value is None:
            path = self._path(name)
            raise invalid(f"Missing required param: {path}.", path, "parameter_missing")
        return value

    def whole(self, name: str) -> int | None:
        """A whole number."""
        value = self.text(name)
        if value is None:
            return None
        if not _WHOLE.fullmatch(value):
            raise invalid(f"Invalid integer: {value[:40]}", self._path(name), "parameter_invalid_integer")
        return int(value)

    def yes(self, name: str) -> bool | None:
        """True or false."""
        value = self.text(name)
        if value is None:
            return None
        if value.lower() not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value[:40]}", self._path(name))
        return value.lower() == "true"

    def one_of(self, name: str, known: Sequence[str]) -> str | None:
        """One of some words."""
        value = self.text(name)
        if value is not None and value not in known:
            raise invalid(f"Invalid {self._path(name)}: must be one of {', '.join(known)}", self._path(name))
        return value

    def texts(self, name: str) -> list[str] | None:
        """A list of texts."""
        value = self._tree.pop(name, None)
        if value is None or value == "":
            return None
        items = list(value.values()) if isinstance(value, dict) else None
        if items is None or not all(isinstance(item, str) for item in items):
            raise invalid("Invalid array", self._path(name))
        return items

    def inner(self, name: str) -> "Form | None":
        """An object of its own, with parameters in it."""
        value = self._tree.pop(name, None)
        if value is None or value == "":
            return None
        if not isinstance(value, dict):
            raise invalid("Invalid object", self._path(name))
        return Form(value, self._path(name))

    def metadata(self) -> dict[str, str]:
        """The caller's own pairs; an empty value takes the pair away."""
        found = self.inner("metadata")
        pairs = {} if found is None else {name: found.free(name) for name in found.names()}
        if len(pairs) > MOST_METADATA:
            raise invalid(f"Metadata can have up to {MOST_METADATA} keys.", "metadata")
        for name, value in pairs.items():
            if not 0 < len(name) <= LONGEST_NAME or len(value) > LONGEST_VALUE:
                message = f"Metadata keys have up to {LONGEST_NAME} characters, values up to {LONGEST_VALUE}."
                raise invalid(message, f"metadata[{name[:LONGEST_NAME]}]")
        return pairs

    def free(self, name: str) -> str:
        """A text that may be empty."""
        value = self._tree.pop(name)
        if not isinstance(value, str):
            raise invalid("Invalid string: must be a string", self._path(name))
        return value

    def names(self) -> list[str]:
        """What is said and not yet taken."""
        return list(self._tree)

    def skip(self, *names: str) -> None:
        """Takes parameters that the stand-in knows and does nothing about."""
        for name in names:
            self._tree.pop(name, None)

    def done(self) -> None:
        """Refuses what nobody has taken."""
        for name in self._tree:
            raise invalid(f"Received unknown parameter: {self._path(name)}", self._path(name), "parameter_unknown")

    def _path(self, name: str) -> str:
        return f"{self._inside}[{name}]" if self._inside else name


def pairs(encoded: str) -> list[tuple[str, str]]:
    """Names and values of a form or a query, in order."""
    return parse_qsl(encoded, keep_blank_values=True)


def tree(said: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The same as a tree."""
    made: dict[str, Any] = {}
    for name, value in said:
        head, _, _ = name.partition("[")
        parts = [head, *_PART.findall(name[len(head) :])]
        place = made
        for part in parts[:-1]:
            place = place.setdefault(part or str(len(place)), {})
            if not isinstance(place, dict):
                raise invalid("Invalid object", head)
        place[parts[-1] or str(len(place))] = value
    return made
