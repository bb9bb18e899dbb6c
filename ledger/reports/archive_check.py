"""The proof of an archive without the database: its manifest, its files, its chain of vouchers, its journal."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections import Counter
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from portal.errors import DomainError

from .archive import ALWAYS, CHAIN, FORMAT, JOURNAL, MANIFEST, STATEMENTS, TABLES
from .archive_chain import Chain, Extent
from .periods import NotAPeriod, month_of, written

_AT_ONCE = 1 << 16


class NotADigest(DomainError):
    """What should be the SHA-256 of a manifest is none."""

    code = "not_a_digest"


def digest_in(text: str) -> str:
    """The SHA-256 in hexadecimal, as it is or at the head of the file that was written beside the archive.

    Raises NotADigest, OSError.
    """
    known = re.compile(r"[0-9a-f]{64}")
    if not known.fullmatch(text.strip().lower()):
        with Path(text).open(encoding="utf-8", errors="replace") as file:
            text = (file.readline(200).split() or [""])[0]
    if not known.fullmatch(text.strip().lower()):
        raise NotADigest(_("“%(text)s” is no SHA-256.") % {"text": text[:80]})
    return text.strip().lower()


def manifest_digest(file: Path) -> str:
    """The SHA-256 of an archive's manifest. Raises OSError, KeyError or zipfile.BadZipFile when there is none."""
    with zipfile.ZipFile(file) as archive:
        return _sha256(archive, MANIFEST)


def problems(file: Path, *, manifest_sha256: str = "") -> list[str]:
    """What does not hold in an archive, one line each; with the digest of its manifest also whether it is that one.

    Raises OSError, ValueError, LookupError, TypeError, RuntimeError (a text nested too deep) or zipfile.BadZipFile when
    it is no archive of ours.
    """
    with zipfile.ZipFile(file) as archive:
        found = []
        if manifest_sha256 and _sha256(archive, MANIFEST) != manifest_sha256:
            found.append(_("the manifest is not the one of this SHA-256: it is another archive, or changed"))
        manifest = json.loads(archive.read(MANIFEST))
        if manifest["format"] != FORMAT:
            raise ValueError(manifest["format"])
        names = archive.namelist()
        listed = {entry["path"]: entry for entry in manifest["files"]}
        present = set(names) - {MANIFEST}
        found += [_("twice: %s") % path for path, times in sorted(Counter(names).items()) if times > 1]
        found += [_("missing: %s") % path for path in sorted(listed.keys() - present)]
        found += [_("not in the manifest: %s") % path for path in sorted(present - listed.keys())]
        for path in sorted(listed.keys() & present):
            if _sha256(archive, path) != listed[path]["sha256"]:
                found.append(_("changed: %s") % path)
        found += [_("missing: %s") % path for path in ALWAYS if path not in listed]
        extent = _extent(manifest)
        found += _statements_missing(extent, listed)
        if not _is_of_its_year(manifest, extent):
            found.append(_("the months in the manifest are not those of its year"))
        if CHAIN in present:
            chain = Chain(extent)
            with archive.open(CHAIN) as lines:
                found += chain.breaks(lines, manifest["chain"])
            papers = {path for path in listed if path.startswith("vouchers/")} - {CHAIN}
            found += [_("missing: %s") % path for path in sorted(chain.papers - papers)]
            found += [_("of no voucher: %s") % path for path in sorted(papers - chain.papers)]
            if JOURNAL in present:
                with archive.open(JOURNAL) as journal:
                    found += chain.differences(journal)
    return found


def _extent(manifest: dict[str, Any]) -> Extent:
    closed = frozenset(_month(text) for text in manifest["closed_months"])
    return Extent(
        str(manifest["book"]), _month(manifest["first_month"]), int(manifest["year"]) * 100 + 12, closed
    )


def _month(text: Any) -> int:
    try:
        return month_of(str(text))
    except NotAPeriod as error:
        raise ValueError(text) from error


def _is_of_its_year(manifest: dict[str, Any], extent: Extent) -> bool:
    """Whether the months are of the year; opening balances may stand on the last day of the one before."""
    january = extent.last - 11
    still_open = {_month(text) for text in manifest["open_months"]}
    return (
        extent.first in {january - 89, *range(january, extent.last + 1)}
        and all(extent.holds(month) for month in extent.closed | still_open)
        and not extent.closed & still_open
    )


def _statements_missing(extent: Extent, listed: Container[str]) -> Iterator[str]:
    for month in sorted(extent.closed):
        for name, forms in [(name, ("csv", "pdf")) for name in STATEMENTS] + [
            (name, ("csv",)) for name in TABLES
        ]:
            for form in forms:
                path = f"reports/{written(month)}/{name}.{form}"
                if path not in listed:
                    yield _("missing: %s") % path


def _sha256(archive: zipfile.ZipFile, path: str) -> str:
    digest = hashlib.sha256()
    with archive.open(path) as content:
        while piece := content.read(_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()
