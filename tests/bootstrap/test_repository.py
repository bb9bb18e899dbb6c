"""What the repository promises about itself: locked dependencies, a Makefile that explains itself, whole catalogues."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from portal.bootstrap.places import CHECKOUT
from portal.bootstrap.translations import catalogue, compile_catalogues, problems, update

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock")
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)( ; [^\\]+)? \\$")
_HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def pins(lock: str) -> dict[str, str]:
    matches = (_PIN.match(line) for line in (CHECKOUT / lock).read_text().splitlines())
    return {match[1]: match[2] for match in matches if match}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_pins_and_hashes_and_names_no_index(lock: str) -> None:
    lines = (CHECKOUT / lock).read_text().splitlines()
    assert [line for line in lines if not _PIN.match(line) and not _HASH.match(line)] == []
    followed = pairwise(lines)
    assert [line for line, following in followed if _PIN.match(line) and not _HASH.match(following)] == []


@pytest.mark.parametrize(("smaller", "larger"), list(pairwise(LOCKS)))
def test_each_lock_contains_the_one_before(smaller: str, larger: str) -> None:
    runtime, development = pins(smaller), pins(larger)
    assert len(runtime) > 20
    assert runtime.items() <= development.items()


def test_make_help_lists_every_target() -> None:
    text = (CHECKOUT / "Makefile").read_text()
    targets = re.findall(r"^([a-z][a-z-]*):", text, re.MULTILINE)
    said = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout
    listed = [re.match(r"make (\S+) +\S", line) for line in said.splitlines()]
    assert [match[1] if match else None for match in listed] == targets
    phony = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)
    assert phony is not None
    assert phony[1].split() == targets
    promised = {"demo", "test", "setup", "lint", "format", "check", "test-slow", "bench", "clean"}
    assert promised <= set(targets)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A checkout of three packages with one string between them."""
    for package in ("portal", "ledger", "content"):
        write(tmp_path / package / "__init__.py", "")
    write(
        tmp_path / "ledger" / "dues.py",
        'from django.utils.translation import gettext\nTITLE = gettext("Dues")\n',
    )
    return tmp_path


def test_a_string_without_a_catalogue_is_a_problem(sources: Path) -> None:
    assert problems(sources) == ["ledger: has translatable strings and no catalogue"]
    assert not (sources / "ledger" / "locale").exists()


def test_a_translated_catalogue_is_complete_and_compiles_once(sources: Path) -> None:
    update(sources)
    po = catalogue(sources / "ledger")
    assert (
        problems(sources)
        == [
            "ledger: ledger/locale/zh_Hans/LC_MESSAGES/django.po:" + line
            for line in problems(sources)[0].partition("django.po:")[2:]
        ]
        + problems(sources)[1:]
    )
    write(po, po.read_text().replace('msgid "Dues"\nmsgstr ""', 'msgid "Dues"\nmsgstr "会费"'))
    assert problems(sources) == []
    assert compile_catalogues(sources) == 1
    assert "会费".encode() in po.with_suffix(".mo").read_bytes()
    assert compile_catalogues(sources) == 0


@pytest.mark.parametrize(("translated", "is_whole"), [("是,否", True), ("是，否", False)])
def test_words_for_yes_and_no_are_kept_apart_by_the_comma_that_django_splits_at(
    sources: Path, translated: str, is_whole: bool
) -> None:
    write(sources / "ledger" / "dues.py", 'from django.utils.translation import gettext\ngettext("yes,no")\n')
    update(sources)
    po = catalogue(sources / "ledger")
    write(po, po.read_text().replace('msgid "yes,no"\nmsgstr ""', f'msgid "yes,no"\nmsgstr "{translated}"'))
    assert (problems(sources) == []) == is_whole


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('msgstr "会费"', 'msgstr ""', "untranslated"),
        ('msgid "Dues"', '#, fuzzy\nmsgid "Dues"', "needs to be reviewed by the translator"),
        ('msgid "Dues"', 'msgid "Gone"', "no source uses any more"),
    ],
)
def test_what_a_reader_of_chinese_would_miss_is_named(
    sources: Path, before: str, after: str, problem: str
) -> None:
    update(sources)
    po = catalogue(sources / "ledger")
    whole = po.read_text().replace('msgid "Dues"\nmsgstr ""', 'msgid "Dues"\nmsgstr "会费"')
    write(po, whole.replace(before, after))
    assert problem in "\n".join(problems(sources))
