"""The formats we speak. To add a bank, add a ``Format`` here (docs/how-to-add-a-bank-format.md)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ledger.payouts.reasons import GATEWAY, WORDS

from .description import Column, Companion, FileOutcome, Format, SheetLayout, TextLayout, XmlLayout
from .iso20022 import ISO20022

# Every way in which input methods write the dot of a minority name; U+00B7 is the one that GBK has.
_MIDDLE_DOTS = dict.fromkeys("•・‧∙．●⋅", "·")
_CONTROL = "".join(chr(n) for n in (*range(32), 127))
_LETTERS: dict[str, FileOutcome] = {"S": "paid", "E": "failed", "P": "pending", "R": "returned"}
_SUCCESS = frozenset({"", "0000", "4000"})

PIPE_GBK = Format(
    code="pipe_gbk",
    title=_("Web bank, text with bars (GBK)"),
    file_name="{batch}.txt",
    request=TextLayout(
        encoding="gbk",
        separator="|",
        trailing_separator=True,
        detail=("seq", "account", "name", "amount"),
    ),
    result=TextLayout(
        encoding="gbk",
        separator="|",
        trailing_separator=True,
        header=("batch", "count", "total"),
        detail=(
            "seq",
            "outcome",
            "account",
            "name",
            "amount",
            "code",
            "message",
            "bank_reference",
            "date",
        ),
    ),
    forbidden="|,，\u3000" + _CONTROL,
    max_lines=20_000,
    name_replacements=_MIDDLE_DOTS,
    outcomes=_LETTERS,
    success_codes=_SUCCESS,
    reasons=GATEWAY | WORDS,
)

UBP1 = Format(
    code="ubp1",
    title=_("Union payout file 1 (UTF-8, with checksum)"),
    file_name="{batch}.ubp1.txt",
    request=TextLayout(
        separator="|",
        line_end="\n",
        amount_unit="fen",
        header=("=H", "batch", "payer_account", "count", "total", "date"),
        detail=("=D", "seq", "reference", "account", "name", "bank", "amount", "purpose"),
        trailer=("=T", "count", "total", "sha256"),
    ),
    result=TextLayout(
        separator="|",
        line_end="\n",
        amount_unit="fen",
        header=("=H", "batch", "payer_account", "count", "total", "date"),
        detail=("=R", "seq", "reference", "outcome", "code", "message", "bank_reference", "time"),
        trailer=("=T", "count", "total", "sha256"),
    ),
    forbidden="|" + _CONTROL,
    max_lines=100_000,
    max_name_bytes=150,
    max_purpose_bytes=150,
    name_replacements=_MIDDLE_DOTS,
    outcomes=_LETTERS,
    success_codes=_SUCCESS,
    reasons=GATEWAY,
)

# Bank and enterprise link of the Agricultural Bank: lines of 138 bytes, and a request that points at them (CFRT03).
ABC_FIXED = Format(
    code="abc_fixed",
    title=_("Agricultural Bank, fixed width (GBK) with its XML request"),
    file_name="{batch}.{payer_account}.{date}",
    own_cards_of="农业银行",
    request=TextLayout(
        encoding="gbk",
        separator="",
        line_end="\n",
        detail=(
            Column("name", 60),
            Column("account", 30),
            Column("amount", 18, align="right"),
            Column("reference", 30),
        ),
    ),
    companions=(
        Companion(
            file_name="{batch}.CFRT03.xml",
            layout=XmlLayout(
                root="ap",
                head=(
                    ("CCTransCode", "=CFRT03"),
                    ("ProductID", "=ICC"),
                    ("ChannelType", "=ERP"),
                    ("ReqSeqNo", "batch"),
                    ("ReqDate", "date"),
                    ("Amt", "total"),
                    ("FileFlag", "=1"),
                    ("Cmp/DbAccNo", "payer_account"),
                    ("Cmp/DbCur", "=01"),
                    ("Cmp/BatchFileName", "main_file"),
                    ("Corp/DbAccName", "payer_name"),
                    ("Corp/Postscript", "purpose"),
                    ("Tulip/批处理/批交易总金额", "total"),
                    ("Tulip/批处理/批交易总笔数", "count"),
                ),
            ),
        ),
    ),
    result=TextLayout(
        encoding="gbk",
        separator="|",
        line_end="\n",
        detail=("seq", "outcome", "account", "name", "amount", "reference", "message"),
    ),
    forbidden="|" + _CONTROL,
    max_lines=10_000,
    max_reference_length=30,
    name_replacements=_MIDDLE_DOTS,
    outcomes=_LETTERS,
    success_codes=_SUCCESS,
    reasons=WORDS,
)

_SHEET_REQUEST = {
    "收款人账号": "account",
    "收款人姓名": "name",
    "收款人开户行名称": "bank",
    "付款金额(元)": "amount",
    "开户行联行号": "bank_code",
    "收款人网点名称": "empty",
    "身份证号": "empty",
    "手机号": "empty",
    "支付宝账号": "empty",
    "备注": "purpose",
    "对账ID": "reference",
}
_SHEET_RESULT = {
    "收款人账号": "account",
    "收款人姓名": "name",
    "付款金额(元)": "amount",
    "对账ID": "reference",
    "处理结果": "outcome",
    "失败原因": "message",
    "银行流水号": "bank_reference",
    "处理日期": "date",
}
_SHEET_OUTCOMES: dict[str, FileOutcome] = {
    "成功": "paid",
    "失败": "failed",
    "处理中": "pending",
    "退票": "returned",
}


def _titles(columns: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"={title}" for title in columns)


XLS_ONLINE = Format(
    code="xls_online",
    title=_("Online bank, Excel 97 file of 11 columns"),
    file_name="h2h_batchPay_{payer_account}_{batch}.xls",
    request=SheetLayout(
        container="xls", header=_titles(_SHEET_REQUEST), detail=tuple(_SHEET_REQUEST.values())
    ),
    result=SheetLayout(
        container="xls",
        date_format="%Y-%m-%d",
        header=_titles(_SHEET_RESULT),
        detail=tuple(_SHEET_RESULT.values()),
    ),
    forbidden="|" + _CONTROL,
    max_lines=5_000,
    name_form="NFKC",
    name_replacements=_MIDDLE_DOTS,
    outcomes=_SHEET_OUTCOMES,
    success_codes=_SUCCESS,
    reasons=WORDS,
)

_COUNTER_REQUEST = {
    "序号": "seq",
    "账号": "account",
    "姓名": "name",
    "实发金额": "amount",
    "开户行": "bank",
    "摘要": "purpose",
    "对账ID": "reference",
}
_COUNTER_RESULT = {
    "处理结果": "outcome",
    "序号": "seq",
    "账号": "account",
    "姓名": "name",
    "实发金额": "amount",
    "对账ID": "reference",
    "错误代码": "code",
    "说明": "message",
    "银行流水号": "bank_reference",
    "处理日期": "date",
}

XLSX_COUNTER = Format(
    code="xlsx_counter",
    title=_("Bank counter, Excel file (xlsx)"),
    file_name="{batch}.xlsx",
    is_file_per_bank=True,
    request=SheetLayout(
        container="xlsx",
        header=_titles(_COUNTER_REQUEST),
        detail=tuple(_COUNTER_REQUEST.values()),
        trailer=("=合计", "count", "=笔", "total"),
    ),
    result=SheetLayout(
        container="xlsx",
        date_format="%Y/%m/%d",
        header=_titles(_COUNTER_RESULT),
        detail=tuple(_COUNTER_RESULT.values()),
        trailer=("=合计", "count", "=笔", "=元", "total"),
    ),
    forbidden="|" + _CONTROL,
    max_lines=10_000,
    name_form="NFKC",
    name_replacements=_MIDDLE_DOTS,
    outcomes=_SHEET_OUTCOMES,
    success_codes=_SUCCESS,
    reasons=GATEWAY | WORDS,
)

CSV_GB18030 = Format(
    code="csv_gb18030",
    title=_("Enterprise link, CSV (GB18030, rare characters)"),
    file_name="{batch}.csv",
    request=TextLayout(
        encoding="gb18030",
        separator=",",
        quotes="needed",
        amount_unit="fen",
        header=("=批次", "batch", "=笔数", "count", "=总额", "total", "=日期", "date"),
        detail=("seq", "reference", "account", "name", "bank", "amount", "purpose"),
        date_format="%Y-%m-%d",
    ),
    result=TextLayout(
        encoding="gb18030",
        separator="|!",
        amount_unit="fen",
        header=("=批次", "batch", "=笔数", "count", "=总额", "total"),
        detail=(
            "reference",
            "outcome",
            "account",
            "name",
            "amount",
            "code",
            "message",
            "bank_reference",
            "date",
        ),
        trailer=("=结束", "count", "total"),
        date_format="%Y-%m-%d",
    ),
    forbidden='"|' + _CONTROL,
    max_lines=50_000,
    max_name_bytes=120,
    name_replacements=_MIDDLE_DOTS,
    outcomes=_LETTERS,
    success_codes=_SUCCESS,
    reasons=GATEWAY | WORDS,
)

CSV_UTF8_BOM = Format(
    code="csv_utf8",
    title=_("Web bank, CSV (UTF-8 with byte order mark, whole file in quotes)"),
    file_name="{batch}.csv",
    request=TextLayout(
        encoding="utf-8-sig",
        separator=",",
        quotes="always",
        header=("=序号", "=账号", "=户名", "=金额", "=用途"),
        detail=("seq", "account", "name", "amount", "purpose"),
        trailer=("=合计", "count", "=笔", "total", "=元"),
    ),
    result=TextLayout(
        encoding="utf-8-sig",
        separator=",",
        quotes="always",
        header=("=批次", "batch", "=日期", "date", "=", "=", "=", "="),
        detail=("seq", "outcome", "account", "name", "amount", "code", "message", "date"),
        trailer=("=合计", "count", "=笔", "total", "=元", "=", "=", "="),
    ),
    forbidden='"|' + _CONTROL,
    max_lines=20_000,
    max_name_bytes=120,
    name_replacements=_MIDDLE_DOTS,
    outcomes=_LETTERS,
    success_codes=_SUCCESS,
    reasons=GATEWAY | WORDS,
)

FORMATS: dict[str, Format] = {
    known.code: known
    for known in (PIPE_GBK, UBP1, ABC_FIXED, XLS_ONLINE, XLSX_COUNTER, CSV_GB18030, CSV_UTF8_BOM, ISO20022)
}
