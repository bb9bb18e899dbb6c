"""Vouchers that a book writes again and again (常用凭证): kept under a name, renamed, deleted."""

from __future__ import annotations

from dataclasses import asdict

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext as _

from . import acts
from .errors import TemplateNameTaken
from .manual import lines_of
from .models import Book, Voucher, VoucherTemplate


@transaction.atomic
def save(
    *, voucher: Voucher, name: str, saved_by: AbstractBaseUser, replaces: bool = False
) -> VoucherTemplate:
    """Keep the lines of a voucher under a name. Raises TemplateNameTaken unless the caller means to replace it."""
    Book.objects.select_for_update(no_key=True).get(pk=voucher.book_id)
    if not replaces:
        _require_free(voucher.book, name)
    kept = [asdict(line) | {"amount": str(line.amount)} for line in lines_of(voucher)]
    template, _created = VoucherTemplate.objects.update_or_create(
        book=voucher.book,
        name=name,
        defaults={"summary": voucher.summary, "lines": kept, "saved_by_id": saved_by.pk},
    )
    _record("voucher_template.saved", template, saved_by)
    return template


@transaction.atomic
def rename(*, template: VoucherTemplate, name: str, renamed_by: AbstractBaseUser) -> VoucherTemplate:
    """Give a template another name. Raises TemplateNameTaken."""
    Book.objects.select_for_update(no_key=True).get(pk=template.book_id)
    before, template.name = template.name, name
    if before != name:
        _require_free(template.book, name)
        template.save(update_fields=["name"])
        _record("voucher_template.renamed", template, renamed_by, before=before)
    return template


@transaction.atomic
def delete(*, template: VoucherTemplate, deleted_by: AbstractBaseUser) -> None:
    """Forget a template; vouchers written from it stay."""
    _record("voucher_template.deleted", template, deleted_by)
    template.delete()


def _require_free(book: Book, name: str) -> None:
    if book.templates.filter(name=name).exists():
        raise TemplateNameTaken(_("There is a template “%(name)s” already.") % {"name": name})


def _record(action: str, template: VoucherTemplate, actor: AbstractBaseUser, **details: str) -> None:
    acts.record(
        actor=actor,
        action=action,
        target=template.book,
        union=template.book.union,
        template=template.name,
        summary=template.summary,
        **details,
    )
