"""Orders are tested against the real catalogue."""

import pytest

from core.actor import system
from regimens.services import catalogue as loading


@pytest.fixture
def catalogue(db: None) -> None:
    """The project's own catalogue, in the database."""
    loading.load(by=system("test"))
