"""NDJSON as it arrives: whole lines, however the network cuts it."""

from collections.abc import AsyncIterator

#: The number of a line (from 1) and its bytes; None for one that is too long.
Line = tuple[int, bytes | None]


async def lines(parts: AsyncIterator[bytes], most: int) -> AsyncIterator[list[Line]]:
    """The lines that end in each part, but for blank ones. One of more than `most` bytes is not kept as it arrives."""
    number, rest, skipping = 1, b"", False
    async for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        ended: list[Line] = []
        for line in whole:
            if skipping or len(line) > most:
                skipping = False
                ended.append((number, None))
            elif line and not line.isspace():
                ended.append((number, line))
            number += 1
        if len(rest) > most:
            rest, skipping = b"", True
        if ended:
            yield ended
    if skipping:
        yield [(number, None)]
    elif rest.strip():
        yield [(number, rest)]
