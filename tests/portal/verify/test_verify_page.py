"""The public page behind the QR code, in both languages and without an account."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ledger.receipts.models import Receipt
from portal.unions.models import Union
from tests.ledger.receipts.conftest import issue_to, make_union


@pytest.fixture
def receipt(db: None) -> Receipt:
    return issue_to(make_union())


def _ask(client: Client, receipt: Receipt, **changes: str) -> Any:
    asked = {"code": receipt.series.code, "number": receipt.number, "check": receipt.check_code}
    return client.get("/verify/", asked | changes)


def _text(response: Any) -> str:
    return response.content.decode()


@pytest.mark.django_db
def test_the_empty_form_asks_for_three_values_and_complains_about_none(client: Client) -> None:
    response = client.get("/verify/")
    page = _text(response)
    assert response.status_code == 200
    assert [f'name="{name}"' in page for name in ("code", "number", "check")] == [True] * 3
    assert "error" not in page


def test_the_address_of_the_qr_code_answers_at_once(client: Client, receipt: Receipt) -> None:
    response = client.get(receipt.get_verify_url())
    page = _text(response)
    assert response.status_code == 200
    for said in (
        "示例社区工会联合会",
        "2026年3月2日",
        "王**",
        "26000001",
        "0000000001",
        "2026年3月 – 2027年2月",
    ):
        assert said in page, said
    assert "王小明" not in page
    assert receipt.payer_reference not in page


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/verify/", "/verify/?code=26000001&number=1&check=222222"])
def test_search_engines_and_caches_keep_nothing(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in response.headers["Cache-Control"]
    assert '<meta name="robots" content="noindex, nofollow">' in _text(response)


def test_a_wrong_check_code_and_no_such_receipt_give_the_same_page(client: Client, receipt: Receipt) -> None:
    wrong = "222222" if receipt.check_code != "222222" else "333333"
    pages = []
    for changes in ({"check": wrong}, {"number": "0000000099", "check": wrong}):
        page = _text(_ask(client, receipt, **changes))
        page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page)
        pages.append(page.replace("0000000099", "0000000001"))
    assert pages[0] == pages[1]


@pytest.mark.parametrize(
    ("status", "english"),
    [("void", "This receipt is void"), ("reversed", "This receipt has been reversed")],
)
def test_a_receipt_that_no_longer_holds_says_so_first(
    client: Client, receipt: Receipt, status: str, english: str
) -> None:
    receipt.status, receipt.status_reason, receipt.status_changed_at = status, "录入错误", timezone.now()
    receipt.save()
    client.cookies["django_language"] = "en"
    page = _text(_ask(client, receipt))
    assert f"<h1>{english}</h1>" in page
    assert "录入错误" not in page


def test_the_page_speaks_english_by_choice(client: Client, receipt: Receipt) -> None:
    client.cookies["django_language"] = "en"
    page = _text(_ask(client, receipt))
    assert '<html lang="en"' in page
    assert "<h1>This receipt is genuine and valid</h1>" in page
    assert "1 time, this one included" in page
    assert "2 times, this one included" in _text(_ask(client, receipt))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"code": "123", "number": "1", "check": "ABCDEF"}, "A receipt code has 8 digits."),
        ({"code": "26000001", "number": "x", "check": "ABCDEF"}, "A receipt number has up to 10 digits."),
        ({"code": "26000001", "number": "1", "check": "ABC"}, "A check code has 6 letters and digits."),
        ({"code": "26000001"}, "This field is required."),
    ],
)
def test_typing_errors_are_told_at_their_field(client: Client, typed: dict[str, str], complaint: str) -> None:
    client.cookies["django_language"] = "en"
    assert complaint in _text(client.get("/verify/", typed))


def test_guessing_is_stopped_with_429(client: Client, receipt: Receipt) -> None:
    wrong = "222222" if receipt.check_code != "222222" else "333333"
    statuses = [_ask(client, receipt, check=wrong).status_code for _ in range(21)]
    assert statuses == [200] * 20 + [429]
    assert _ask(client, receipt).status_code == 429


def test_neighbours_in_one_ipv6_network_share_their_tries(client: Client, receipt: Receipt) -> None:
    for host in range(20):
        client.get(
            "/verify/",
            {"code": "26000001", "number": "1", "check": "222222"},
            REMOTE_ADDR=f"2001:db8::{host:x}",
        )
    asked = {"code": receipt.series.code, "number": receipt.number, "check": receipt.check_code}
    assert client.get("/verify/", asked, REMOTE_ADDR="2001:db8::ffff").status_code == 429
    assert client.get("/verify/", asked, REMOTE_ADDR="2001:db8:0:1::1").status_code == 200


def test_a_forged_forwarding_header_does_not_make_a_new_address(client: Client, receipt: Receipt) -> None:
    for host in range(20):
        headers = {"X-Forwarded-For": f"198.51.100.{host}"}
        client.get("/verify/", {"code": "26000001", "number": "1", "check": "222222"}, headers=headers)
    assert _ask(client, receipt).status_code == 429


@pytest.mark.django_db
def test_only_reading_is_possible(client: Client) -> None:
    assert client.post("/verify/").status_code == 405


def test_the_verify_address_is_that_of_the_interfaces(receipt: Receipt) -> None:
    expected = f"/verify/?code=26000001&number=0000000001&check={receipt.check_code}"
    assert receipt.get_verify_url() == expected
    assert isinstance(receipt.union, Union)
