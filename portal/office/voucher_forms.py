"""What an accountant types for a voucher: a head and its lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from ledger.books.dimensions import economic_classes
from ledger.books.models import Book, FundSource, Nature, Side
from ledger.books.pairing import Line
from ledger.reports.wording import AccountNames

from .amounts import AmountField

MOST_LINES = 200
# What a line folds away until its account asks for it or something is in it.
FOLDED = ("project", "fund_source", "nature", "economic_class", "party")


class VoucherForm(forms.Form):
    """Day, summary and number of papers attached."""

    date = forms.DateField(label=_("Date"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    attachments = forms.IntegerField(
        label=_("Papers attached"), min_value=0, max_value=9_999, initial=0, required=False
    )
    summary = forms.CharField(label=pgettext_lazy("books", "Summary"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["date"].widget.attrs["max"] = timezone.localdate().isoformat()

    def clean_attachments(self) -> int:
        return self.cleaned_data["attachments"] or 0


class TemplateNameForm(forms.Form):
    """The name of a template; ``taken`` is a name that another one has, which may be replaced when that is said."""

    name = forms.CharField(label=_("Name of the template"), max_length=60)
    taken = ""


class SendBackForm(forms.Form):
    """What has to be put right in a draft, and which text of it was read."""

    reason = forms.CharField(
        label=_("What has to be put right?"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )
    read_revision = forms.IntegerField(widget=forms.HiddenInput)


@dataclass(frozen=True, slots=True)
class WritableAccounts:
    """The accounts that may be written by hand, and the economic classes: read and written out once for all lines.

    Nobody is asked for what posting finds by itself: basic or project, and the usual economic class.
    """

    choices: list[tuple[str, str]]
    needs: dict[str, list[str]]
    above: frozenset[str]
    kept: frozenset[str]
    classes: list[tuple[str, str]]
    options: SafeString
    class_options: SafeString

    @classmethod
    def of(cls, book: Book) -> WritableAccounts:
        language = get_language() or ""
        names = AccountNames(book, language)
        everything = list(book.accounts.order_by("code"))
        found = [a for a in everything if a.is_leaf and not a.kept_by]
        choices = [("", ""), *((a.code, f"{a.code} {names.path(a.code)}") for a in found)]
        needs = {
            a.code: [
                name
                for name, is_needed in (
                    ("project", a.needs_project),
                    ("economic_class", a.needs_economic_class and not a.economic_class),
                )
                if is_needed
            ]
            for a in found
        }
        classes = [
            ("", "—"),
            *((c.code, f"{c.code} {c.local_name(language)}") for c in economic_classes().values()),
        ]
        return cls(
            choices=choices,
            needs=needs,
            classes=classes,
            options=_options(choices, needs),
            class_options=_options(classes, {}),
            above=frozenset(a.code for a in everything if not a.is_leaf),
            kept=frozenset(a.code for a in everything if a.is_leaf and a.kept_by),
        )

    def why_none(self, typed: str) -> str:
        """Why what was typed into the search field chose no account."""
        words = unicodedata.normalize("NFKC", typed).lower().split()
        code = words[0] if words else ""
        if code in self.above:
            return gettext("%(code)s has detail accounts. Choose one of them.") % {"code": code}
        if code in self.kept:
            return gettext("%(code)s is kept by dues and payouts and cannot be written by hand.") % {
                "code": code
            }
        if words and any(all(word in label.lower() for word in words) for _code, label in self.choices):
            return gettext("Several accounts match “%(typed)s”. Choose one from the list.") % {"typed": typed}
        return gettext("There is no account “%(typed)s”.") % {"typed": typed}


def _options(choices: Sequence[tuple[str, str]], needs: Mapping[str, Sequence[str]]) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (value, flatatt({"data-needs": " ".join(needs[value])}) if needs.get(value) else "", label)
            for value, label in choices
        ),
    )


class _WrittenOnce(forms.Select):
    """A list whose options are written once for all lines: two hundred lines have forty thousand of them."""

    written = SafeString()

    def render(
        self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None
    ) -> SafeString:
        chosen = f'<option value="{conditional_escape(value or "")}"'
        return format_html(
            "<select{}>{}</select>",
            flatatt(self.build_attrs(self.attrs, {"name": name} | (attrs or {}))),
            mark_safe(self.written.replace(chosen, f"{chosen} selected", 1)),  # noqa: S308 — escaped above
        )


class LineForm(forms.Form):
    """One line: an account and either a debit or a credit amount; red letters are negative."""

    # The list works by itself; the page's script puts a search field before it.
    account = forms.ChoiceField(
        label=pgettext_lazy("books", "Account"), widget=_WrittenOnce(attrs={"data-accounts": True})
    )
    summary = forms.CharField(
        label=_("Summary of the line"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("That of the voucher")}),
    )
    debit = AmountField(label=_("Debit"), required=False)
    credit = AmountField(label=_("Credit"), required=False)
    project = forms.CharField(
        label=_("Project"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "known-projects", "autocomplete": "off"}),
    )
    fund_source = forms.ChoiceField(
        label=_("Money from"), choices=FundSource.choices, initial=FundSource.OWN, required=False
    )
    nature = forms.ChoiceField(
        label=_("Basic or project"), choices=[("", "—"), *Nature.choices], required=False
    )
    economic_class = forms.ChoiceField(
        label=_("Economic class"), choices=list, required=False, widget=_WrittenOnce
    )
    party = forms.CharField(
        label=_("Party"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "known-parties", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, accounts: WritableAccounts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account, economic = self.fields["account"], self.fields["economic_class"]
        assert isinstance(account, forms.ChoiceField)  # noqa: S101 — declared above
        assert isinstance(economic, forms.ChoiceField)  # noqa: S101 — declared above
        self._accounts = accounts
        account.choices = accounts.choices
        account.widget.written = accounts.options
        economic.choices = accounts.classes
        economic.widget.written = accounts.class_options
        # What was typed into the search field and is no account comes back, too.
        self._typed_account = self.data.get(self.add_prefix("account_typed"), "").strip()
        account.widget.attrs["data-typed"] = self._typed_account
        if self._typed_account:
            account.error_messages["required"] = accounts.why_none(self._typed_account)

    def has_changed(self) -> bool:
        return super().has_changed() or bool(self._typed_account)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if "debit" in values and "credit" in values and bool(values["debit"]) == bool(values["credit"]):
            raise forms.ValidationError(_("Enter either a debit or a credit amount."))
        return values

    @property
    def folded(self) -> list[forms.BoundField]:
        return [self[name] for name in FOLDED]

    @property
    def needed(self) -> list[str]:
        """The folded fields that the chosen account asks for."""
        return self._accounts.needs.get(str(self["account"].value() or ""), [])

    @property
    def is_unfolded(self) -> bool:
        usual = ("", None, FundSource.OWN)
        return bool(self.needed) or any(
            field.value() not in usual or (self.is_bound and field.errors) for field in self.folded
        )

    def amount(self, side: str) -> Decimal:
        """What stands in ``debit`` or ``credit`` now, zero if it is no amount."""
        try:
            return self.fields[side].clean(self[side].value()) or Decimal(0)
        except ValidationError:
            return Decimal(0)


class _Lines(forms.BaseFormSet[LineForm]):
    def initial_form_count(self) -> int:
        """A line that came filled in and was emptied does not count any more than one that was never filled."""
        return 0 if self.is_bound else super().initial_form_count()


LineFormSet = forms.formset_factory(
    LineForm, formset=_Lines, extra=4, max_num=MOST_LINES, absolute_max=MOST_LINES
)


@dataclass(frozen=True, slots=True)
class Sums:
    """What the lines come to on each side, in yuan."""

    debit: Decimal
    credit: Decimal

    @property
    def difference(self) -> Decimal:
        return abs(self.debit - self.credit)


def sums_of(rows: forms.BaseFormSet[LineForm]) -> Sums:
    return Sums(*(sum((row.amount(side) for row in rows), Decimal(0)) for side in ("debit", "credit")))


def rows_of(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Lines as the initial values of the form set."""
    names = ("account", "summary", *FOLDED)
    return [
        {name: getattr(line, name) for name in names}
        | {"debit" if line.side == Side.DEBIT else "credit": line.amount}
        for line in lines
    ]


def lines_from(rows: forms.BaseFormSet[LineForm]) -> list[Line]:
    """The lines that were typed; rows left empty do not count."""
    return [
        Line(
            account=values["account"],
            side=Side.DEBIT if values["debit"] else Side.CREDIT,
            amount=Decimal(values["debit"] or values["credit"]),
            summary=values["summary"],
            project=values["project"],
            fund_source=values["fund_source"] or FundSource.OWN,
            nature=values["nature"],
            economic_class=values["economic_class"],
            party=values["party"],
        )
        for values in rows.cleaned_data
        if values
    ]
