"""Files that prove a voucher (原始凭证附件): scans, and electronic vouchers (电子凭证) that may be booked only once."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import PurePath

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from . import acts
from .errors import FileRefused, PostedIsFinal, ledger_refusals
from .locks import lock_documents_of
from .models import Voucher, VoucherFile, VoucherState

LARGEST = 20 * 1024 * 1024
_KINDS = (
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
    (b"<?xml", "application/xml", ".xml"),
    (b"\xef\xbb\xbf<?xml", "application/xml", ".xml"),
)


@transaction.atomic
def attach(*, voucher: Voucher, name: str, content: bytes, added_by: AbstractBaseUser) -> VoucherFile:
    """Add a file to a draft, which then counts one paper more.

    Raises FileRefused for other kinds than PDF, OFD, XML, PNG and JPEG, above 20 MB, and for a file that proves another
    voucher of the book already (财会〔2024〕12号 第二十一条第二项: no document is booked twice); PostedIsFinal.
    """
    locked = _draft(voucher)
    content_type, ending = _kind(content)
    digest = hashlib.sha256(content).digest()
    lock_documents_of(locked.book_id)
    _refuse_second_use(locked, digest)
    stem = PurePath(name.replace("\\", "/")).stem[:100] or "附件"
    kept = VoucherFile(
        voucher=locked,
        name=f"{stem}{ending}",
        content_type=content_type,
        size=len(content),
        sha256=digest,
        added_by_id=added_by.pk,
    )
    kept.file.save(f"{digest.hex()}{ending}", ContentFile(content), save=False)
    with ledger_refusals():
        kept.save()
        Voucher.objects.filter(pk=locked.pk).update(
            attachments=F("attachments") + 1, revision=F("revision") + 1
        )
    acts.record(
        actor=added_by, action="voucher.file_attached", target=locked, union=locked.book.union, file=kept.name
    )
    return kept


@transaction.atomic
def remove(*, file: VoucherFile, removed_by: AbstractBaseUser) -> None:
    """Take a file off a draft again. Raises PostedIsFinal."""
    locked = _draft(file.voucher)
    forget(locked.files.filter(pk=file.pk))
    Voucher.objects.filter(pk=locked.pk, attachments__gt=0).update(
        attachments=F("attachments") - 1, revision=F("revision") + 1
    )
    acts.record(
        actor=removed_by,
        action="voucher.file_removed",
        target=locked,
        union=locked.book.union,
        file=file.name,
    )


def forget(files: QuerySet[VoucherFile]) -> None:
    """Delete files of drafts: the rows now, what is stored when the database transaction has been committed."""
    stored = [file.file for file in files]
    with ledger_refusals():
        files.delete()
    for file in stored:
        transaction.on_commit(partial(file.storage.delete, str(file.name)))


def changed_files(book_ids: Sequence[int]) -> list[str]:
    """Files of posted vouchers that are gone or no longer the bytes that were posted; read piece by piece."""
    found = []
    posted = VoucherFile.objects.filter(voucher__book__in=book_ids, voucher__state=VoucherState.POSTED)
    for file in posted.select_related("voucher__book").iterator(chunk_size=1000):
        try:
            with file.file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").digest()
        except OSError:
            digest = b""
        if digest != bytes(file.sha256):
            found.append(
                f"book {file.voucher.book.code} voucher {file.voucher} of {file.voucher.month}: {file}"
            )
    return found


def _draft(voucher: Voucher) -> Voucher:
    locked = Voucher.objects.select_for_update(no_key=True).get(pk=voucher.pk)
    if locked.state != VoucherState.DRAFT:
        raise PostedIsFinal(_("Posted entries cannot be changed. Correct them with a red-letter entry."))
    return locked


def _kind(content: bytes) -> tuple[str, str]:
    if not content:
        raise FileRefused(_("The file is empty."))
    if len(content) > LARGEST:
        raise FileRefused(_("The file is larger than %(mb)s MB.") % {"mb": LARGEST // 1024 // 1024})
    for start, content_type, ending in _KINDS:
        if content.startswith(start):
            return content_type, ending
    if content.startswith(b"PK") and _is_ofd(content):
        return "application/ofd", ".ofd"
    raise FileRefused(_("Attach a PDF, OFD, XML, PNG or JPEG file."))


def _is_ofd(content: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return "OFD.xml" in archive.namelist()
    except zipfile.BadZipFile:
        return False


def _refuse_second_use(voucher: Voucher, digest: bytes) -> None:
    used = (
        VoucherFile.objects.filter(voucher__book=voucher.book_id, sha256=digest)
        .exclude(voucher__cancelled_by__state=VoucherState.POSTED)
        .select_related("voucher")
        .first()
    )
    if used is None:
        return
    if used.voucher.number is None:
        raise FileRefused(
            _("This file proves the draft “%(summary)s” of %(day)s already.")
            % {"summary": used.voucher.summary, "day": used.voucher.date}
        )
    raise FileRefused(
        _("This file proves voucher %(voucher)s of %(day)s already.")
        % {"voucher": used.voucher, "day": used.voucher.date}
    )
