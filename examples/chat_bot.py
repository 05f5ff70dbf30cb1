"""A chat bot: whoever writes "!gift rose 3 aurora" in the chat sends aurora three roses.

    export RIVIERE_URL=http://127.0.0.1:8750 RIVIERE_KEY=rvk_…     # scopes gifts:write
    python chat_bot.py live < chat.txt

A line of the chat is the message's id, who wrote it, and what: `m1041 mira !gift rose 3 aurora`. Each gift goes to the
creator's stream of the given name. Its idempotency key follows from the message's id, so the bot may crash, start again
and read the same lines twice: every gift is sent once.
"""

import os
import re
import sys
from collections.abc import Iterator

from riviere.client import Client, NoAnswer, ProblemError
from riviere.wire.gifts import SendGift

LINE = re.compile(r"(?P<message>\S+) (?P<viewer>\S+) !gift (?P<gift>\S+)(?: (?P<count>[1-9]\d{0,4}))? (?P<creator>\S+)")


def answers(riviere: Client, stream: str, chat: Iterator[str]) -> Iterator[str]:
    """What the bot says to the chat."""
    for line in chat:
        asked = LINE.fullmatch(line.strip())
        if asked is None:
            continue  # people talk about other things, too
        gift = SendGift(
            sender=asked["viewer"],
            creator=asked["creator"],
            gift=asked["gift"],
            count=int(asked["count"] or 1),
            stream=stream,
        )
        try:
            sent = riviere.send_gift(gift, key=f"chat-{asked['message']}")
        except ProblemError as refused:
            # The problem's own sentence says what is wrong and what to do; nothing has moved.
            yield f"@{gift.sender} {refused.detail}"
        except NoAnswer:
            # The client has tried for a minute. The same line, read again, finishes the same gift.
            yield f"@{gift.sender} your gift is on its way, it takes a little longer"
        else:
            if not sent.repeated:
                pieces = f"{sent.count} × {sent.gift}" if sent.count > 1 else sent.gift
                yield f"{sent.sender} sent {sent.creator} {pieces} (♦ {sent.diamonds})"


def main() -> None:
    """Reads the chat from standard input until it ends."""
    stream = sys.argv[1] if len(sys.argv) > 1 else "live"
    with Client(os.environ["RIVIERE_URL"], os.environ["RIVIERE_KEY"]) as riviere:
        for answer in answers(riviere, stream, sys.stdin):
            print(answer, flush=True)


if __name__ == "__main__":
    main()
