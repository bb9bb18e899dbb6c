"""The home page asks the database few questions, with the cache in the database as where it is served."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from content.models import HomePage, PolicyPage, ServicePage, StoryPage


@pytest.fixture
def everything_published(site: HomePage) -> None:
    for kind in (PolicyPage, StoryPage, ServicePage):
        for page in kind.objects.all():
            page.save_revision().publish()


@pytest.mark.parametrize("address", ["/", "/en/"])
def test_the_home_page_asks_few_questions(
    everything_published: None,
    client: Client,
    settings: Settings,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    address: str,
) -> None:
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "puhui_cache",
        }
    }
    cache.clear()
    client.get(address)
    with django_assert_max_num_queries(20):
        assert client.get(address).status_code == 200
