"""What commands say to an operator who gave them something they cannot use: one sentence and exit 2."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.conftest import Federation


def refusal(*arguments: str) -> str:
    """The message on stderr of a command that must end with 2."""
    errors = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command(*arguments, stdout=StringIO(), stderr=errors)
    assert stopped.value.code == 2
    return errors.getvalue().strip()


def test_a_payout_that_is_not_there(db: None) -> None:
    assert refusal("payout_import", "NOPE", __file__) == "There is no payout NOPE."


def test_books_are_not_written_where_nothing_can_be_written(federation: Federation, tmp_path: Path) -> None:
    asked = ("ledger_export", "--all", "--format", "csv", "--output")
    assert refusal(*asked, str(tmp_path)) == f"{tmp_path} is a folder, not a file."
    missing = tmp_path / "no" / "books.csv"
    assert refusal(*asked, str(missing)) == f"There is no file or folder {missing}."


def test_a_statement_that_is_not_there(federation: Federation, tmp_path: Path) -> None:
    missing = tmp_path / "none.csv"
    account = federation.banks["TJ"].code
    said = refusal("statement_import", str(missing), "--bank-account", account)
    assert said == f"There is no file or folder {missing}."


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--contenders", "0", "--workers", "1"), "--contenders, --workers and --places must be at least 1."),
        (("--contenders", "1", "--workers", "1", "--campaign", "NOPE"), "There is no campaign “NOPE”."),
    ],
)
def test_a_race_that_cannot_begin(db: None, arguments: tuple[str, ...], said: str) -> None:
    assert refusal("claims_race", *arguments) == said
