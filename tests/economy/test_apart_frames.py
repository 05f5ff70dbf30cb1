"""What a server and its desk apart say to each other arrives as it was said, however it is cut on the way."""

import string
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riviere.database.connection import DatabaseUnreachable
from riviere.database.embedded import ServerFailed
from riviere.economy.apart import frames
from riviere.economy.apart.frames import Asked, Opening, Splitter
from riviere.economy.gifts import GiftRequest
from riviere.errors import RiviereError
from riviere.http.gifts import REFUSALS
from riviere.ledger.batch_writer import QueueFull, WriterClosed
from riviere.ledger.model import Booked, Known, Receipt
from riviere.ledger.refusals import NotEnoughCoins
from riviere.ledger.writer import Crowded, DatabaseGone

AT = datetime(2026, 1, 31, 20, 15, 0, 123456, tzinfo=UTC)
KNOWN = Known(2, UUID(int=2**127 + 1), 12, 5, 3, 299, 299_000, 4, 7, AT)

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
perhaps = st.none() | names
requests = st.builds(
    GiftRequest,
    key=names,
    sender=names,
    creator=names,
    gift=names,
    count=st.integers(1, 2**31 - 1),
    combo=st.booleans(),
    stream=perhaps,
    post=perhaps,
    message=perhaps,
    paid=st.none() | st.integers(1, 2**63 - 1),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
)


def heard(frame: bytes | bytearray) -> memoryview:
    """The contents of the one frame in this."""
    (body,) = Splitter().feed(bytes(frame))
    return body


@given(st.integers(0, 2**63), st.lists(requests, max_size=5))
def test_gifts_arrive_as_they_were_asked_for(number: int, gifts: list[GiftRequest]) -> None:
    assert frames.asked(heard(frames.frame(Asked(number, gifts)))) == Asked(number, gifts)


def test_the_desk_hears_where_its_database_is() -> None:
    where = Opening("/somewhere", "host=there password='a secret'", True)
    assert frames.opening(heard(frames.frame(where))) == where


@given(st.lists(st.binary(max_size=400), max_size=8), st.lists(st.integers(1, 500), min_size=1))
def test_however_the_socket_cuts_them_the_frames_are_the_same(bodies: list[bytes], sizes: list[int]) -> None:
    whole = b"".join(len(body).to_bytes(4) + body for body in bodies)
    splitter, got, begin = Splitter(), [], 0
    while begin < len(whole):
        size = sizes[len(got) % len(sizes)]
        got += [bytes(body) for body in splitter.feed(whole[begin : begin + size])]
        begin += size
    assert got == bodies


def test_what_stands_is_told_in_its_place_and_its_entries_stay_behind() -> None:
    stands = Receipt(2**62, UUID(int=5), KNOWN, False, [])
    repeated = Booked(1, UUID(int=2**128 - 1), KNOWN, True)
    number, (one, wrong, other) = frames.answered(
        heard(frames.answer(7, [stands, NotEnoughCoins(needed=5, held=1), repeated]))
    )
    assert (number, one, other) == (7, Booked(stands.owner, stands.id, KNOWN, False), repeated)
    assert isinstance(wrong, NotEnoughCoins)


def facts_of(condition: type[RiviereError]) -> dict[str, Any]:
    """Something for each name in its sentence: a number where it is written as one, else text."""
    sentence = (condition.__doc__ or "").splitlines()[0]
    named = [(name, spec) for _, name, spec, _ in string.Formatter().parse(sentence) if name]
    return {name: 2**63 - 1 if spec else f"<{name} “é” 🌹>" for name, spec in named}


@pytest.mark.parametrize(
    "condition",
    [*REFUSALS, QueueFull, WriterClosed, Crowded, DatabaseGone, DatabaseUnreachable, ServerFailed],
    ids=lambda condition: condition.code,
)
def test_every_refusal_keeps_its_class_its_facts_and_its_sentence(condition: type[RiviereError]) -> None:
    refused = condition(**facts_of(condition))
    _, (told,) = frames.answered(heard(frames.answer(0, [refused])))
    assert isinstance(told, condition)
    assert (told.facts, str(told)) == (refused.facts, str(refused))


def test_facts_of_every_kind_read_the_same() -> None:
    facts = {"detail": 1, "nothing": None, "yes": True, "at": AT, "id": UUID(int=3), "path": Path("a/b"), "many": 2**63}
    told = frames.answered(heard(frames.answer(0, [RiviereError(**facts)])))[1][0]
    assert isinstance(told, RiviereError)
    assert told.facts == facts | {"id": str(UUID(int=3)), "path": "a/b"}


def test_what_broke_is_no_refusal() -> None:
    _, (told,) = frames.answered(heard(frames.answer(0, [ZeroDivisionError("by hand")])))
    assert not isinstance(told, RiviereError)
    assert "by hand" in str(told)
