"""One stand-in for Stripe for all tests of a module: to start one takes half a second."""

from collections.abc import Iterator

import pytest

from house_bench import Account, Hook, standing


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    """An endpoint that hears everything."""
    made = Hook()
    yield made
    made.close()


@pytest.fixture(scope="module")
def account(hook: Hook, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An account at a stand-in that tells the endpoint."""
    with standing(tmp_path_factory.mktemp("stripe"), hook) as (_, made):
        yield made
