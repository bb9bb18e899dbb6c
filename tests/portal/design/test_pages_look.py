"""Frames, forms, the reader's choices of look, and the style guide."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django import forms
from django.conf import LazySettings, settings
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils import translation

from portal.design.context import appearance
from portal.design.guide import SampleForm
from portal.design.navigation import CHOICE_PREFIXES
from portal.language import language_for

STATIC = Path(settings.BASE_DIR) / "static"
FRAMES = ("public", "member", "office", "focus")
PAIRS = [
    (ink, ground)
    for ink in ("ink", "ink-soft", "ink-faint", "brand")
    for ground in ("paper", "surface", "sunken")
]
PAIRS += [
    (tone, ground)
    for tone in ("good", "wait", "bad", "info")
    for ground in ("paper", "surface", f"{tone}-wash")
]
PAIRS += [("brand", "brand-wash"), ("rail-ink", "rail"), ("rail-soft", "rail")]


@pytest.fixture
def guide_is_open(settings: LazySettings) -> None:
    settings.IS_DEMO = True


def test_a_chosen_theme_is_kept_in_a_cookie_and_the_reader_returns_to_the_page(client: Client) -> None:
    answer = client.post("/design/appearance/", {"theme": "dark", "next": "/me/dues/?year=2026"})
    assert (answer.status_code, answer["Location"]) == (302, "/me/dues/?year=2026")
    assert answer.cookies["theme"].value == "dark"
    assert "type" not in answer.cookies


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org/", "javascript:alert(1)", ""])
def test_changing_the_look_never_leads_to_another_site(client: Client, elsewhere: str) -> None:
    answer = client.post("/design/appearance/", {"type": "large", "next": elsewhere})
    assert answer["Location"] == "/"
    assert answer.cookies["type"].value == "large"


def test_an_unknown_theme_changes_nothing(client: Client) -> None:
    answer = client.post("/design/appearance/", {"theme": "pink", "type": "x", "next": "/me/"})
    assert answer["Location"] == "/me/"
    assert not answer.cookies


def test_the_look_is_changed_by_post_only(client: Client) -> None:
    assert client.get("/design/appearance/").status_code == 405


@pytest.mark.django_db
def test_the_style_guide_is_not_there_in_production(client: Client) -> None:
    assert client.get("/design/").status_code == 404


@pytest.mark.usefixtures("guide_is_open")
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_every_frame_shows_every_component_without_inline_styles_or_scripts(
    client: Client, frame: str, language: str
) -> None:
    client.cookies["django_language"] = language
    page = client.get("/design/", {"frame": frame}).content.decode()
    assert f'<html lang="{"en" if language == "en" else "zh-Hans"}"' in page
    assert not re.search(r"\sstyle=|\son[a-z]+=", page)
    assert not re.search(r"<script(?![^>]*\ssrc=)", page)
    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert page.count('id="main"') == 1
    assert 'href="#main"' in page


@pytest.mark.usefixtures("guide_is_open")
def test_the_chosen_look_is_on_the_page(client: Client) -> None:
    client.cookies["theme"] = "dark"
    client.cookies["type"] = "large"
    page = client.get("/design/").content.decode()
    opening = re.search(r"<html[^>]*>", page)
    assert opening is not None
    assert re.findall(r'data-\w+="\w+"', opening.group()) == ['data-theme="dark"', 'data-type="large"']


def test_the_menu_marks_the_present_section(rf: RequestFactory) -> None:
    shown = appearance(rf.get("/me/dues/pay/"))["appearance"]
    assert [item.url for item in shown["member_nav"] if item.active] == ["/me/dues/"]
    assert [item.url for item in appearance(rf.get("/me/"))["appearance"]["member_nav"] if item.active] == [
        "/me/"
    ]


def test_english_public_pages_lead_to_english_pages(rf: RequestFactory) -> None:
    with translation.override("en"):
        shown = appearance(rf.get("/en/policies/a/"))["appearance"]
    assert [(item.url, item.active) for item in shown["public_nav"]] == [
        ("/en/", False),
        ("/en/policies/", True),
        ("/en/stories/", False),
        ("/en/services/", False),
        ("/en/search/", False),
    ]


def test_a_field_with_an_error_names_it_for_screen_readers() -> None:
    form = SampleForm({"bank": "1", "population": "1", "agreed": "on"})
    html = str(form)
    assert '<a href="#id_name">' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'id="id_name_error"' in html
    assert html.count("field-bad") == 1


def test_what_a_person_typed_is_escaped_in_the_error_summary() -> None:
    class Strict(forms.Form):
        code = forms.ChoiceField(choices=[("a", "A")])

    html = render_to_string("components/error_summary.html", {"form": Strict({"code": "<script>"})})
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "429", "500"])
def test_every_error_page_can_be_shown_without_a_request(name: str) -> None:
    for language, home in (("zh-hans", "/"), ("en", "/en/")):
        with translation.override(language):
            page = render_to_string(f"{name}.html")
        assert page.count("<h1>") == 1
        assert f'href="{home}"' in page


def _colours(selector: str) -> dict[str, str]:
    block = (STATIC / "css/tokens.css").read_text().split(selector + " {")[1].split("}")[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_every_text_colour_is_legible_on_every_ground(theme: str, ink: str, ground: str) -> None:
    colours = _colours(f'[data-theme="{theme}"]')
    assert _contrast(colours[ink], colours[ground]) >= 4.5


def test_a_device_that_asks_for_dark_gets_the_same_colours_as_a_reader_who_chose_dark() -> None:
    assert _colours(":root:not([data-theme])") == _colours('[data-theme="dark"]')


def test_the_styles_stay_small_and_need_nothing_from_elsewhere() -> None:
    sheets = sorted((STATIC / "css").rglob("*.css"))
    everywhere = [sheet for sheet in sheets if sheet.parent.name != "office"]
    assert sum(sheet.stat().st_size for sheet in everywhere) < 47_000
    assert [sheet.name for sheet in sheets if re.search(r"url\(|@import|https?:", sheet.read_text())] == []
    home = Path(settings.BASE_DIR)
    bases = [home / "portal/templates/base.html", home / "content/templates/content/base.html"]
    linked = [name for base in bases for name in re.findall(r"'(css/[\w/]+\.css)'", base.read_text())]
    assert sorted(linked) == sorted(sheet.relative_to(STATIC).as_posix() for sheet in everywhere)


@pytest.mark.parametrize("prefix", CHOICE_PREFIXES)
def test_where_the_switch_remembers_a_choice_the_page_follows_it(rf: RequestFactory, prefix: str) -> None:
    request = rf.get(prefix)
    request.COOKIES["django_language"] = "en"
    assert language_for(request) == "en"


@pytest.mark.usefixtures("guide_is_open")
def test_the_one_script_carries_the_nonce_of_the_policy(client: Client) -> None:
    answer = client.get("/design/", {"frame": "member"})
    script = re.search(r'<script src="[^"]*htmx[^"]*"[^>]*nonce="([^"]+)"', answer.content.decode())
    assert script is not None
    assert f"'nonce-{script.group(1)}'" in answer["Content-Security-Policy"]


def test_robots_are_told_what_is_public_and_browsers_find_the_icon(client: Client) -> None:
    said = client.get("/robots.txt")
    assert said.headers["Content-Type"].startswith("text/plain")
    assert "Disallow: /me/\n" in said.content.decode()
    assert client.get("/favicon.ico").headers["Location"].endswith(".svg")
