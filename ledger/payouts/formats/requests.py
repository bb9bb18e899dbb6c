"""Request files: what a bank would not take in a line, the files it gets, and what it reads from them."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from ledger.payouts.errors import FileRefused

from . import files, values
from .cnaps import clearing_code
from .description import Format, Layout, PaymentFile, PaymentRow, RequestFile

_CODE = re.compile(r"DF\d{12}")  # of a batch, in the name of its file


def name_in(known: Format, name: str) -> str:
    """The name as this bank writes it: composed characters, one kind of middle dot."""
    composed = unicodedata.normalize(known.name_form, name).strip()
    return "".join(known.name_replacements.get(c, c) for c in composed)


def line_problems(known: Format, row: PaymentRow) -> list[str]:
    """What this bank would not take in a line; empty when it can be paid."""
    problems = []
    if not row.name:
        problems.append(_("The name is missing."))
    limits = {"name": known.max_name_bytes, "purpose": known.max_purpose_bytes}
    written = files.line_values(known.request)
    for column in ("name", "bank", "reference", "purpose"):
        if column in written or column == "name":
            problems += _text_problems(known, getattr(row, column), limits.get(column, 0))
    if "reference" in written and len(row.reference) > known.max_reference_length:
        problems.append(_("Our reference is too long for this bank."))
    if not (row.account.isascii() and row.account.isdigit() and 16 <= len(row.account) <= 19):
        problems.append(_("A card number has 16 to 19 digits."))
    if known.own_cards_of and known.own_cards_of not in row.bank:
        problems.append(_("This format pays to cards of %(bank)s only.") % {"bank": known.own_cards_of})
    if not 0 < row.amount_fen <= known.max_amount_fen:
        problems.append(
            _("The amount must be above zero and at most %(most)s yuan.")
            % {"most": values.yuan_text(known.max_amount_fen)}
        )
    if known.request.amount_unit == "whole_yuan" and row.amount_fen % 100:
        problems.append(_("This bank format takes whole yuan only."))
    return problems


def _text_problems(known: Format, text: str, limit: int) -> list[str]:
    encoding = known.request.encoding
    problems = [
        _("“%(text)s” has the character %(character)s, which this bank format does not allow.")
        % {"text": text, "character": f"{c!r}"}
        for c in sorted(set(text) & set(known.forbidden))
    ]
    unknown = (
        [] if _encodes(text, encoding) else [c for c in dict.fromkeys(text) if not _encodes(c, encoding)]
    )
    problems += [
        _("“%(text)s”: the bank's character set %(encoding)s lacks “%(character)s” (%(codepoint)s).")
        % {
            "text": text,
            "encoding": encoding.upper(),
            "character": c,
            "codepoint": f"U+{ord(c):04X}",
        }
        for c in unknown
    ]
    if limit and not unknown and len(text.encode(encoding)) > limit:
        problems.append(
            _("“%(text)s” is longer than the %(limit)s bytes that the bank takes.")
            % {"text": text, "limit": limit}
        )
    return problems


def _encodes(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def render_payment(known: Format, file: PaymentFile) -> bytes:
    """The file that has the lines; the same payment always gives the same bytes."""
    return _render(known, known.request, file)


def render_files(known: Format, file: PaymentFile) -> tuple[RequestFile, ...]:
    """Every file that the bank gets, first the one that has the lines."""
    main = RequestFile(_file_name(known.file_name, file), render_payment(known, file))
    others = (
        RequestFile(_file_name(other.file_name, file), _render(known, other.layout, file))
        for other in known.companions
    )
    return (main, *others)


def names_of(known: Format, file: PaymentFile) -> list[str]:
    """The names of the files of a request, as ``render_files`` gives them."""
    templates = [known.file_name, *(other.file_name for other in known.companions)]
    return [_file_name(template, file) for template in templates]


def hash_of(made: Sequence[RequestFile]) -> str:
    """SHA-256 of the only file; of several, that of their list as ``sha256sum`` prints it."""
    digests = [hashlib.sha256(file.content).hexdigest() for file in made]
    if len(made) == 1:
        return digests[0]
    listed = "".join(f"{digest}  {file.name}\n" for digest, file in zip(digests, made, strict=True))
    return hashlib.sha256(listed.encode()).hexdigest()


def _file_name(template: str, file: PaymentFile) -> str:
    return template.format(batch=file.batch, payer_account=file.payer_account, date=f"{file.date:%Y%m%d}")


def _render(known: Format, layout: Layout, file: PaymentFile) -> bytes:
    written = files.line_values(layout)
    head = {
        "batch": file.batch,
        "payer_account": file.payer_account,
        "payer_name": file.payer_name,
        "date": file.date.strftime(layout.date_format),
        "created": timezone.localtime(file.created).strftime("%Y-%m-%dT%H:%M:%S"),
        "count": str(len(file.rows)),
        "total": values.amount_text(layout, sum(row.amount_fen for row in file.rows)),
        "purpose": file.rows[0].purpose if file.rows else "",
        "main_file": _file_name(known.file_name, file),
    }
    return files.write(
        layout,
        head,
        (
            {
                "seq": str(row.seq),
                "reference": row.reference,
                "account": row.account,
                "name": row.name,
                "bank": row.bank,
                "bank_code": clearing_code(row.bank) if "bank_code" in written else "",
                "amount": values.amount_text(layout, row.amount_fen),
                "purpose": row.purpose,
                "empty": "",
            }
            for row in file.rows
        ),
    )


def read_payment(known: Format, content: bytes, *, file_name: str = "") -> PaymentFile:
    """What a bank reads from the file that has the lines; where it has no batch the file name says it."""
    layout = known.request
    read = files.read(layout, content)
    rows = tuple(
        PaymentRow(
            seq=values.whole_number(cells["seq"], number) if "seq" in cells else n,
            reference=cells.get("reference", ""),
            account=cells["account"],
            name=cells["name"],
            bank=cells.get("bank", ""),
            amount_fen=values.amount_fen(layout, cells["amount"], number),
            purpose=cells.get("purpose", ""),
        )
        for n, (number, cells) in enumerate(read.details, 1)
    )
    _count, total = values.totals(layout, read.head, read.details)
    require_total(total, sum(row.amount_fen for row in rows))
    return PaymentFile(
        batch=read.head.get("batch") or "".join(_CODE.findall(file_name)[:1]),
        payer_account=read.head.get("payer_account", ""),
        date=values.date_of(layout, read.head.get("date", ""), 1) or dt.date.min,
        rows=rows,
    )


def require_total(claimed: int | None, found: int) -> None:
    """Raise FileRefused when a file claims another total, in fen, than its lines have."""
    if claimed is not None and claimed != found:
        raise FileRefused(
            1,
            _("The file says %(claimed)s yuan in all, its lines add up to %(found)s.")
            % {"claimed": values.yuan_text(claimed), "found": values.yuan_text(found)},
        )
