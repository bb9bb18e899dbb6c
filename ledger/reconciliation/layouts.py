"""What banks call the columns of a statement: data, never code. A bank with another word needs a word here, no parser.

借方 and 贷方 are the bank's: its debit is money out of our account. Header words are compared without spaces, without
anything in brackets and in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "date": ("交易日期", "记账日期", "入账日期", "交易时间", "日期", "bookingdate", "date"),
    "reference": ("流水号", "交易流水号", "核心流水号", "银行流水号", "交易参考号", "reference"),
    "summary": ("摘要", "交易摘要", "用途", "附言", "备注", "summary", "description"),
    "debit": ("借方发生额", "借方金额", "借方", "支出金额", "支出", "debit"),
    "credit": ("贷方发生额", "贷方金额", "贷方", "收入金额", "收入", "credit"),
    "amount": ("交易金额", "发生额", "金额", "amount"),
    "mark": ("借贷标志", "借贷", "收支标志", "收支"),
    "balance": ("余额", "账户余额", "交易后余额", "本次余额", "balance"),
    "counterparty": ("对方户名", "对方名称", "对方账户名称", "交易对手", "counterparty"),
    "counterparty_account": ("对方账号", "对方账户", "对手账号", "counterpartyaccount"),
    "account": ("账号", "本方账号", "交易账号", "account"),
    "currency": ("币种", "货币", "currency"),
}
# Words in the lines above the table, each followed by its value.
FACTS: Mapping[str, tuple[str, ...]] = {
    "account": COLUMNS["account"],
    "currency": COLUMNS["currency"],
    "opening": ("期初余额", "上期余额", "承前余额", "openingbalance"),
    "closing": ("期末余额", "本期余额", "closingbalance"),
}
OUT = frozenset({"借", "支", "支出", "D", "DR", "DEBIT"})
IN = frozenset({"贷", "收", "收入", "C", "CR", "CREDIT"})
TOTALS = ("合计", "总计")  # of the whole file; checked against its lines
CURRENCIES = frozenset({"CNY", "RMB", "人民币", "人民币元", "156", "01"})
ENCODINGS = ("utf-8-sig", "gb18030")  # GB18030 includes GBK and GB2312
SEPARATORS = (",", "\t", ";", "|")
