"""The formats we speak. To add a bank, add a ``Format`` here (docs/how-to-add-a-bank-format.md)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ledger.payouts.reasons import GATEWAY

from .description import Format, Layout

# Every way in which input methods write the dot of a minority name; U+00B7 is the one that GBK has.
_MIDDLE_DOTS = dict.fromkeys("•・‧∙．●⋅", "·")
_CONTROL = "".join(chr(n) for n in (*range(32), 127))

PIPE_GBK = Format(
    code="pipe_gbk",
    title=_("Web bank, text with bars (GBK)"),
    file_name="{batch}.txt",
    request=Layout(
        encoding="gbk",
        separator="|",
        trailing_separator=True,
        detail=("seq", "account", "name", "amount"),
    ),
    result=Layout(
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
    outcomes={"S": "paid", "E": "failed", "P": "pending"},
    success_codes=frozenset({"", "0000", "4000"}),
    reasons=GATEWAY
    | {
        "户名不符": "NAME_MISMATCH",
        "账号户名不符": "NAME_MISMATCH",
        "账户状态不正常": "FROZEN",
        "账户已销户": "ACCOUNT_CLOSED",
        "无此账户": "ACCOUNT_INVALID",
        "超限额": "LIMIT",
    },
)

UBP1 = Format(
    code="ubp1",
    title=_("Union payout file 1 (UTF-8, with checksum)"),
    file_name="{batch}.ubp1.txt",
    request=Layout(
        encoding="utf-8",
        separator="|",
        line_end="\n",
        amount_unit="fen",
        header=("=H", "batch", "payer_account", "count", "total", "date"),
        detail=("=D", "seq", "reference", "account", "name", "bank", "amount", "purpose"),
        trailer=("=T", "count", "total", "sha256"),
    ),
    result=Layout(
        encoding="utf-8",
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
    outcomes={"S": "paid", "E": "failed", "P": "pending"},
    success_codes=frozenset({"", "0000", "4000"}),
    reasons=GATEWAY,
)

FORMATS: dict[str, Format] = {known.code: known for known in (PIPE_GBK, UBP1)}
