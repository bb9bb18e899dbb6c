"""Vouchers that are prepared from the operator's shell, in the name of somebody who has the duty in that book."""

from __future__ import annotations

from django.utils.translation import gettext as _

from ledger.books.errors import BookRefused
from ledger.books.models import Book
from portal.accounts.models import User
from portal.accounts.permissions import NotAllowed, require
from portal.accounts.roles import Duty


def book_and_preparer(*, code: str, username: str) -> tuple[Book, User]:
    """The book of a code and the person who prepares its vouchers. Raises BookRefused, NotAllowed."""
    book = Book.objects.filter(code=code).select_related("union", "chart").first()
    if book is None:
        raise BookRefused(_("There is no book %(code)s.") % {"code": code})
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotAllowed(_("There is no user %(name)s.") % {"name": username})
    try:
        require(user, Duty.PREPARE_VOUCHER, book.union)
    except NotAllowed as error:
        raise NotAllowed(
            _("%(name)s may not prepare vouchers of book %(book)s.") % {"name": username, "book": code}
        ) from error
    return book, user
