"""What is written of an answer goes out together: one packet, one call of the system."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from front import Front

from riviere.http import protocol
from riviere.http.protocol import _Gathering


class Wire:
    """The transport beneath."""

    def __init__(self) -> None:
        self.sent: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.sent.append(data)

    def write_eof(self) -> None:
        self.sent.append("end")

    def close(self) -> None:
        self.sent.append("closed")


def play(scene: Callable[[Wire, _Gathering], Awaitable[None]]) -> None:
    async def played() -> None:
        wire = Wire()
        await scene(wire, _Gathering(cast("Any", wire), asyncio.get_running_loop()))

    asyncio.run(played())


def test_what_is_written_goes_out_together_when_it_is_complete_or_the_turn_is_over() -> None:
    async def scene(wire: Wire, gathering: _Gathering) -> None:
        gathering.write(b"head")
        gathering.write(b"body")
        assert wire.sent == []
        gathering.flush()
        gathering.flush()
        assert wire.sent == [b"headbody"]
        await asyncio.sleep(0)
        gathering.write(b"a part")
        await asyncio.sleep(0)
        assert wire.sent == [b"headbody", b"a part"]

    play(scene)


def test_nothing_is_kept_back_at_the_end_nor_more_than_a_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "_MOST_KEPT", 10)

    async def scene(wire: Wire, gathering: _Gathering) -> None:
        gathering.write(b"0123456789")
        assert wire.sent == []
        gathering.write(b"!")
        assert wire.sent == [b"0123456789!"]
        gathering.write(b"refused")
        gathering.write_eof()
        gathering.write(b"bye")
        gathering.close()
        assert wire.sent[1:] == [b"refused", "end", b"bye", "closed"]

    play(scene)


def test_an_answer_arrives_in_one_piece(front: Front) -> None:
    host, port = front.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as made:
        for _ in range(20):
            made.sendall(b"GET /v1/health HTTP/1.1\r\nHost: riviere\r\n\r\n")
            assert made.recv(65_536).endswith(b"}")
