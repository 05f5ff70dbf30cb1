"""Many gifts in one request, a line each; every line is answered as a request of its own would have been.

A gift comes here from `dispatch.py` as a line of NDJSON and goes through `tray.py` to `economy/desk.py` in the order of
the lines, in groups: what a request costs by itself is paid once for hundreds of gifts.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Final, NamedTuple, cast

import msgspec
import structlog

from riviere import ids
from riviere.economy.gifts import GiftRequest
from riviere.errors import RiviereError
from riviere.http import problems
from riviere.http.dispatch import MOST_BYTES, decoded
from riviere.http.gifts import EXAMPLE, request_of, told
from riviere.http.lines import Line, lines
from riviere.http.operation import NDJSON, Call, operation
from riviere.ledger.batch_writer import QueueFull
from riviere.ledger.model import Booked
from riviere.ledger.writer import LARGEST_BATCH
from riviere.wire.gifts import BulkAnswer, BulkGift

#: Lines of one bulk request.
MOST_LINES: Final = 20_000
#: Lines that are handed in together: single requests are looked at between two groups.
TOGETHER: Final = 250
#: Gifts under way at which a bulk request waits at the door: one batch is being written, one decided on, the next is
#: full. The rest of the room stays free for others.
AT_THE_DOOR: Final = 3 * LARGEST_BATCH
#: Seconds after which a bulk request looks again whether there is room.
_A_MOMENT: Final = 0.005

_LOG = structlog.get_logger("riviere.http")
_ENCODER: Final = msgspec.json.Encoder()


class TooManyLines(RiviereError):
    """A bulk request has at most {most:,} lines; this one and those after it were not looked at, send them again."""

    code = "too_many_lines"


class _Group(NamedTuple):
    """Lines that were handed in together: what each asks for or why it is refused, and what became of those asked."""

    lines: Sequence[tuple[int, GiftRequest | BulkAnswer]]
    answers: asyncio.Future[Sequence[Booked | Exception]]


@operation(
    "POST",
    "/v1/gifts/bulk",
    id="sendGifts",
    tag="Gifts",
    scope="gifts:write",
    takes=NDJSON,
    gives=NDJSON,
    asked=BulkGift(key="round-7-1", sender="mira", creator="aurora", gift="rose", count=3, stream="live"),
    answer=BulkAnswer(line=1, status=200, gift=EXAMPLE),
)
async def send_gifts(call: Call, body: AsyncIterator[BulkGift]) -> AsyncIterator[BulkAnswer]:
    """Send many gifts, one JSON object a line, each with a key of its own.

    Gifts are booked in the order of their lines, and each line is answered by a line, in the same order, once its gift
    is durable: what a request of its own would have been answered with. A line that is wrong, or refused, does not stop
    its neighbours; blank lines are passed over; each line counts as a request. Answers begin when the whole body has
    arrived, at most 20,000 lines. A request that breaks off is sent again as it was: what stands is answered as
    repeated.
    """
    groups: list[_Group] = []
    left, over = MOST_LINES, None
    async for found in lines(cast("AsyncIterator[bytes]", body), MOST_BYTES):
        fit, rest = found[:left], found[left:]
        left -= len(fit)
        groups += [await _handed_in(call, fit[begin : begin + TOGETHER]) for begin in range(0, len(fit), TOGETHER)]
        # What is over the limit is read to its end all the same: most clients listen only when all is sent.
        if rest and over is None:
            over = rest[0][0]
    return cast("AsyncIterator[BulkAnswer]", _told(call, groups, over))


async def _handed_in(call: Call, found: Sequence[Line]) -> _Group:
    await asyncio.sleep(0)  # others have their turn
    left = call.front.count(call.caller, len(found))
    asked = [(number, _asked(call, number, line)) for number, line in found[: left.taken]]
    asked += [(number, _refused(call, number, problems.too_many(left))) for number, _ in found[left.taken :]]
    return _Group(asked, await _submitted(call, [one for _, one in asked if isinstance(one, GiftRequest)]))


def _asked(call: Call, number: int, line: bytes | None) -> GiftRequest | BulkAnswer:
    try:
        if line is None:
            raise problems.BodyTooLarge(most=MOST_BYTES)
        body = decoded(BulkGift, line)
        return request_of(call, body, ids.client_key(body.key))
    except Exception as broken:
        return _refused(call, number, broken)


async def _submitted(call: Call, requests: Sequence[GiftRequest]) -> asyncio.Future[Sequence[Booked | Exception]]:
    """A bulk request gives way to others: it waits where a single one would be told to come later."""
    future: asyncio.Future[Sequence[Booked | Exception]] = asyncio.get_running_loop().create_future()
    heard = partial(_hear, future)
    if not requests:
        heard([])
        return future
    while True:
        if call.front.tray.under_way < AT_THE_DOOR:
            try:
                call.front.tray.submit(requests, heard)
                return future
            except QueueFull:
                pass
            except RiviereError as refused:
                heard([refused] * len(requests))
                return future
        await asyncio.sleep(_A_MOMENT)


def _hear(future: asyncio.Future[Sequence[Booked | Exception]], answers: Sequence[Booked | Exception]) -> None:
    """Whoever asked may be gone."""
    if not future.done():
        future.set_result(answers)


async def _told(call: Call, groups: Sequence[_Group], over: int | None) -> AsyncIterator[bytes]:
    """The lines of the answer, those of a group together."""
    for group in groups:
        came = iter(await group.answers)
        yield _encoded(
            call,
            [
                one if isinstance(one, BulkAnswer) else _answer(call, number, one, next(came))
                for number, one in group.lines
            ],
        )
    if over is not None:
        yield _encoded(call, [_refused(call, over, TooManyLines(most=MOST_LINES))])


def _encoded(call: Call, answers: Sequence[BulkAnswer]) -> bytes:
    for answer in answers:
        call.front.metrics.line(answer.status)
    return _ENCODER.encode_lines(answers)


def _answer(call: Call, number: int, asked: GiftRequest, answer: Booked | Exception) -> BulkAnswer:
    if isinstance(answer, Exception):
        return _refused(call, number, answer)
    return BulkAnswer(line=number, status=200, gift=told(asked, answer))


def _refused(call: Call, number: int, broken: Exception) -> BulkAnswer:
    wrong = problems.known(broken)
    if wrong is None:
        _LOG.error("broken", operation="sendGifts", request_id=call.request_id, line=number, exc_info=broken)
        wrong = problems.Internal()
    document = problems.problem(wrong, call.request_id)
    return BulkAnswer(line=number, status=document.status, problem=document)
