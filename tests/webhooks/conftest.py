"""The world of tests/world.py, and a receiver that listens."""

from collections.abc import Iterator

import pytest
from receiver import Receiver

from world import world

__all__ = ["world"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that takes everything, until a test has it do something else."""
    with Receiver() as listening:
        yield listening
