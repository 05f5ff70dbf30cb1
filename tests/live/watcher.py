"""Somebody who follows a feed, and insists that no message is missing: each says which one came before it."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import msgspec

from riviere.live.position import Position
from riviere.live.reading import Read

__all__ = ["Watcher", "brief", "events", "sent"]


def events(read: Read) -> list[dict[str, Any]]:
    """What happened, as whoever follows gets it."""
    return [msgspec.json.decode(one.event) for one in read.happened]


def brief(event: dict[str, Any]) -> str:
    """An event in a few words: "gift mira 3 rose", "combo.grew mira 5 rose", "goal reached 30/20", "stream.ended x"."""
    if event["type"] == "goal":
        return f"goal {event['state']} {event['progress']}/{event['target']}"
    if "sender" in event:
        return f"{event['type']} {event['sender']} {event.get('upto', event['count'])} {event['gift']}"
    if event["type"] == "contest":
        return f"contest {event['state']} {event['score']}:{event['rival_score']} {event['winner'] or '-'}"
    if event["type"] == "leaderboard":
        return f"leaderboard {' '.join(row['supporter'] for row in event['top'])}"
    return f"{event['type']} {event['stream']}"


def sent(said: Iterable[dict[str, Any]]) -> list[str]:
    """Several of them."""
    return [brief(event) for event in said]


class Watcher:
    """Reads messages and keeps their events. `last` is the id to go on from."""

    def __init__(self, last: Position | None = None) -> None:
        self.last = None if last is None else str(last)
        self.events: list[dict[str, Any]] = []

    def hear(self, text: bytes) -> None:
        """Whole messages, as they came."""
        for message in text.split(b"\n\n"):
            fields = dict(line.split(b": ", 1) for line in message.split(b"\n") if b": " in line)
            if b"data" in fields:
                frame = msgspec.json.decode(fields[b"data"])
                assert self.last in (None, frame["after"]), f"something is missing between {self.last} and {frame}"
                self.last = fields[b"id"].decode()
                self.events += frame["events"]

    async def until(self, messages: AsyncIterator[bytes], count: int) -> None:
        """Reads until so many events have come."""
        while len(self.events) < count:
            self.hear(await anext(messages))
