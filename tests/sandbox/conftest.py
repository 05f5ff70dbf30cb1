"""One stand-in for Stripe for all tests of a worker: to start one takes half a second."""

from collections.abc import Iterator

import pytest

from house_bench import Account, Hook, standing


@pytest.fixture(scope="session")
def _hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


@pytest.fixture(scope="session")
def account(_hook: Hook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account at a stand-in that tells the endpoint."""
    with standing(tmp_path_factory.mktemp("stripe"), _hook) as (_, made):
        yield made


@pytest.fixture
def hook(_hook: Hook) -> Hook:
    """An endpoint that hears everything, and has forgotten what other tests had it hear."""
    _hook.heard.clear()
    return _hook
