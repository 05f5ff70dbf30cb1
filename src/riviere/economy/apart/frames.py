"""What a server and its desk apart say to each other: frames of MessagePack, each after its length in four bytes.

A gift comes here from `link.py` and goes to `child.py`; what became of it goes the other way. Refusals keep their class
and their facts. Both ends are the same Riviere, so there is no version of it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

import msgspec

from riviere.economy.gifts import GiftRequest
from riviere.errors import RiviereError
from riviere.ledger.model import Booked

#: Bytes of the length before each frame.
_HEAD: Final = 4


class Opening(msgspec.Struct, frozen=True, array_like=True):
    """The first frame: which database the desk works on. It has passwords in it, so nothing else may carry it."""

    data: str
    dsn: str
    is_embedded: bool


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """A group of gifts, under a number that nothing else on this link has."""

    number: int
    gifts: Sequence[GiftRequest]


class _Refusal(msgspec.Struct, frozen=True, array_like=True):
    """Why the gift at `place` of its group does not stand; without a code it is no refusal but a mistake of ours."""

    place: int
    code: str | None
    facts: dict[str, Any]


class _Answered(msgspec.Struct, frozen=True, array_like=True):
    """What became of a group: what stands, None at the places of the refused."""

    number: int
    booked: list[Booked | None]
    refused: list[_Refusal]


_ENCODER: Final = msgspec.msgpack.Encoder(uuid_format="bytes")
_OPENING: Final = msgspec.msgpack.Decoder(Opening)
_ASKED: Final = msgspec.msgpack.Decoder(Asked)
_ANSWERED: Final = msgspec.msgpack.Decoder(_Answered)


def frame(said: Opening | Asked) -> bytearray:
    """What is said, as it goes over the socket."""
    return _framed(said)


def answer(number: int, outcomes: Sequence[Booked | Exception]) -> bytearray:
    """The frame that says what became of group `number`. The entries of receipts stay behind."""
    booked: list[Booked | None] = []
    refused: list[_Refusal] = []
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, Exception):
            booked.append(None)
            refused.append(_refusal(place, outcome))
        else:
            booked.append(Booked(outcome.owner, outcome.id, outcome.known, outcome.repeated))
    return _framed(_Answered(number, booked, refused))


def opening(body: bytes | memoryview) -> Opening:
    """The first frame's contents."""
    return _OPENING.decode(body)


def asked(body: bytes | memoryview) -> Asked:
    """A group of gifts out of its frame."""
    return _ASKED.decode(body)


def answered(body: bytes | memoryview) -> tuple[int, Sequence[Booked | Exception]]:
    """A group's number and what became of it, out of the frame that `answer` made."""
    heard = _ANSWERED.decode(body)
    outcomes: list[Any] = heard.booked
    for refusal in heard.refused:
        outcomes[refusal.place] = _exception(refusal)
    return heard.number, outcomes


class Splitter:
    """Bytes as they arrive in, whole frames out."""

    def __init__(self) -> None:
        self._kept = b""

    def feed(self, data: bytes) -> Iterator[memoryview]:
        """The contents of every frame that is whole now; to be gone through to its end."""
        if self._kept:
            data = self._kept + data
        view, begin, end = memoryview(data), 0, len(data)
        while begin + _HEAD <= end:
            after = begin + _HEAD + int.from_bytes(view[begin : begin + _HEAD])
            if after > end:
                break
            yield view[begin + _HEAD : after]
            begin = after
        self._kept = data[begin:]


def _framed(said: msgspec.Struct) -> bytearray:
    buffer = bytearray(_HEAD)
    _ENCODER.encode_into(said, buffer, _HEAD)
    buffer[:_HEAD] = (len(buffer) - _HEAD).to_bytes(_HEAD)
    return buffer


def _refusal(place: int, outcome: Exception) -> _Refusal:
    if isinstance(outcome, RiviereError):
        return _Refusal(place, outcome.code, {name: _plain(fact) for name, fact in outcome.facts.items()})
    return _Refusal(place, None, {"reason": repr(outcome)[:200]})


def _plain(fact: object) -> object:
    """A fact as it is, or as the sentence of its error shows it."""
    return fact if isinstance(fact, str | int | datetime) or fact is None else str(fact)


def _exception(refusal: _Refusal) -> Exception:
    if refusal.code is None:
        return RuntimeError(f"the gift desk broke over it: {refusal.facts['reason']}")
    return _condition(refusal.code)(**refusal.facts)


@cache
def _condition(code: str) -> type[RiviereError]:
    """The class of errors with this code. Whoever loads the desk has loaded all that a gift is refused with."""
    family: list[type[RiviereError]] = [RiviereError]
    for condition in family:
        family += condition.__subclasses__()
    return next(condition for condition in family if condition.code == code)
