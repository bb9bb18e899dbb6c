"""Pages as readers see them, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
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


@pytest.mark.parametrize(
    "file",
    ["content/data/site.json", "content/data/policies.json", "ledger/dues/sandbox/pages.py"],
)
def test_chinese_content_is_written_with_chinese_punctuation(file: str) -> None:
    text = (Path(settings.BASE_DIR) / file).read_text(encoding="utf-8")
    chinese = "\u4e00-\u9fff"
    assert (
        re.findall(rf".{{0,6}}[{chinese}][,;:!?()].{{0,6}}|.{{0,6}}[,;:!?()][{chinese}].{{0,6}}", text) == []
    )


def test_the_policy_says_its_date_and_what_is_wrong_with_the_copy(client: Client, policy: PolicyPage) -> None:
    page = _get(client, "/policies/hedong-2019-22/")
    assert "2019年3月6日" in page
    assert "3月15日开始" in page
    assert (policy.effective_from, "没有成文日期" in page) == (None, False)
    assert "6 March 2019" in _get(client, "/en/policies/hedong-2019-22/")


def test_the_first_words_of_the_home_page_are_one_sentence_in_its_title(
    client: Client, site: HomePage
) -> None:
    assert "<title>工会的钱，每一元都看得见" in re.sub(r"<title>\s+", "<title>", _get(client, "/"))
    assert "The union&#x27;s money, every yuan in sight" in _get(client, "/en/")


def test_who_goes_to_an_english_page_stays_in_english_where_addresses_have_no_language(
    client: Client, site: HomePage
) -> None:
    client.get("/en/")
    for address in ("/sign-in/", "/verify/", "/sign-in/staff/"):
        assert '<html lang="en"' in _get(client, address), address
    client.get("/", headers={"referer": "http://testserver/en/policies/"})
    assert '<html lang="zh-Hans"' in _get(client, "/verify/")


@pytest.mark.parametrize(
    "headers",
    [{"sec-purpose": "prefetch"}, {"sec-fetch-dest": "image"}, {"hx-request": "true"}],
)
def test_an_english_page_that_nobody_went_to_changes_nothing(
    client: Client, site: HomePage, headers: dict[str, str]
) -> None:
    client.get("/en/", headers=headers)
    client.head("/en/")
    client.get("/en/nowhere/")
    assert "django_language" not in client.cookies
    assert '<html lang="zh-Hans"' in _get(client, "/verify/")


def test_a_chinese_page_opened_directly_does_not_take_english_away(client: Client, site: HomePage) -> None:
    client.cookies["django_language"] = "en"
    client.get("/policies/")
    assert '<html lang="en"' in _get(client, "/verify/")
