"""What every process of a server sets up for itself: what it writes down, and how it shares its time among threads.

It writes a JSON object a line on standard error: warnings and worse, unless more is asked for.
"""

import gc
import logging
import resource
import sys
from typing import Final

import structlog

#: Objects made and not gone at once before the garbage collector looks at them, and its looks before a longer one. Two
#: batches of gifts are 40,000, all gone in a moment; to look at them among others took 4 µs a gift.
_GARBAGE: Final = (100_000, 10, 10)
#: Files and connections that are open at once, at the most.
_FILES: Final = 65_536
#: Seconds that one of the process's threads may keep the interpreter while another could go on.
_TURN: Final = 0.001


def to_standard_error(*, everything: bool) -> None:
    """Sets up the log of this process. `everything` adds a line for each request."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO if everything else logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def settle() -> None:
    """Makes this process a server's, once everything is loaded.

    What is there now stays, so the garbage collector need not look at it again: a look at all of it takes 35 ms, in
    which nobody is answered. And threads take turns more often: one that heard from the database would else wait up to
    5 ms for the one that parses requests, a dozen times for each batch of gifts. And it may have as many connections
    as the system lets it ask for: the usual 1,024 are fewer than watch a stream.
    """
    gc.freeze()
    gc.set_threshold(*_GARBAGE)
    sys.setswitchinterval(_TURN)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES if most == resource.RLIM_INFINITY else min(_FILES, most), most))
