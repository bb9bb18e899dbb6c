"""The site as the demo has it."""

from __future__ import annotations

import pytest

from content import building
from content.models import HomePage, PolicyPage


@pytest.fixture
def site(db: None) -> HomePage:
    return building.build_site(is_demo=True)


@pytest.fixture
def policy(site: HomePage) -> PolicyPage:
    page = building.policy_page("hedong-2019-22")
    building.publish(page)
    return page
