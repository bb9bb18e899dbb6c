"""Reading a policy document from plain text into a draft page: number, issuers, date, sections and items, defects.

Official documents number sections 一、, below them （一）, below them 1. (GB/T 9704); lines of a scan are joined again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, field
from html import escape

from django.db import transaction
from django.utils.translation import gettext as _
from wagtail.models import Locale

from portal.errors import DomainError

from . import clause_numbers, document_number
from .models import PolicyIndexPage, PolicyPage
from .models.policy import PolicyIssuer

_SECTION = re.compile(r"([一二三四五六七八九十]{1,3})、")
_ITEM = re.compile(r"（([一二三四五六七八九十]{1,3})）")
_POINT = re.compile(r"(\d{1,2})[.．、](?!\d)")
_DATE = re.compile(r"(20\d\d)\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_ISSUER = re.compile(r"[\u4e00-\u9fff]{2,20}(?:总工会|社会保障厅|社会保障局|委员会)")
_PAGE_MARK = re.compile(r"[-—－]\d{1,3}[-—－]")
_ENDINGS = tuple("。！？）)”》日章")
_QUOTED = 12
_LONGEST_HEADING = 40


class NotAPolicy(DomainError):
    code = "not_a_policy"


@dataclass
class Clause:
    """One numbered passage: its number as printed, first sentence and text."""

    number: str
    heading: str
    text: str


@dataclass
class Document:
    """What was recognised; ``defects`` says in Chinese what is missing from the copy."""

    number: str
    title: str
    issuers: list[str]
    dated_on: dt.date | None
    clauses: list[Clause]
    defects: list[str] = field(default_factory=list)


def text_of(content: bytes) -> str:
    """The text of a file in UTF-8. Raises NotAPolicy for anything else."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotAPolicy(_("This file is no plain text in UTF-8.")) from error


def read(text: str) -> Document:
    """Recognise a document. Raises NotAPolicy for a text without numbered sections."""
    lines = [re.sub(r"\s+", "", line) for line in text.splitlines()]
    marks = [line for line in lines if _PAGE_MARK.fullmatch(line)]
    lines = [line for line in lines if line and line not in marks]
    first = next((n for n, line in enumerate(lines) if _SECTION.match(line)), None)
    if first is None:
        raise NotAPolicy(_("No numbered sections were found in this text."))
    head = lines[:first]
    number = next((found for line in head if (found := document_number.find(line))), "")
    dates = _DATE.findall(text)
    document = Document(
        number=number,
        title=_title(head, number),
        issuers=list(dict.fromkeys(name for line in head[:6] for name in _ISSUER.findall(line)))[:3],
        dated_on=dt.date(*map(int, dates[-1])) if dates else None,
        clauses=_clauses(lines[first:]),
    )
    document.defects = _defects(document, lines[-1], has_page_marks=bool(marks))
    return document


def _title(head: list[str], number: str) -> str:
    """The lines between the number and the words to the addressees, or the first long line."""
    after = head
    for n, line in enumerate(head):
        if number and document_number.find(line):
            after = head[n + 1 :]
    words = [line for line in after[:4] if not line.endswith("：") and not _ISSUER.fullmatch(line)]
    about = next((line for line in words if line.startswith("关于")), "")
    return (about or "".join(words[:2]) or "".join(head[:1]) or _("Untitled document"))[:200]


def _clauses(lines: list[str]) -> list[Clause]:
    """Passages in order; a line without a number goes on with the one before."""
    section = item = ""
    found: list[Clause] = []
    for line in lines:
        if match := _SECTION.match(line):
            section, item = match[1], ""
            found.append(Clause(section, "", line[match.end() :]))
        elif match := _ITEM.match(line):
            item = f"（{match[1]}）"
            found.append(Clause(f"{section}{item}", "", line[match.end() :]))
        elif match := _POINT.match(line):
            found.append(Clause(f"{section}{item}{match[1]}", "", line[match.end() :]))
        elif found:
            found[-1].text += line
    for clause in found:
        sentence, stop, rest = clause.text.partition("。")
        if len(sentence) <= _LONGEST_HEADING:
            clause.heading, clause.text = sentence, rest if stop else ""
    return found


def _defects(document: Document, last_line: str, *, has_page_marks: bool) -> list[str]:
    """What is missing or wrong in the copy, as far as its form shows it."""
    defects = []
    if not document.number:
        defects.append("没有找到文号。")
    if document.dated_on is None:
        defects.append("没有找到成文日期。")
    if not document.issuers:
        defects.append("没有找到发文机关。")
    defects += _jumps(document.clauses)
    if has_page_marks:
        defects.append("正文中夹有页码，已略去。")
    if not last_line.endswith(_ENDINGS):
        last = document.clauses[-1]
        defects.append(f"文本在{last.number}处中断，结尾是“……{last_line[-_QUOTED:]}”。")
    return defects


def _jumps(clauses: list[Clause]) -> list[str]:
    """Numbers that do not follow the one before on their level (一、二…；（一）（二）…；1. 2. …)."""
    defects = []
    before: dict[tuple[int, ...], tuple[int, str]] = {}
    for clause in clauses:
        *above, own = clause_numbers.parts(clause.number)
        serial, number = before.get(tuple(above), (0, ""))
        if own != serial + 1:
            after = f"从{number}跳到" if number else "开头就是"
            defects.append(f"编号不连续：{after}{clause.number}。")
        before[tuple(above)] = own, clause.number
    return defects


@transaction.atomic
def import_policy(text: str) -> tuple[PolicyPage, bool]:
    """Make a draft page in the Chinese library; the same text again gives the page it has: (page, made now).

    Raises NotAPolicy, also when the site has no library yet.
    """
    digest = hashlib.sha256(text.encode()).hexdigest()
    existing = PolicyPage.objects.filter(source_sha256=digest).first()
    if existing is not None:
        return existing, False
    document = read(text)
    library = PolicyIndexPage.objects.filter(locale=Locale.get_default()).first()
    if library is None:
        raise NotAPolicy(_("The site has no policy library yet."))
    page = PolicyPage(
        title=document.title,
        slug=f"import-{digest[:12]}",
        number=document.number,
        dated_on=document.dated_on,
        defects=" ".join(document.defects),
        source_sha256=digest,
        live=False,
        body=[
            (
                "clause",
                {
                    "number": c.number,
                    "heading": c.heading,
                    "text": f"<p>{escape(c.text)}</p>" if c.text else "",
                },
            )
            for c in document.clauses
        ],
    )
    page.issuers.set([PolicyIssuer(name=name) for name in document.issuers])
    page.clean()
    library.add_child(instance=page)
    page.save_revision()
    return page, True
