"""Capital amounts against the published examples, and read back by a parser that shares nothing with the writer."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from djmoney.money import Money
from hypothesis import given
from hypothesis import strategies as st

from ledger.receipts.amounts import capital, figures
from ledger.receipts.errors import AmountNotPrintable

OURS = Path(__file__).with_name("capital_vectors.csv")
SHARED = Path(__file__).parents[4] / "shared" / "domain" / "rmb_capital_vectors.csv"


def _vectors(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _read(text: str) -> int:
    """Fen meant by a capital amount: splits at the group units, adds digit times place, ignores 零."""
    text = text.removeprefix("人民币")
    sign = -1 if text.startswith("（负数）") else 1
    text = text.removeprefix("（负数）").removesuffix("整").removesuffix("正")
    yuan, _, cents = text.rpartition("元")
    digit = {c: n for n, c in enumerate("零壹贰叁肆伍陆柒捌玖")}

    def group(part: str) -> int:
        value, last = 0, 0
        for c in part:
            if c in digit:
                last = digit[c]
            else:
                value += last * {"拾": 10, "佰": 100, "仟": 1000}[c]
                last = 0
        return value + last

    def below_yi(part: str) -> int:
        high, found, low = part.rpartition("万")
        return group(high) * 10_000 + group(low) if found else group(low)

    high, _, low = yuan.rpartition("亿")
    fen = (below_yi(high) * 10**8 + below_yi(low)) * 100
    jiao, found, rest = cents.partition("角")
    if found:
        fen += digit[jiao[-1]] * 10
    else:
        rest = cents
    if rest.endswith("分"):
        fen += digit[rest[-2]]
    return sign * fen


def _yuan(fen: int) -> Money:
    return Money(Decimal(fen) / 100, "CNY")


@pytest.mark.parametrize("row", _vectors(OURS), ids=lambda row: row["yuan"])
def test_every_published_amount_is_written_in_the_house_form(row: dict[str, str]) -> None:
    assert capital(_yuan(int(row["fen"]))) == row["canonical"]


@pytest.mark.parametrize("row", [r for r in _vectors(OURS) if r["also_accept"]], ids=lambda row: row["yuan"])
def test_the_reader_used_below_also_reads_the_other_lawful_forms(row: dict[str, str]) -> None:
    assert _read(row["also_accept"]) == int(row["fen"])


def test_our_vectors_are_those_of_the_dossier() -> None:
    if not SHARED.exists():
        pytest.skip("the dossier is not beside this checkout")
    assert _vectors(OURS) == _vectors(SHARED)


@given(st.integers(min_value=-(10**18) + 1, max_value=10**18 - 1))
def test_a_written_amount_reads_back_as_itself(fen: int) -> None:
    assert _read(capital(_yuan(fen))) == fen


@given(st.integers(min_value=1, max_value=10**18 - 1))
def test_a_written_amount_keeps_the_rules_of_form(fen: int) -> None:
    text = capital(_yuan(fen))
    assert text.startswith("人民币")
    assert "零零" not in text
    assert text.endswith("分") == (fen % 10 != 0)
    assert text.endswith(("元整", "角整")) == (fen % 10 == 0)
    assert not text.removeprefix("人民币").startswith(("零", "拾", "佰", "仟", "万", "亿"))


@given(st.integers(min_value=1, max_value=10**16), st.integers(min_value=1, max_value=10**16))
def test_different_amounts_are_written_differently(one: int, other: int) -> None:
    assert (capital(_yuan(one)) == capital(_yuan(other))) == (one == other)


@pytest.mark.parametrize(
    ("amount", "written"),
    [("24", "¥24.00"), ("1234567.5", "¥1,234,567.50"), ("0.05", "¥0.05"), ("-150", "-¥150.00")],
)
def test_figures_have_the_sign_without_a_gap_and_two_decimals(amount: str, written: str) -> None:
    assert figures(Money(amount, "CNY")) == written


@pytest.mark.parametrize("amount", [Money("0.001", "CNY"), Money("1", "USD"), Money(10**16, "CNY")])
def test_what_no_receipt_can_say_is_refused(amount: Money) -> None:
    with pytest.raises(AmountNotPrintable):
        capital(amount)
