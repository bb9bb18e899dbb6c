"""Files that a command was told to read or write: what the operating system says, in words for people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from django.utils.translation import gettext as _

from portal.errors import DomainError


class FileTrouble(DomainError):
    code = "file_trouble"


@contextmanager
def file_trouble(path: Path) -> Iterator[None]:
    """Turn what goes wrong with ``path`` inside the block into FileTrouble."""
    try:
        yield
    except FileNotFoundError as error:
        raise FileTrouble(_("There is no file or folder %(path)s.") % {"path": path}) from error
    except IsADirectoryError as error:
        raise FileTrouble(_("%(path)s is a folder, not a file.") % {"path": path}) from error
    except PermissionError as error:
        raise FileTrouble(_("You have no right to use %(path)s.") % {"path": path}) from error
    except OSError as error:
        raise FileTrouble(_("%(path)s cannot be read or written.") % {"path": path}) from error


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file that is there whole or not at all: written beside ``path``, which it replaces at the end.

    Raises FileTrouble.
    """
    if path.is_dir():
        raise FileTrouble(_("%(path)s is a folder, not a file.") % {"path": path})
    part = path.with_name(f"{path.name}.part")
    with file_trouble(path):
        out = part.open("wb")
    try:
        try:
            with out:
                yield out
                out.flush()
                os.fsync(out.fileno())
        except OSError as error:
            raise FileTrouble(
                _("%(path)s cannot be read or written.") % {"path": error.filename or path}
            ) from error
        with file_trouble(path):
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)
