"""Pages as readers see them, in both languages."""

from __future__ import annotations

import pytest
from django.test import Client
from wagtail.models import Page

from content import building
from content.models import HomePage, PolicyPage


def _get(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/", ["每一元都看得见", "我能领什么"]),
        ("/en/", ["every yuan in sight", "What can I get?"]),
        ("/policies/", ["津东总工发[2019]22号", "鲁会〔2019〕54号"]),
        ("/en/policies/", ["Hedong District"]),
        ("/policies/hedong-2019-22/", ["每年 150 元补贴", "60%", "id=\"c-3-1-1\"", "10000 个名额"]),
        ("/en/policies/hedong-2019-22/", ["150 yuan a year", "hreflang=\"zh-hans\""]),
        ("/policies/shandong-2019-54/", ["鲁会〔2019〕54号"]),
        ("/stories/", ["车票钱回来了"]),
        ("/stories/two-yuan/", ["每月两元", "津东总工发[2019]22号"]),
        ("/en/stories/two-yuan/", ["Two yuan a month"]),
        ("/services/", ["法律援助", "户外劳动者驿站"]),
        ("/en/services/legal-aid/", ["Legal aid", "12 people a day"]),
    ],
)  # fmt: skip
def test_published_pages(client: Client, policy: PolicyPage, address: str, words: list[str]) -> None:
    page = _get(client, address)
    for word in words:
        assert word in page, word


def test_a_draft_is_not_public(client: Client, site: HomePage) -> None:
    assert client.get("/policies/hedong-2019-22/").status_code == 404
    assert "津东总工发" not in _get(client, "/policies/")


def test_building_again_adds_nothing(site: HomePage) -> None:
    before = Page.objects.count()
    assert building.build_site(is_demo=True).pk == site.pk
    assert Page.objects.count() == before


def test_twins_name_each_other(client: Client, policy: PolicyPage) -> None:
    page = _get(client, "/policies/hedong-2019-22/")
    assert 'hreflang="en" href="/en/policies/hedong-2019-22/"' in page


@pytest.mark.parametrize("words", ["补贴", "返津", "会费", "22号", "农民工补贴"])
def test_search_finds_words_inside_words(client: Client, policy: PolicyPage, words: str) -> None:
    page = _get(client, f"/search/?q={words}")
    assert "/policies/hedong-2019-22/" in page or "/services/" in page


def test_search_in_english_and_for_nothing(client: Client, policy: PolicyPage) -> None:
    assert "/en/services/legal-aid/" in _get(client, "/en/search/?q=lawyer")
    assert "<ul" in _get(client, "/search/?q=%E9%BE%98%E9%BE%98")
    assert client.get("/search/").status_code == 200


def test_the_headless_api(client: Client, policy: PolicyPage) -> None:
    found = client.get(
        "/api/content/v2/pages/?type=content.PolicyPage&fields=number,body&locale=zh-hans"
    ).json()
    numbers = {item["number"] for item in found["items"]}
    assert numbers == {"津东总工发[2019]22号", "鲁会〔2019〕54号"}
    hedong = next(item for item in found["items"] if item["number"].startswith("津东"))
    assert any(block["type"] == "clause" for block in hedong["body"])


def test_the_headless_api_shows_no_drafts(client: Client, site: HomePage) -> None:
    found = client.get("/api/content/v2/pages/?type=content.PolicyPage&fields=number&locale=zh-hans").json()
    assert {item["number"] for item in found["items"]} == {"鲁会〔2019〕54号"}
