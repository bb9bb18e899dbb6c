"""Amounts in Chinese capitals (大写金额), after 支付结算办法 附件一 and 会计基础工作规范 第五十二条."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _
from djmoney.money import Money

from .errors import AmountNotPrintable

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_FEN_PER_YUAN = 100
_LIMIT_IN_YUAN = 10**16


def fen(amount: Money) -> int:
    """The amount in fen; raises AmountNotPrintable for another currency or a part of a fen."""
    if str(amount.currency) != "CNY":
        raise AmountNotPrintable(_("Receipts are written in yuan."))
    in_fen = Decimal(amount.amount) * _FEN_PER_YUAN
    if in_fen != in_fen.to_integral_value():
        raise AmountNotPrintable(_("An amount has at most two decimals."))
    return int(in_fen)


def capital(amount: Money) -> str:
    """人民币贰拾肆元整: 整 after 元 and after 角, one 零 for each run of zeros inside, （负数） for red letters."""
    in_fen = fen(amount)
    yuan, rest = divmod(abs(in_fen), _FEN_PER_YUAN)
    if yuan >= _LIMIT_IN_YUAN:
        raise AmountNotPrintable(_("The amount is too large for a receipt."))
    jiao, last = divmod(rest, 10)
    text = "人民币（负数）" if in_fen < 0 else "人民币"
    if yuan or not rest:
        text += _whole_yuan(yuan) + "元"
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif yuan and last:
        text += "零"
    return text + (_DIGITS[last] + "分" if last else "整")


def figures(amount: Money) -> str:
    """¥24.00: no space after the sign, always two decimals (会计基础工作规范 第五十二条)."""
    in_fen = fen(amount)
    return f"{'-' if in_fen < 0 else ''}¥{Decimal(abs(in_fen)) / _FEN_PER_YUAN:,.2f}"


def _whole_yuan(yuan: int) -> str:
    """The integer part without 元; 万 closes the second and fourth group of four digits, 亿 the third and fourth."""
    if yuan == 0:
        return _DIGITS[0]
    text, zeros_waiting, group_has_digits = "", False, False
    digits = str(yuan)
    for place, digit in zip(range(len(digits) - 1, -1, -1), map(int, digits), strict=True):
        if digit:
            text += (_DIGITS[0] if zeros_waiting else "") + _DIGITS[digit] + _PLACES[place % 4]
            group_has_digits = True
        zeros_waiting = digit == 0
        if place % 4 == 0:
            if place == 8:
                text += "亿"
            elif place in (4, 12) and group_has_digits:
                text += "万"
            group_has_digits = False
    return text
