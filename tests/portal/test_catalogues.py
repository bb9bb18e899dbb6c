"""Our Chinese beside Wagtail's, allauth's and Django's: one catalogue at run time, so no word may mean two things."""

from __future__ import annotations

import gettext
from pathlib import Path
from typing import Any

import allauth
import django
import pytest
import wagtail
from django.utils.translation import gettext as translated
from django.utils.translation import ngettext, override

from content import editors_words
from portal import wording
from portal.bootstrap.places import CHECKOUT
from portal.bootstrap.translations import PACKAGES, catalogue

_CHINESE = "**/locale/zh_Hans/LC_MESSAGES/django.mo"
_ENGLISH = "**/locale/en/LC_MESSAGES/django.po"


def _catalogue(compiled: Path) -> dict[Any, str]:
    with compiled.open("rb") as file:
        return gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]


def _theirs() -> dict[Any, set[str]]:
    found: dict[Any, set[str]] = {}
    for package in (wagtail, allauth):
        for compiled in sorted(Path(package.__file__).parent.glob(_CHINESE)):
            for sentence, chinese in _catalogue(compiled).items():
                found.setdefault(sentence, set()).add(chinese)
    return found


def test_a_word_that_wagtail_or_allauth_also_has_means_the_same_or_has_a_context() -> None:
    theirs = _theirs()
    clashes = {
        (package, sentence): chinese
        for package in PACKAGES
        for sentence, chinese in _catalogue(catalogue(CHECKOUT / package).with_suffix(".mo")).items()
        if sentence
        and sentence in theirs
        and chinese not in theirs[sentence]
        and sentence not in wording.REWORDED
    }
    assert clashes == {}


def _sentences(package: Any) -> str:
    texts = [path.read_text(encoding="utf-8") for path in Path(package.__file__).parent.glob(_ENGLISH)]
    return "\n".join(texts).replace('"\n"', "").replace('\\"', '"')


@pytest.mark.parametrize(
    ("named", "package"), [(wording.REWORDED, django), (editors_words.SENTENCES, wagtail)]
)
def test_a_sentence_of_others_that_we_translate_is_still_theirs(named: tuple[str, ...], package: Any) -> None:
    texts = _sentences(package)
    assert [sentence for sentence in named if f'msgid "{sentence}"' not in texts] == []


def test_editors_read_chinese_where_wagtail_has_none() -> None:
    with override("zh-hans"):
        assert [s for s in editors_words.SENTENCES if translated(s) == s] == []
        pages = ngettext(
            '%(total)s Page <span class="w-sr-only">created in %(site_name)s</span>',
            '%(total)s Pages <span class="w-sr-only">created in %(site_name)s</span>',
            34,
        )
        assert pages.startswith("%(total)s个页面")
        assert translated("This field is required.") == "请填写此项。"
        assert translated("Account") == "帐号"
