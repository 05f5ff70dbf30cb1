"""The scenarios here play in a small economy, beside one stand-in for Stripe a worker."""

from collections.abc import Iterator

import pytest
from buyers import Till, opened

from house_bench import Account, Hook, standing
from world import World, world

__all__ = ["world"]


@pytest.fixture(scope="session")
def _hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


@pytest.fixture(scope="session")
def _account(_hook: Hook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with standing(tmp_path_factory.mktemp("stripe"), _hook) as (_, made):
        yield made


@pytest.fixture
def till(world: World, _account: Account, _hook: Hook) -> Iterator[Till]:
    """Where people buy; what was heard before is forgotten."""
    _hook.heard.clear()
    yield from opened(world, _account, _hook)
