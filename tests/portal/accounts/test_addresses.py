"""Addresses that nobody should ever send."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.conftest import Federation
from tests.signing_in import browser_of


@pytest.mark.parametrize(
    "address", ["/office/runs/%00/", "/verify/%00/", "/office/members/?q=%00", "/search/?q=%00"]
)
def test_a_null_character_is_a_bad_request(federation: Federation, client: Client, address: str) -> None:
    assert client.get(address).status_code == 400
    assert browser_of(federation.maker).get(address).status_code == 400
