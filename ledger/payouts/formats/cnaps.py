"""Which bank clears a card (联行号, CNAPS): 3 digits bank, 4 city, 4 branch, 1 check digit; here the head offices."""

from __future__ import annotations

# A word of the bank's name → the code under which all of its cards can be paid.
_HEAD_OFFICES = {
    "工商银行": "102100099996",
    "农业银行": "103100000026",
    "中国银行": "104100000004",
    "建设银行": "105100000025",
    "交通银行": "301290000007",
    "中信银行": "302100011000",
    "光大银行": "303100000006",
    "华夏银行": "304100040000",
    "民生银行": "305100000013",
    "广发银行": "306581000003",
    "平安银行": "307584007998",
    "招商银行": "308584000013",
    "兴业银行": "309391000011",
    "浦东发展银行": "310290000013",
    "邮政储蓄银行": "403100000004",
}


def clearing_code(bank: str) -> str:
    """The code of a bank by its name; empty for one that is not listed, whose name must do."""
    return next((code for name, code in _HEAD_OFFICES.items() if name in bank), "")
