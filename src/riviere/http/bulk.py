"""Many gifts in one request, a line each; every line is answered as a request of its own would have been.

A gift comes here from `dispatch.py` as a line of NDJSON and goes to `economy/desk.py` in the order of the lines.
"""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from typing import Final, NamedTuple, cast

import msgspec
import structlog

from riviere import ids
from riviere.economy.gifts import GiftRequest
from riviere.errors import RiviereError
from riviere.http import problems
from riviere.http.dispatch import MOST_BYTES, decoded
from riviere.http.gifts import EXAMPLE, request_of, told
from riviere.http.lines import lines
from riviere.http.operation import NDJSON, Call, operation
from riviere.ledger.model import Receipt
from riviere.ledger.writer import LARGEST_BATCH, QueueFull
from riviere.wire.gifts import BulkAnswer, BulkGift

#: Lines of one bulk request.
MOST_LINES: Final = 20_000

#: Gifts at the desk at which a bulk request waits at the door: half the desk's room stays free for others.
AT_THE_DESK: Final = LARGEST_BATCH
#: Answers that are sent together where they are there already.
_TOGETHER: Final = 256
#: Seconds after which a bulk request looks again whether the desk has room.
_A_MOMENT: Final = 0.005

_LOG = structlog.get_logger("riviere.http")


class TooManyLines(RiviereError):
    """A bulk request has at most {most:,} lines; this one and those after it were not looked at, send them again."""

    code = "too_many_lines"


class _Asked(NamedTuple):
    """A line that was handed to the desk."""

    line: int
    request: GiftRequest
    receipt: Future[Receipt]


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
    answers: list[_Asked | BulkAnswer] = []
    async for number, line in lines(cast("AsyncIterator[bytes]", body), MOST_BYTES):
        # What is over the limit is read to its end all the same: most clients listen only when all is sent.
        if len(answers) < MOST_LINES:
            answers.append(await _asked(call, number, line))
        elif len(answers) == MOST_LINES:
            answers.append(_refused(call, number, TooManyLines(most=MOST_LINES)))
    return cast("AsyncIterator[BulkAnswer]", _told(call, answers))


async def _asked(call: Call, number: int, line: bytes | None) -> _Asked | BulkAnswer:
    try:
        if line is None:
            raise problems.BodyTooLarge(most=MOST_BYTES)
        left = call.front.count(call.caller)
        if left.wait:
            raise problems.too_many(left)
        body = decoded(BulkGift, line)
        ids.client_id(body.key)
        request = request_of(call, body, body.key)
        return _Asked(number, request, await _submitted(call, request))
    except Exception as broken:
        return _refused(call, number, broken)


async def _submitted(call: Call, request: GiftRequest) -> Future[Receipt]:
    """A bulk request gives way to others: it waits where a single one would be told to come later."""
    while True:
        if call.office.desk.waiting() < AT_THE_DESK:
            try:
                return call.office.desk.submit(request)
            except QueueFull:
                pass
        await asyncio.sleep(_A_MOMENT)


async def _told(call: Call, answers: list[_Asked | BulkAnswer]) -> AsyncIterator[bytes]:
    """The lines of the answer, several at once where they are there."""
    ready: list[bytes] = []
    for asked in answers:
        waits = isinstance(asked, _Asked) and not asked.receipt.done()
        if ready and (waits or len(ready) == _TOGETHER):
            yield b"".join(ready)
            ready.clear()
        answer = await _answer(call, asked) if isinstance(asked, _Asked) else asked
        call.front.metrics.line(answer.status)
        ready.append(msgspec.json.encode(answer) + b"\n")
    yield b"".join(ready)


async def _answer(call: Call, asked: _Asked) -> BulkAnswer:
    try:
        receipt = await asyncio.wrap_future(asked.receipt)
    except Exception as broken:
        return _refused(call, asked.line, broken)
    return BulkAnswer(line=asked.line, status=200, gift=told(asked.request, receipt))


def _refused(call: Call, number: int, broken: Exception) -> BulkAnswer:
    wrong = problems.known(broken)
    if wrong is None:
        _LOG.error("broken", operation="sendGifts", request_id=call.request_id, line=number, exc_info=broken)
        wrong = problems.Internal()
    document = problems.problem(wrong, call.request_id)
    return BulkAnswer(line=number, status=document.status, problem=document)
