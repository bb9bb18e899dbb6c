from __future__ import annotations

import pytest

from tests.conftest import Federation


@pytest.fixture
def bank(federation: Federation) -> str:
    """The account of the district's bank account, by code."""
    return federation.banks["HD"].account.code
