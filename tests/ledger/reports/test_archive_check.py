"""An archive proves itself without the database, and what is not whole or not true in it is named."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from ledger.reports.archive_chain import Chain, Extent
from ledger.reports.archive_check import problems
from tests.ledger.reports.archives import district_year, rewritten

_once: list[bytes] = []


@pytest.fixture
def zipped(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of one archive: it is made once, as its check needs no database."""
    if not _once:
        _once.append(district_year(request.getfixturevalue("federation"), tmp_path).read_bytes())
    file = tmp_path / "copy-of-HD-2026.zip"
    file.write_bytes(_once[0])
    return file


def test_a_changed_or_missing_file_is_seen(zipped: Path) -> None:
    assert "changed: journal.csv" in problems(rewritten(zipped, journal=b"x"))
    assert problems(rewritten(zipped, journal=None)) == ["missing: journal.csv"]
    with zipfile.ZipFile(zipped) as content:
        emptied = json.loads(content.read("manifest.json")) | {"files": []}
    copy = zipped.with_name("emptied.zip")
    with zipfile.ZipFile(copy, "w") as made:
        made.writestr("manifest.json", json.dumps(emptied))
    assert "missing: vouchers/chain.jsonl" in problems(copy)
    with zipfile.ZipFile(rewritten(zipped), "a") as more:
        more.writestr("extra.txt", "x")
    assert problems(zipped.with_name("copy.zip")) == ["not in the manifest: extra.txt"]


def test_a_rewritten_voucher_breaks_the_chain_even_with_its_manifest_adjusted(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as content:
        chain = content.read("vouchers/chain.jsonl").replace(b"1000.00", b"9000.00")
        manifest = json.loads(content.read("manifest.json"))
    for entry in manifest["files"]:
        if entry["path"] == "vouchers/chain.jsonl":
            entry["sha256"] = hashlib.sha256(chain).hexdigest()
    copy = rewritten(zipped, chain=chain, manifest=json.dumps(manifest).encode())
    assert problems(copy)[:2] == [
        "voucher 记-1 of 202603: the chain breaks",
        "voucher 记-2 of 202603: the chain breaks",
    ]


@pytest.mark.parametrize("content", [b"", b"PK", "manifest"])
def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path, content: bytes | str) -> None:
    file = tmp_path / "x.zip"
    if isinstance(content, str):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as other:
            other.writestr("manifest.json", "{}")
        content = made.getvalue()
    file.write_bytes(content)
    with pytest.raises(SystemExit) as stop:
        call_command("ledger_archive", "--check", str(file))
    assert stop.value.code == 2


@pytest.mark.parametrize("given", ["abc", "nothing.sha256"])
def test_what_is_no_digest_is_refused(zipped: Path, given: str) -> None:
    zipped.with_name("abc").write_text("no digest")
    with pytest.raises(SystemExit) as stop:
        call_command(
            "ledger_archive", "--check", str(zipped), "--manifest-sha256", str(zipped.with_name(given))
        )
    assert stop.value.code == 2


def retold(zipped: Path, text: tuple[str, str] = ("", ""), journal: tuple[str, str] = ("", "")) -> Path:
    """The archive with other words in its first voucher or its journal, and all hashes adjusted to them."""
    with zipfile.ZipFile(zipped) as content:
        rows = [json.loads(line) for line in content.read("vouchers/chain.jsonl").decode().splitlines()]
        lines = content.read("journal.csv").decode().replace(*journal).encode()
        manifest = json.loads(content.read("manifest.json"))
    assert text[0] in rows[0]["content"]
    for fact in ("content", "summary"):
        rows[0][fact] = rows[0][fact].replace(*text)
    previous = rows[0]["previous_hash"]
    for row in rows:
        row["previous_hash"] = previous
        row["hash"] = previous = hashlib.sha256(bytes.fromhex(previous) + row["content"].encode()).hexdigest()
    chain = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    for entry in manifest["files"]:
        for path, made in (("vouchers/chain.jsonl", chain), ("journal.csv", lines)):
            if entry["path"] == path:
                entry["sha256"] = hashlib.sha256(made).hexdigest()
    manifest["chain"]["hash"] = previous
    return rewritten(zipped, chain=chain, journal=lines, manifest=json.dumps(manifest).encode())


_OTHER_AMOUNTS = "journal.csv: the amounts of voucher 记-2026-03-1 are not those of its text"


_OTHER_LINES = "journal.csv: the lines of voucher 记-2026-03-1 are not those of its text"


_OTHER_VOUCHER = "voucher 记-1 of 202603: its text is of another voucher"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"text": ("收到经费", "收到\u2028经费"), "journal": ("收到经费", "收到\u2028经费")}, []),
        ({"text": ("收到经费", "付给李四")}, [_OTHER_LINES]),
        ({"journal": ("收到经费", "付给李四")}, [_OTHER_LINES]),
        ({"journal": ("2026-03-16", "2026-03-17")}, [_OTHER_LINES]),
        ({"text": ('"2026-03-16"', '"2026-03-17"')}, [_OTHER_VOUCHER, _OTHER_LINES]),
        ({"text": ('"HD"', '"TJ"')}, [_OTHER_VOUCHER]),
        ({"journal": ("HD,", "TJ,")}, ["journal.csv cannot be read as a journal of the book"]),
        ({"journal": ("HD,2026-03-16,记-2026-03-1", "HD,2026-03-16,")},
         ["journal.csv: lines of 2026-03 have no voucher", "journal.csv: voucher 记-2026-03-1 is missing"]),
        ({"text": ('"1000.00"', '"900.00"')}, [_OTHER_AMOUNTS]),
        ({"text": ('"402"', '"408"')}, [_OTHER_AMOUNTS]),
        ({"text": ('"false"', '"true"')}, [_OTHER_AMOUNTS]),
        ({"text": ('"1000.00"', '"x"')}, [_OTHER_VOUCHER, "journal.csv: 记-2026-03-1 is not in the chain of vouchers"]),
        ({"text": ('"202603","1","1"', '"202603","7","1"')}, [_OTHER_VOUCHER]),
        ({"journal": ("1000.00", "1.00")}, [_OTHER_AMOUNTS, _OTHER_AMOUNTS.replace("03-1", "03-2")]),
        ({"journal": ("记-2026-03-1", "记-2026-03-9")}, ["journal.csv: voucher 记-2026-03-1 is missing",
                                                     "journal.csv: 记-2026-03-9 is not in the chain of vouchers"]),
        ({"journal": ("借方", "x")}, ["journal.csv cannot be read as a journal of the book"]),
    ],
)  # fmt: skip
def test_the_journal_is_computed_again_from_the_chain(
    zipped: Path, changes: dict[str, tuple[str, str]], found: list[str]
) -> None:
    assert problems(retold(zipped, **changes)) == found


Rows = list[dict[str, Any]]


Files = dict[str, bytes]


def forged(zipped: Path, change: Callable[[Rows, Files, dict[str, Any]], None]) -> Path:
    """The archive as somebody makes it anew who knows how: all digests of the manifest are those of the files."""
    with zipfile.ZipFile(zipped) as original:
        files = {path: original.read(path) for path in original.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    rows = [json.loads(line) for line in files["vouchers/chain.jsonl"].decode().splitlines()]
    change(rows, files, manifest)
    files["vouchers/chain.jsonl"] = "".join(
        json.dumps(row, ensure_ascii=False) + "\n" for row in rows
    ).encode()
    manifest["files"] = [
        {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in files.items()
    ]
    copy = zipped.with_name("forged.zip")
    with zipfile.ZipFile(copy, "w") as made:
        for path, content in files.items():
            made.writestr(path, content)
        made.writestr("manifest.json", json.dumps(manifest))
    return copy


def _hide_a_voucher(rows: Rows, files: Files, manifest: dict[str, Any]) -> None:
    rows[1]["content"] = None
    lines = files["journal.csv"].splitlines(keepends=True)
    files["journal.csv"] = b"".join(line for line in lines if "记-2026-03-2".encode() not in line)
    del files["vouchers/2026-03/记-2.pdf"]


def _put_a_link_behind_another_amount(rows: Rows, files: Files, manifest: dict[str, Any]) -> None:
    """The end of the chain stays the true one: a link says whatever hash comes next."""
    row = rows[0]
    true_hash, row["content"] = row["hash"], row["content"].replace('"1000.00"', '"1.00"')
    row["hash"] = hashlib.sha256(bytes.fromhex(row["previous_hash"]) + row["content"].encode()).hexdigest()
    link = {**row, "content": None, "previous_hash": row["hash"], "hash": true_hash, "month": 202701}
    rows.insert(1, link)
    manifest["chain"]["vouchers"] += 1
    journal = files["journal.csv"].decode().splitlines(keepends=True)
    changed = [line.replace("1000.00", "1.00") if "记-2026-03-1" in line else line for line in journal]
    files["journal.csv"] = "".join(changed).encode()


def _write_texts_of_no_form(rows: Rows, files: Files, manifest: dict[str, Any]) -> None:
    previous = rows[0]["previous_hash"]
    for row in rows:
        row |= {"content": "anything", "previous_hash": previous}
        row["hash"] = previous = hashlib.sha256(bytes.fromhex(previous) + b"anything").hexdigest()
    manifest["chain"]["hash"] = previous


def _begin_later(rows: Rows, files: Files, manifest: dict[str, Any]) -> None:
    del rows[0]
    manifest["chain"] |= {"vouchers": 1, "previous_hash": rows[0]["previous_hash"]}


def _name_another_year(rows: Rows, files: Files, manifest: dict[str, Any]) -> None:
    manifest |= {"year": 2020, "closed_months": ["2026-12"]}


def _remove_papers(rows: Rows, files: Files, manifest: dict[str, Any]) -> None:
    for path in [path for path in files if path.endswith(".pdf") and not path.startswith("attachments")]:
        del files[path]


def _add_a_paper(rows: Rows, files: Files, manifest: dict[str, Any]) -> None:
    files["vouchers/2026-03/记-9.pdf"] = b"%PDF-1.7"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_hide_a_voucher, "voucher 记-2 of 202603: its text is missing"),
        (_put_a_link_behind_another_amount, "voucher 记-1 of 202701: the chain breaks"),
        (_write_texts_of_no_form, _OTHER_VOUCHER),
        (_begin_later, "voucher 记-2 of 202603: the chain breaks"),
        (_name_another_year, "the months in the manifest are not those of its year"),
        (_name_another_year, "voucher 记-1 of 202603: is of another year"),
        (_remove_papers, "missing: vouchers/2026-03/记-1.pdf"),
        (_remove_papers, "missing: reports/2026-02/balance-sheet.pdf"),
        (_add_a_paper, "of no voucher: vouchers/2026-03/记-9.pdf"),
    ],
)
def test_an_archive_made_anew_must_still_be_whole(
    zipped: Path, change: Callable[[Rows, Files, dict[str, Any]], None], found: str
) -> None:
    assert problems(forged(zipped, lambda *parts: None)) == []
    assert found in problems(forged(zipped, change))


def _text_of_the_earlier_form(**changed: str) -> dict[str, Any]:
    facts = {"word": "记", "month": 202603, "number": 1, "sequence": 1, "date": "2026-03-16"}
    said = "|".join(str(fact) for fact in (facts | changed).values())
    content, previous = f"7|{said}|'收到经费'|0|1|2\n", hashlib.sha256(b"").hexdigest()
    digest = hashlib.sha256(bytes.fromhex(previous) + content.encode()).hexdigest()
    return facts | {"summary": "收到经费", "previous_hash": previous, "hash": digest, "content": content}


@pytest.mark.parametrize(
    ("changed", "found"),
    [({}, []), ({"number": "7"}, [_OTHER_VOUCHER]), ({"month": "202604"}, [_OTHER_VOUCHER])],
)
def test_vouchers_of_the_earlier_form_name_themselves(changed: dict[str, str], found: list[str]) -> None:
    row = _text_of_the_earlier_form(**changed)
    said = {"first_sequence": 1, "previous_hash": row["previous_hash"], "hash": row["hash"], "vouchers": 1}
    chain = Chain(Extent("HD", 202601, 202612, frozenset()))
    assert list(chain.breaks([json.dumps(row).encode()], said)) == found


@pytest.mark.parametrize("chain", [b"[" * 100_000, b"null", b"[1]", b'{"sequence": 1}', b"\xff"])
def test_a_chain_that_cannot_be_read_makes_it_no_archive(
    zipped: Path, chain: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        call_command("ledger_archive", "--check", str(rewritten(zipped, chain=chain)))
    assert stop.value.code == 2
    assert "is no archive of this software" in capsys.readouterr().err


def test_without_the_digest_the_check_says_what_it_cannot_know(
    zipped: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    call_command("ledger_archive", "--check", str(zipped))
    said = capsys.readouterr().out
    assert "agree with each other and with the manifest inside the archive" in said
    assert "only the SHA-256 that was kept apart from it" in said
