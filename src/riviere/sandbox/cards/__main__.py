"""`python -m riviere.sandbox.cards --port N --state FOLDER [--seed FILE]` runs the stand-in until it is told to end."""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

import msgspec

from riviere.sandbox.cards.house import NoStandIn, Seed, available


def main() -> None:
    """Reads the command's words, and serves."""
    parser = argparse.ArgumentParser(prog="python -m riviere.sandbox.cards", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="where it listens on 127.0.0.1; 0 takes a free port")
    parser.add_argument("--state", type=Path, required=True, help="the folder that keeps everything")
    parser.add_argument("--seed", type=Path, help="JSON: the account's keys and endpoints")
    parser.add_argument("--leash", action="store_true", help="end when standard input does")
    words = parser.parse_args()
    if not available():
        raise SystemExit(str(NoStandIn(said="localstripe is not installed")))
    seed = msgspec.json.decode(words.seed.read_bytes(), type=Seed) if words.seed else Seed()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(words.port, words.state, seed, leash=words.leash))


async def serve(port: int, state: Path, seed: Seed, *, leash: bool) -> None:
    """Answers on 127.0.0.1 until a signal comes, or standard input ends where it is on a leash."""
    from aiohttp import web  # comes with localstripe, which a server that takes no test cards does without

    from riviere.sandbox.cards.app import Keys, create

    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if leash:
        loop.add_reader(sys.stdin.fileno(), ended.set)
    application = create(state / "stripe.sqlite", Keys(seed.secret_key, seed.publishable_key), seed.endpoints)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    sys.stdout.write(f"listening on http://127.0.0.1:{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()
