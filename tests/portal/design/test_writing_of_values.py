"""How amounts, dates, shares and states are written."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation
from djmoney.money import Money

from portal.design.dates import cn_date, cn_datetime, cn_month, cn_months
from portal.design.icons import ICONS
from portal.design.status import STATUSES, TONES
from portal.design.templatetags.puhui import figure, money, percent, whole


def render(source: str, **context: object) -> str:
    return Template("{% load puhui %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Money("1234.5", "CNY"), "¥1,234.50"),
        (Decimal("0.005"), "¥0.01"),
        (Decimal("-30"), "−¥30.00"),
        (Decimal("-0.00"), "¥0.00"),
        (1000000, "¥1,000,000.00"),
        ("24", "¥24.00"),
        (None, "—"),
    ],
)
def test_an_amount_has_two_decimals_and_a_red_letter_amount_its_minus_first(
    value: object, written: str
) -> None:
    assert money(value) == written


def test_a_float_is_refused_because_it_is_no_amount() -> None:
    with pytest.raises(TypeError, match="not float"):
        money(1.5)


def test_a_figure_in_a_column_leaves_the_sign_of_the_currency_to_the_head() -> None:
    assert figure(Decimal("-1234.5")) == "−1,234.50"


def test_a_large_amount_is_one_number_for_machines() -> None:
    html = render('{% amount value "xl" %}', value=Money("1234.50", "CNY"))
    assert html == (
        '<data class="amount amount-xl" value="1234.50"><span class="amount-sign">¥</span>1,234'
        '<span class="amount-fen">.50</span></data>'
    )


def test_a_day_is_written_in_the_language_of_the_page() -> None:
    day = dt.date(2026, 11, 3)
    with translation.override("zh-hans"):
        assert (cn_date(day), cn_month(day)) == ("2026年11月3日", "2026年11月")
        assert cn_months(202611, 202611) == "2026年11月"
    with translation.override("en"):
        assert (cn_date(day), cn_month(day)) == ("3 November 2026", "November 2026")
        assert cn_months(202611, 202702) == "November 2026 – February 2027"


def test_a_mobile_number_is_written_as_people_say_it() -> None:
    assert render("{{ number|phone }}", number="+8613800138000") == "138 0013 8000"
    assert render("{{ number|phone }}", number="+447700900123") == "+447700900123"


def test_a_moment_is_told_in_shanghai_time_even_past_midnight() -> None:
    moment = dt.datetime(2026, 11, 22, 17, 30, tzinfo=dt.UTC)
    with translation.override("zh-hans"):
        assert cn_date(moment) == "2026年11月23日"
        assert cn_datetime(moment) == "2026年11月23日 01:30"


@pytest.mark.parametrize(
    ("share", "written"),
    [
        (Decimal("0.6"), "60%"),
        (Decimal("0.125"), "12.5%"),
        (1, "100%"),
        (Decimal("-0.05"), "−5%"),
        (None, "—"),
    ],
)
def test_a_share_of_one_is_written_as_per_cent(share: Decimal | int | None, written: str) -> None:
    assert percent(share) == written


def test_a_count_has_thousands_marks() -> None:
    assert whole(10000) == "10,000"


@pytest.mark.parametrize("code", sorted(STATUSES))
def test_every_state_shows_an_icon_and_a_word_beside_its_colour(code: str) -> None:
    look = STATUSES[code]
    assert look.tone in TONES
    html = render("{% status_badge code %}", code=code)
    assert ICONS[look.icon] in html
    assert f"<span>{look.word}</span>" in html


def test_an_unknown_state_shows_its_own_word_in_plain() -> None:
    html = render('{% status_badge "odd" word %}', word="<b>")
    assert html.startswith('<span class="badge badge-plain">')
    assert html.endswith("<span>&lt;b&gt;</span></span>")


def test_an_icon_that_does_not_exist_is_a_mistake_of_the_page() -> None:
    with pytest.raises(TemplateSyntaxError, match="no icon named 'unicorn'"):
        render('{% icon "unicorn" %}')


def test_an_icon_is_silent_unless_it_has_a_label() -> None:
    assert 'aria-hidden="true"' in render('{% icon "coin" %}')
    assert 'role="img" aria-label="Paid"' in render('{% icon "coin" label="Paid" %}')


def test_what_stands_in_a_card_is_kept_and_its_title_is_escaped() -> None:
    html = render('{% card title=title kind="good" %}<p>{{ body }}</p>{% endcard %}', title="<i>", body="<u>")
    assert '<section class="card card-good">' in html
    assert "&lt;i&gt;" in html
    assert "<p>&lt;u&gt;</p>" in html
