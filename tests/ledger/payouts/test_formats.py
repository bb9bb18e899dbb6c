"""What the banks' files look like, byte for byte, and what no reader of theirs may be talked into."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zipfile
from dataclasses import replace
from importlib.resources import files

import openpyxl
import pytest
import xlrd
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ledger.payouts import formats
from ledger.payouts.errors import FileRefused
from ledger.payouts.formats import FORMATS
from ledger.payouts.formats.description import TextLayout
from ledger.payouts.reasons import REASONS

DAY = dt.date(2026, 3, 16)
CARD = "6228480000000000019"


def a_file(**changes: object) -> formats.PaymentFile:
    facts: dict[str, object] = {
        "seq": 1, "reference": "B0000000001-1", "account": CARD, "name": "买买提·艾力", "bank": "中国农业银行",
        "amount_fen": 15_050, "purpose": "普惠补贴",
    }  # fmt: skip
    return formats.PaymentFile(
        batch="DF260316000001",
        payer_account="990000000001",
        payer_name="天津市总工会",
        date=DAY,
        created=dt.datetime(2026, 3, 15, 8, tzinfo=dt.UTC),
        rows=(formats.PaymentRow(**facts | changes),),
    )


def a_result(code: str, **changes: object) -> bytes:
    known = formats.get(code)
    facts: dict[str, object] = {
        "seq": 1, "reference": "B0000000001-1", "account": CARD, "name": "张示例",
        "outcome": next(iter(known.outcomes)), "message": "交易成功", "bank_reference": "B1", "date": DAY,
    }  # fmt: skip
    row = formats.ResultRow(**facts | changes)
    return formats.render_result(known, [row], batch="DF260316000001", date=DAY, amounts_fen=[15_050])


def test_fixed_width_counts_bytes_of_gbk_and_comes_with_the_request_that_names_it() -> None:
    lines, request = formats.render_files(formats.get("abc_fixed"), a_file())
    (line,) = lines.content.splitlines()
    assert len(line) == 60 + 30 + 18 + 30
    assert line[:60] == "买买提·艾力".encode("gbk").ljust(60)
    assert line[60:90] == CARD.encode().ljust(30)
    assert line[90:108] == b"150.50".rjust(18)
    assert line[108:] == b"B0000000001-1".ljust(30)
    said = etree.fromstring(request.content)
    assert said.findtext("CCTransCode") == "CFRT03"
    assert said.findtext("Cmp/BatchFileName") == lines.name
    assert said.findtext("Cmp/DbAccNo") == "990000000001"
    assert (said.findtext("Tulip/批处理/批交易总金额"), said.findtext("Tulip/批处理/批交易总笔数")) == (
        "150.50",
        "1",
    )


def test_the_hash_of_several_files_is_that_of_their_list_as_sha256sum_prints_it() -> None:
    made = formats.render_files(formats.get("abc_fixed"), a_file())
    listed = "".join(f"{hashlib.sha256(f.content).hexdigest()}  {f.name}\n" for f in made)
    assert formats.hash_of(made) == hashlib.sha256(listed.encode()).hexdigest()
    (only,) = formats.render_files(formats.get("pipe_gbk"), a_file())
    assert formats.hash_of([only]) == hashlib.sha256(only.content).hexdigest()


def test_excel_files_keep_accounts_as_text_and_amounts_in_yuan() -> None:
    content = formats.render_payment(formats.get("xls_online"), a_file())
    header, row = (xlrd.open_workbook(file_contents=content).sheet_by_index(0).row_values(n) for n in (0, 1))
    assert len(header) == 11
    assert (row[0], row[1], row[3], row[10]) == (CARD, "买买提·艾力", 150.5, "B0000000001-1")
    content = formats.render_payment(formats.get("xlsx_counter"), a_file())
    page = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert [cell.value for cell in page[2]][:4] == ["1", CARD, "买买提·艾力", 150.5]


def test_an_account_that_excel_made_a_number_is_refused_with_its_line() -> None:
    book = xlwt.Workbook()
    page = book.add_sheet("结果")
    was = xlrd.open_workbook(file_contents=a_result("xls_online")).sheet_by_index(0)
    for number in range(was.nrows):
        for column, value in enumerate(was.row_values(number)):
            page.write(number, column, float(CARD) if value == CARD else value)
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(FileRefused, match="its last digits are lost") as refused:
        formats.read_result(formats.get("xls_online"), out.getvalue())
    assert refused.value.line == 2


def test_a_byte_order_mark_is_written_where_the_bank_wants_it_and_read_anywhere() -> None:
    known = formats.get("csv_utf8")
    assert formats.render_payment(known, a_file()).startswith(b'\xef\xbb\xbf"')
    content = a_result("csv_utf8")
    bare = content.removeprefix(b"\xef\xbb\xbf")
    assert bare != content
    assert formats.read_result(known, bare) == formats.read_result(known, content)


@pytest.mark.parametrize(("unit", "text"), [("yuan", "150.50"), ("fen", "15050"), ("whole_yuan", "150")])
def test_amounts_are_written_in_the_units_of_the_bank(unit: str, text: str) -> None:
    pipe = formats.get("pipe_gbk")
    known = replace(pipe, request=replace(pipe.request, amount_unit=unit))
    assert text in formats.render_payment(known, a_file()).decode("gbk").split("|")
    problems = formats.line_problems(known, a_file().rows[0])
    assert problems == (["This bank format takes whole yuan only."] if unit == "whole_yuan" else [])


def test_rare_characters_need_a_format_that_has_them() -> None:
    for name, able in (
        ("䶮", {"csv_gb18030", "csv_utf8", "ubp1", "iso20022", "xls_online"}),
        ("𠮷田", {"ubp1"}),
    ):
        row = a_file(name=name).rows[0]
        for code in able:
            assert formats.line_problems(formats.get(code), row) == []
        (problem,) = formats.line_problems(formats.get("pipe_gbk"), row)
        assert f"U+{ord(name[0]):04X}" in problem


def test_a_format_for_own_cards_takes_no_others() -> None:
    row = a_file(bank="示例银行").rows[0]
    assert formats.line_problems(formats.get("abc_fixed"), row) == [
        "This format pays to cards of 农业银行 only."
    ]


_PAIN_001 = etree.XMLSchema(etree.parse(str(files("sepaxml") / "schemas" / "pain.001.001.09.xsd")))


@settings(deadline=None)
@given(
    st.text(alphabet="张买提·艾力龑䶮𠮷AB<&>'\" ", min_size=1, max_size=40).filter(str.strip),
    st.sampled_from(["中国农业银行", "示例银行", ""]),
    st.sampled_from(["普惠补贴", ""]),
    st.integers(1, 5_000_000),
)
def test_pain_001_is_valid_by_the_schema_of_iso_20022(name: str, bank: str, purpose: str, fen: int) -> None:
    file = a_file(name=name.strip(), bank=bank, purpose=purpose, amount_fen=fen)
    content = formats.render_payment(formats.get("iso20022"), file)
    assert _PAIN_001.validate(etree.fromstring(content)), _PAIN_001.error_log


def test_pain_001_has_our_reference_the_currency_and_the_clearing_code() -> None:
    root = etree.fromstring(formats.render_payment(formats.get("iso20022"), a_file()))
    said = {etree.QName(e).localname: (e.text or "").strip() for e in root.iter() if not len(e)}
    facts = {
        "MsgId": "DF260316000001", "NbOfTxs": "1", "CtrlSum": "150.50", "BtchBookg": "true", "Dt": "2026-03-16",
        "EndToEndId": "B0000000001-1", "InstdAmt": "150.50", "MmbId": "103100000026", "Ustrd": "普惠补贴",
        "CreDtTm": "2026-03-15T16:00:00",
    }  # fmt: skip
    assert facts.items() <= said.items()


def _refused(code: str, content: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        formats.read_result(formats.get(code), content)
    return refused.value


def test_xml_with_a_document_type_or_another_root_is_refused() -> None:
    content = a_result("iso20022").decode()
    bomb = '<!DOCTYPE Document [<!ENTITY a "ACSC"><!ENTITY b "&a;&a;&a;&a;">]>'
    head, body = content.split("\n", 1)
    assert "document type" in _refused("iso20022", f"{head}\n{bomb}\n{body}".encode()).reason
    assert _refused("iso20022", b"<html/>").line == 1
    assert _refused("iso20022", content[:-30].encode()).line > 1
    assert "TxSts stands here more than once" in str(
        _refused(
            "iso20022",
            content.replace("<TxSts>ACSC</TxSts>", "<TxSts>ACSC</TxSts><TxSts>RJCT</TxSts>").encode(),
        )
    )
    euros = content.replace('Ccy="CNY"', 'Ccy="EUR"').encode()
    assert "“EUR” where “CNY” belongs" in str(_refused("iso20022", euros))


def test_a_zip_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 50_000_000)
    assert len(out.getvalue()) < 100_000
    assert "unpacks to more" in _refused("xlsx_counter", out.getvalue()).reason


@pytest.mark.parametrize("code", sorted(FORMATS))
def test_every_reason_of_a_format_is_one_that_people_are_told(code: str) -> None:
    known = formats.get(code)
    assert set(known.reasons.values()) <= set(REASONS)
    assert "paid" in known.outcomes.values()
    layouts = [layout for layout in (known.request, known.result) if isinstance(layout, TextLayout)]
    assert all(len(layout.separator) <= 2 for layout in layouts)
