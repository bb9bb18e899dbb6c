"""Templates of vouchers: kept under a name, replaced only on purpose, renamed, deleted, all on the trail."""

from __future__ import annotations

import pytest

from ledger.books import manual, voucher_templates
from ledger.books.errors import TemplateNameTaken
from ledger.books.models import Book
from portal.accounts.models import AuditEvent
from tests.conftest import Federation

from .test_manual_vouchers import levy, line


@pytest.fixture
def book(federation: Federation) -> Book:
    return federation.books["HD"]


def test_a_template_gives_back_what_was_kept(federation: Federation, book: Book, bank: str) -> None:
    lines = [line(bank, "D", "8.88", summary="三季度"), line("408", "C", "8.88", party="银行")]
    voucher = levy(federation, bank, lines=lines, summary="利息")
    template = voucher_templates.save(voucher=voucher, name="利息", saved_by=federation.maker)
    assert (template.summary, manual.template_lines(template)) == ("利息", lines)


def test_a_name_that_is_taken_is_replaced_only_on_purpose(
    federation: Federation, book: Book, bank: str
) -> None:
    voucher_templates.save(voucher=levy(federation, bank), name="经费", saved_by=federation.maker)
    other = levy(federation, bank, amount="2.00", summary="另一笔")
    with pytest.raises(TemplateNameTaken, match="经费"):
        voucher_templates.save(voucher=other, name="经费", saved_by=federation.maker)
    assert book.templates.get().summary == "收到经费"
    voucher_templates.save(voucher=other, name="经费", saved_by=federation.maker, replaces=True)
    assert book.templates.get().summary == "另一笔"


def test_templates_are_renamed_and_deleted_and_the_trail_says_so(
    federation: Federation, book: Book, bank: str
) -> None:
    for name in ("甲", "乙"):
        voucher_templates.save(voucher=levy(federation, bank), name=name, saved_by=federation.maker)
    first = book.templates.get(name="甲")
    with pytest.raises(TemplateNameTaken):
        voucher_templates.rename(template=first, name="乙", renamed_by=federation.maker)
    first.refresh_from_db()
    voucher_templates.rename(template=first, name="丙", renamed_by=federation.maker)
    voucher_templates.delete(template=first, deleted_by=federation.maker)
    assert [template.name for template in book.templates.all()] == ["乙"]
    trail = AuditEvent.objects.filter(action__startswith="voucher_template.").order_by("pk")
    assert [(event.action.partition(".")[2], event.details["template"]) for event in trail] == [
        ("saved", "甲"),
        ("saved", "乙"),
        ("renamed", "丙"),
        ("deleted", "丙"),
    ]
