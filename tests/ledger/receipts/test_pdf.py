"""The paper: what it says, that it is one page in its own typeface, and that it does not imitate a fiscal bill."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone
from djmoney.money import Money
from pypdf import PdfReader

from ledger.receipts import drawings, pdf
from ledger.receipts.errors import ReceiptIncomplete
from ledger.receipts.issuing import MAX_LINES, Line
from ledger.receipts.models import Receipt
from portal.accounts.models import User
from portal.paper.typeface import CharacterNotPrintable
from portal.unions.models import Union

from .conftest import a_year, issue_to

FOOTER = "本收据为工会内部收款凭证，不属于财政票据，不作为税前扣除凭证"


@pytest.fixture
def receipt(union: Union) -> Receipt:
    return issue_to(
        union,
        payer_name="欧阳龑𠮷",
        collected_by=User.objects.create_user("cashier", name="钱收"),
        checked_by=User.objects.create_user("checker", name="查核"),
    )


def _read(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def _text(content: bytes) -> str:
    return _read(content).pages[0].extract_text()


def test_the_paper_says_everything_that_an_original_voucher_must(receipt: Receipt) -> None:
    text = _text(pdf.render(receipt))
    for said in (
        "工会会费收据",
        "Union Membership Dues Receipt",
        receipt.series.code,
        receipt.number,
        receipt.check_code,
        "2026年03月02日",
        "欧阳龑𠮷",
        "T-C001-000001",
        "2026年3月至2027年2月",
        "人民币贰拾肆元整",
        "¥24.00",
        "现金",
        "示例社区工会联合会",
        "81990100MC00000017",
        "钱收",
        "查核",
        "系统自动开具",
        FOOTER,
        "演示数据",
    ):
        assert said in text, said


def test_the_paper_is_one_a5_page_tagged_in_chinese_with_a_title(receipt: Receipt) -> None:
    reader = _read(pdf.render(receipt))
    assert len(reader.pages) == 1
    box = reader.pages[0].mediabox
    assert (round(float(box.width) / 72 * 25.4), round(float(box.height) / 72 * 25.4)) == (210, 148)
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "zh-CN"
    assert root["/MarkInfo"]["/Marked"]
    assert reader.metadata is not None
    assert reader.metadata.title == f"工会会费收据 {receipt.series.code} {receipt.number}"


def test_only_the_receipts_own_typeface_is_in_the_file(receipt: Receipt) -> None:
    page: Any = _read(pdf.render(receipt)).pages[0]
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert {font["/BaseFont"].partition("+")[2] for font in fonts} == {"Puhui-Paper", "Puhui-Paper-Bold"}
    for font in fonts:
        assert "/FontFile2" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()


def test_the_same_receipt_gives_the_same_bytes(receipt: Receipt) -> None:
    once = pdf.render(receipt)
    assert pdf.render(Receipt.objects.get(pk=receipt.pk)) == once
    assert pdf.render(issue_to(receipt.union)) != once


def test_the_code_on_the_paper_leads_to_the_verification_page(receipt: Receipt, settings: Any) -> None:
    settings.BASE_URL = "https://union.example/"
    address = f"https://union.example/verify/?code=26000001&number=0000000001&check={receipt.check_code}"
    assert pdf.verify_address(receipt) == address
    page: Any = _read(pdf.render(receipt)).pages[0]
    links = [a.get_object()["/A"]["/URI"] for a in page["/Annots"] if "/A" in a.get_object()]
    assert set(links) == {address}
    drawn = b"".join(part.get_object().get_data() for part in page["/Contents"])
    assert drawings.qr(address, 23.0).encode() in drawn


@pytest.mark.parametrize(("status", "mark"), [("void", "作废"), ("reversed", "已冲红")])
def test_a_receipt_that_no_longer_holds_says_so_across_the_page(
    receipt: Receipt, status: str, mark: str
) -> None:
    assert mark not in _text(pdf.render(receipt))
    receipt.status, receipt.status_reason, receipt.status_changed_at = status, "录入错误", timezone.now()
    receipt.save()
    assert mark in _text(pdf.render(receipt))


def test_real_receipts_are_not_marked_as_demonstration(union: Union) -> None:
    union.is_demo = False
    union.save()
    assert "演示数据" not in _text(pdf.render(issue_to(union)))


def test_a_name_the_typeface_cannot_draw_is_refused_by_name(union: Union) -> None:
    receipt = issue_to(union, payer_name="王𬀩\U000f0001")
    with pytest.raises(CharacterNotPrintable) as refusal:
        pdf.render(receipt)
    assert refusal.value.character == "\U000f0001"
    assert "U+F0001" in str(refusal.value)


def test_a_full_receipt_still_fits_on_its_page(union: Union) -> None:
    receipt = issue_to(
        union,
        payer_name="示例市示例区和平街道快递行业与网约送餐行业工会联合会筹备委员会",
        lines=[a_year("1234567.89") for _ in range(MAX_LINES)],
        payment_reference="B" * 60,
    )
    reader = _read(pdf.render(receipt))
    assert len(reader.pages) == 1
    assert "人民币柒仟肆佰零柒万肆仟零柒拾叁元肆角整" in reader.pages[0].extract_text()


def test_more_lines_than_the_paper_holds_are_refused(union: Union) -> None:
    with pytest.raises(ReceiptIncomplete):
        issue_to(union, lines=[a_year()] * (MAX_LINES + 1))
    assert not Receipt.objects.exists()


def test_a_single_month_is_written_once(union: Union) -> None:
    line = Line(
        item="会费", period_from=202603, period_to=202603, quantity=1, unit_price=Money("2.00", "CNY")
    )
    text = _text(pdf.render(issue_to(union, lines=[line])))
    assert "2026年3月" in text
    assert "至" not in text


def test_rendering_many_counts_the_bytes_of_each(union: Union) -> None:
    receipts = [issue_to(union) for _ in range(2)]
    assert pdf.render_many(receipts) == sum(len(pdf.render(r)) for r in receipts)


def test_the_command_writes_the_same_file_as_the_member_gets(receipt: Receipt, tmp_path: Path) -> None:
    target = tmp_path / "receipt.pdf"
    call_command("receipt_pdf", "26000001", "1", "--output", str(target))
    assert target.read_bytes() == pdf.render(receipt)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["26000001", "9", "--output", "unused.pdf"], "26000001 0000000009"),
        (["26000001", "1", "--output", "no-such-folder/receipt.pdf"], "no-such-folder/receipt.pdf"),
    ],
)
def test_the_command_says_what_was_wrong_and_ends_with_2(
    receipt: Receipt, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    errors = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("receipt_pdf", *arguments, stderr=errors)
    assert end.value.code == 2
    assert message in errors.getvalue()
    assert list(tmp_path.iterdir()) == []
