"""The Chinese catalogues: gathered from the sources, checked to be complete, compiled for Django.

`python -m portal.bootstrap.translations update|check`; the compiled files are made by set-up and not kept in git.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from portal.bootstrap.places import CHECKOUT, SetupError

PACKAGES = ("portal", "ledger", "content")
_LOCALE = "zh_Hans"
_SOURCES = {".py", ".html", ".txt", ".po"}
# Words for `yesno`, which a comma alone keeps apart.
_CHOICES = re.compile(r'^msgid "([^"\s]+,[^"\s]+)"\nmsgstr "(.+)"$', re.MULTILINE)


def catalogue(package: Path) -> Path:
    return package / "locale" / _LOCALE / "LC_MESSAGES" / "django.po"


def compile_catalogues(checkout: Path = CHECKOUT) -> int:
    """Compile what is newer than its compiled file; the number of catalogues compiled."""
    compiled = 0
    for package in PACKAGES:
        for source in (checkout / package).glob("locale/*/LC_MESSAGES/*.po"):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime_ns > source.stat().st_mtime_ns:
                continue
            aside = target.with_suffix(f".{os.getpid()}")
            _gettext("msgfmt", "--check-format", "-o", str(aside), str(source))
            aside.replace(target)
            compiled += 1
    return compiled


def update(checkout: Path = CHECKOUT) -> None:
    """Bring each catalogue in line with the strings in its package's sources."""
    for package in PACKAGES:
        _gather(checkout / package)


def problems(checkout: Path = CHECKOUT) -> list[str]:
    """What a reader of Chinese would miss: strings not gathered, not translated, or only guessed."""
    found: list[str] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in PACKAGES:
            copy = Path(scratch) / name
            _copy_sources(checkout / name, copy)
            had_catalogue = catalogue(copy).exists()
            _gather(copy, "--keep-pot")
            template = copy / "locale" / "django.pot"
            if not template.exists():
                continue
            if not had_catalogue:
                found.append(f"{name}: has translatable strings and no catalogue")
                continue
            found += _compare(name, copy, template)
            found += _separators_lost(name, copy)
            if "\n#~ " in catalogue(copy).read_text(encoding="utf-8"):
                found.append(
                    f"{name}: the catalogue has entries that no source uses any more; run `make messages`"
                )
    return found


def _compare(name: str, package: Path, template: Path) -> list[str]:
    compared = subprocess.run(
        ["msgcmp", str(catalogue(package)), str(template)], capture_output=True, text=True, check=False
    )
    if not compared.returncode:
        return []
    lines = [line for line in compared.stderr.splitlines() if line.strip()]
    return [f"{name}: {line.replace(str(package.parent) + os.sep, '')}" for line in lines]


def _separators_lost(name: str, package: Path) -> list[str]:
    """Translated words for `yesno` with another comma: the page would show True and False."""
    entries = _CHOICES.findall(catalogue(package).read_text(encoding="utf-8"))
    return [
        f"{name}: “{words}” must stay apart by “,” in “{translated}”"
        for words, translated in entries
        if words.count(",") != translated.count(",")
    ]


def _gather(package: Path, *options: str) -> None:
    (package / "locale").mkdir(exist_ok=True)
    command = [
        sys.executable,
        "-m",
        "django",
        "makemessages",
        "--locale",
        _LOCALE,
        "--no-wrap",
        "--ignore=migrations",
    ]
    command += ["--add-location=file", "--extension=html,txt,py", *options]
    # Without settings, so that only this package's own folder is looked at.
    environment = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run(command, cwd=package, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"Gathering the strings of {package.name} failed:\n{done.stdout}{done.stderr}")


def _copy_sources(package: Path, copy: Path) -> None:
    for path in package.rglob("*"):
        if path.suffix in _SOURCES and "migrations" not in path.parts:
            target = copy / path.relative_to(package)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    copy.mkdir(exist_ok=True)


def _gettext(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SetupError(f"{command[0]} refused a catalogue:\n{done.stderr}")


def main(arguments: list[str]) -> int:
    if arguments not in (["update"], ["check"]):
        print("usage: python -m portal.bootstrap.translations update|check", file=sys.stderr)
        return 2
    if arguments == ["update"]:
        update()
        return 0
    found = problems()
    print("\n".join(found) if found else "Translations are complete.")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
