"""The proof of an archive without the database: its manifest, its files, its chain of vouchers, its journal."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _

from portal.errors import DomainError

from .archive import ALWAYS, CHAIN, FORMAT, JOURNAL, MANIFEST
from .periods import written

_AT_ONCE = 1 << 16
# Vouchers whose text names accounts by their code (books_voucher_content).
_BY_CODE = '["puhui-voucher/2"'
# Where a line of what was posted has them.
_DEBIT, _CREDIT, _AMOUNT, _IS_RED = 12, 13, 14, 15
# Debit and credit by account.
_Totals = dict[str, list[Decimal]]


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

    Raises OSError, ValueError, KeyError or zipfile.BadZipFile when it is no archive of ours.
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
        if CHAIN in present:
            chain = _Chain()
            with archive.open(CHAIN) as lines:
                found += chain.breaks(lines, manifest["chain"])
            if JOURNAL in present:
                with archive.open(JOURNAL) as journal:
                    found += chain.differences(journal)
    return found


def _sha256(archive: zipfile.ZipFile, path: str) -> str:
    digest = hashlib.sha256()
    with archive.open(path) as content:
        while piece := content.read(_AT_ONCE):
            digest.update(piece)
    return digest.hexdigest()


class _Chain:
    """The vouchers as their texts say; what is kept of each are its totals by account."""

    def __init__(self) -> None:
        self.totals: dict[str, _Totals] = {}
        # Vouchers of the earlier text, which names accounts by their id.
        self.older: set[str] = set()

    def breaks(self, lines: Iterable[bytes], chain: dict[str, Any]) -> Iterator[str]:
        """Read the chain and say where it does not hold."""
        previous, count = chain["previous_hash"], 0
        for line in lines:
            row = json.loads(line)
            # Vouchers of other years that were posted in between are links without their text.
            text = row["content"]
            before = bytes.fromhex(row["previous_hash"])
            computed = row["hash"] if text is None else hashlib.sha256(before + text.encode()).hexdigest()
            if (row["previous_hash"], computed) != (previous, row["hash"]):
                yield _("voucher %(word)s-%(number)s of %(month)s: the chain breaks") % row
            if text is not None and not self._read(row, text):
                yield _("voucher %(word)s-%(number)s of %(month)s: its text is of another voucher") % row
            previous, count = row["hash"], count + 1
        if (previous, count) != (chain["hash"], chain["vouchers"]):
            yield _("the chain does not end where the manifest says")

    def _read(self, row: dict[str, Any], text: str) -> bool:
        """Remember the totals of a voucher; False when its text does not say that it is this voucher."""
        name = f"{row['word']}-{written(row['month'])}-{row['number']}"
        if not text.startswith(_BY_CODE):
            self.older.add(name)
            return True
        # Other line ends may stand inside a summary.
        head, *lines = text.split("\n")
        try:
            self.totals[name] = _totals(json.loads(line) for line in lines if line.strip())
            said = [str(fact) for fact in json.loads(head)[2:6]]
            return said == [str(row[fact]) for fact in ("word", "month", "number", "sequence")]
        except (ValueError, LookupError, TypeError, InvalidOperation):
            return False

    def differences(self, journal: IO[bytes]) -> Iterator[str]:
        """Vouchers whose lines in the journal do not add up to what their texts say."""
        kept: dict[str, _Totals] = defaultdict(lambda: defaultdict(_nothing))
        with io.TextIOWrapper(journal, encoding="utf-8-sig", errors="replace", newline="") as text:
            try:
                for row in csv.DictReader(text):
                    name = row["凭证号"] or ""
                    if name and name not in self.older:
                        sums = kept[name][row["科目代码"] or ""]
                        for side, column in enumerate(("借方", "贷方")):
                            sums[side] += Decimal(row[column] or 0)
            except (KeyError, InvalidOperation, TypeError, csv.Error):
                yield _("journal.csv cannot be read as a journal")
                return
        for name in sorted(kept.keys() | self.totals.keys()):
            said, written_down = self.totals.get(name), kept.get(name)
            if said is None:
                yield _("journal.csv: %s is not in the chain of vouchers") % name
            elif written_down is None:
                yield _("journal.csv: voucher %s is missing") % name
            elif _moved(said) != _moved(written_down):
                yield _("journal.csv: the amounts of voucher %s are not those of its text") % name


def _totals(lines: Iterable[list[Any]]) -> _Totals:
    sums: _Totals = defaultdict(_nothing)
    for line in lines:
        if line[0] == "t":
            amount = -Decimal(line[_AMOUNT]) if line[_IS_RED] == "true" else Decimal(line[_AMOUNT])
            sums[line[_DEBIT]][0] += amount
            sums[line[_CREDIT]][1] += amount
    return sums


def _nothing() -> list[Decimal]:
    return [Decimal(0), Decimal(0)]


def _moved(totals: _Totals) -> _Totals:
    return {account: sums for account, sums in totals.items() if any(sums)}
