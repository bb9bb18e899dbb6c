"""Uploads: only what a browser shows without running it, and only public files are handed out."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import clear_url_caches
from pytest_django.fixtures import Settings
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Collection

import portal.urls
from content import editorial
from content.models import HomePage
from portal.accounts.roles import Role
from tests import factories
from tests.conftest import Federation
from tests.signing_in import browser_of

_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


@pytest.fixture
def browser(site: HomePage, federation: Federation) -> Client:
    editor = factories.user("bianji", Role.EDITOR, federation.municipal)
    editorial.grant(editor, role=Role.EDITOR)
    return browser_of(editor)


def _upload(browser: Client, kind: str, name: str, content: bytes) -> int:
    typed = {
        "title": "x",
        "file": SimpleUploadedFile(name, content),
        "collection": Collection.get_first_root_node().pk,
    }
    return browser.post(f"/cms/{kind}/add/", typed).status_code


@pytest.mark.parametrize("name", ["x.svg", "x.png"])
def test_a_drawing_that_can_carry_scripts_is_refused(browser: Client, name: str) -> None:
    assert _upload(browser, "images", name, _SVG) == 200
    assert not get_image_model().objects.exists()


def test_a_page_of_html_is_no_document_and_a_pdf_is(browser: Client) -> None:
    assert _upload(browser, "documents", "x.html", b"<script>alert(1)</script>") == 200
    assert _upload(browser, "documents", "x.svg", _SVG) == 200
    assert not get_document_model().objects.exists()
    assert _upload(browser, "documents", "x.pdf", b"%PDF-1.7") == 302
    assert get_document_model().objects.count() == 1


@pytest.fixture
def as_demo(settings: Settings) -> Iterator[None]:
    """The addresses that the demo has."""
    settings.IS_DEMO = True
    importlib.reload(portal.urls)
    clear_url_caches()
    yield
    settings.IS_DEMO = False
    importlib.reload(portal.urls)
    clear_url_caches()


@pytest.mark.usefixtures("db", "as_demo")
def test_the_demo_hands_out_uploads_and_nothing_private(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT, settings.PRIVATE_ROOT = str(tmp_path / "media"), str(tmp_path / "media-private")
    for root in (settings.MEDIA_ROOT, settings.PRIVATE_ROOT):
        Path(root).mkdir()
        (Path(root) / "paper.txt").write_text(root)
    answer = client.get("/media/paper.txt")
    assert answer.getvalue().decode() == settings.MEDIA_ROOT
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for address in (
        "/media/../media-private/paper.txt",
        "/media/%2e%2e/media-private/paper.txt",
        "/media-private/paper.txt",
    ):
        assert client.get(address).status_code in {400, 404}


def test_elsewhere_no_upload_comes_from_the_portal_itself(
    client: Client, db: None, settings: Settings, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    (tmp_path / "paper.txt").write_text("x")
    assert client.get("/media/paper.txt").status_code == 404
