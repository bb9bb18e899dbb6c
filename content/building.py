"""Building the site (建站): the Chinese pages and their English twins from content/data, once."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from django.db import transaction
from wagtail.models import Locale, Page, Site

from .models import (
    HomePage,
    PolicyIndexPage,
    PolicyPage,
    ServiceMenuPage,
    ServicePage,
    StoryIndexPage,
    StoryPage,
)
from .models.policy import PolicyIssuer

_DATA = Path(__file__).parent / "data"
_CHINESE, _ENGLISH = "zh-hans", "en"
PageT = TypeVar("PageT", bound=Page)


@cache
def _facts(name: str) -> Any:
    return json.loads((_DATA / f"{name}.json").read_text(encoding="utf-8"))


@transaction.atomic
def build_site(*, is_demo: bool) -> HomePage:
    """Make home, policy library, stories and services in both languages; a site that is there is left alone."""
    existing = HomePage.objects.filter(locale__language_code=_CHINESE).first()
    if existing is not None:
        return existing
    chinese, _ = Locale.objects.get_or_create(language_code=_CHINESE)
    Locale.objects.get_or_create(language_code=_ENGLISH)
    root = Page.get_first_root_node()
    _remove_welcome_page(root)
    home = _home(root, chinese, is_demo)
    _point_site_at(home)
    _policies(home, is_demo)
    _stories(home, is_demo)
    _services(home, is_demo)
    return home


def policy_page(slug: str) -> PolicyPage:
    """A policy of the library in Chinese, published or not."""
    return PolicyPage.objects.get(slug=slug, locale__language_code=_CHINESE)


def publish(page: PolicyPage) -> None:
    """Publish a draft and its twins in other languages as the operator, each with a revision on record."""
    for twin in page.get_translations(inclusive=True).specific():
        twin.save_revision(log_action=True).publish()
    page.refresh_from_db()


def _remove_welcome_page(root: Page) -> None:
    """Wagtail's own first page and site, which its migrations make."""
    Site.objects.all().delete()
    for welcome in root.get_children().type(Page).exact_type(Page):
        welcome.delete()


def _home(root: Page, locale: Locale, is_demo: bool) -> HomePage:
    facts = _facts("site")["home"]
    root = Page.objects.get(pk=root.pk)
    home: HomePage = root.add_child(
        instance=HomePage(slug="home", locale=locale, is_demo=is_demo, **_home_texts(facts, "zh"))
    )
    twin = home.copy_for_translation(Locale.objects.get(language_code=_ENGLISH))
    _fill(twin, slug="home-en", **_home_texts(facts, "en"))
    for page in (home, twin):
        page.save_revision().publish()
    return home


def _home_texts(facts: dict[str, Any], language: str) -> dict[str, Any]:
    return {
        **facts[language],
        "answers": [
            (
                "answer",
                {
                    "icon": answer["icon"],
                    "question": answer[language][0],
                    "answer": answer[language][1],
                    "page": None,
                    "address": answer["address"],
                },
            )
            for answer in facts["answers"]
        ],
    }


def _point_site_at(home: HomePage) -> None:
    Site.objects.create(hostname="localhost", port=80, site_name="普惠", root_page=home, is_default_site=True)


def _policies(home: HomePage, is_demo: bool) -> None:
    index = _index(home, PolicyIndexPage, "policies", is_demo)
    for facts in _facts("policies"):
        page = PolicyPage(
            slug=facts["slug"],
            number=facts["number"],
            validity=facts["validity"],
            level=facts["level"],
            region=facts["region"],
            dated_on=_day(facts["dated_on"]),
            effective_from=_day(facts["effective_from"]),
            is_demo=is_demo,
            live=False,
            **_policy_texts(facts["zh"]),
        )
        page.issuers.set([PolicyIssuer(name=name) for name in facts["issuers"]])
        page.clean()
        index.add_child(instance=page)
        twin = page.copy_for_translation(Locale.objects.get(language_code=_ENGLISH))
        _fill(twin, **_policy_texts(facts["en"]))
        for made in (page, twin):
            revision = made.save_revision()
            if not facts["is_draft"]:
                revision.publish()


def _policy_texts(texts: dict[str, Any]) -> dict[str, Any]:
    clauses = [
        ("clause", {"number": number, "heading": heading, "text": f"<p>{text}</p>"})
        for number, heading, text in texts["clauses"]
    ]
    return {
        "title": texts["title"],
        "summary": texts["summary"],
        "defects": texts["defects"],
        "body": [*clauses, ("paid", {"policy": None})],
    }


def _stories(home: HomePage, is_demo: bool) -> None:
    index = _index(home, StoryIndexPage, "stories", is_demo)
    policy = policy_page("hedong-2019-22")
    for facts in _facts("site")["stories"]:
        page = StoryPage(
            slug=facts["slug"],
            told_on=_day(facts["told_on"]),
            policy=policy,
            is_demo=is_demo,
            **_story_texts(facts["zh"]),
        )
        _with_twin(index, page, _story_texts(facts["en"]))


def _story_texts(texts: dict[str, str]) -> dict[str, Any]:
    return {**texts, "body": [("text", texts["body"])]}


def _services(home: HomePage, is_demo: bool) -> None:
    index = _index(home, ServiceMenuPage, "services", is_demo)
    for facts in _facts("site")["services"]:
        page = ServicePage(
            slug=facts["slug"],
            category=facts["category"],
            icon=facts["icon"],
            is_demo=is_demo,
            **facts["zh"],
        )
        _with_twin(index, page, facts["en"])


def _index(home: HomePage, kind: type[PageT], slug: str, is_demo: bool) -> PageT:
    texts = _facts("site")["indexes"][slug]
    page = kind(slug=slug, title=texts["zh"][0], summary=texts["zh"][1], is_demo=is_demo)
    _with_twin(home, page, {"title": texts["en"][0], "summary": texts["en"][1]})
    return page


def _with_twin(parent: Page, page: Page, english: dict[str, Any]) -> None:
    """Add a page with its English twin below the parent's twin, both published."""
    parent.refresh_from_db()
    parent.add_child(instance=page)
    twin = page.copy_for_translation(Locale.objects.get(language_code=_ENGLISH))
    _fill(twin, **english)
    for made in (page, twin):
        made.save_revision().publish()


def _fill(page: Page, **values: Any) -> None:
    for name, value in values.items():
        setattr(page, name, value)
    page.save()


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None
