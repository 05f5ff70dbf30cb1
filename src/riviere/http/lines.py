"""NDJSON as it arrives: a line at a time, however the network cuts it."""

from collections.abc import AsyncIterator


async def lines(parts: AsyncIterator[bytes], most: int) -> AsyncIterator[tuple[int, bytes | None]]:
    """The number (from 1) and the bytes of each line that is not blank; None for one of more than `most` bytes.

    Such a line is skipped, and not kept while it arrives.
    """
    number, rest, skipping = 1, b"", False
    async for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            if skipping or len(line) > most:
                skipping = False
                yield number, None
            elif line.strip():
                yield number, line
            number += 1
        if len(rest) > most:
            rest, skipping = b"", True
    if skipping:
        yield number, None
    elif rest.strip():
        yield number, rest
