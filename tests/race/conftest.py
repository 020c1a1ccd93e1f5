"""One site for the whole folder. What a test breaks there, it also mends."""

from collections.abc import Iterator

import pytest

from tests.race.site import Site, running


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site that runs as long as the tests do."""
    with running(tmp_path_factory.mktemp("site")) as site:
        yield site
