"""What the server writes down: a JSON object a line on standard error, warnings and worse unless more is asked for."""

import logging
import sys

import structlog


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
