"""What happens to files between a bank and an office: bytes lost and changed, lines dropped, doubled and swapped."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_TRAILING = (b"|", b"||", b",", b"\t", b";", b" ", b"\x00", b"\x1a", b"\r", b"\n\n", "　".encode())


def flip_bits(dice: random.Random, content: bytes) -> bytes:
    damaged = bytearray(content)
    for _ in range(dice.randint(1, 8)):
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def replace_bytes(dice: random.Random, content: bytes) -> bytes:
    """Digits and letters for one another most of the time: what comes out is more often still a file."""
    damaged = bytearray(content)
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(damaged))
        damaged[place] = dice.choice(b'0123456789SEPR|,."<>') if dice.random() < 0.8 else dice.randrange(256)
    return bytes(damaged)


def truncate(dice: random.Random, content: bytes) -> bytes:
    return content[: dice.randrange(len(content))]


def lose_a_piece(dice: random.Random, content: bytes) -> bytes:
    start = dice.randrange(len(content))
    return content[:start] + content[start + dice.randint(1, 40) :]


def repeat_a_piece(dice: random.Random, content: bytes) -> bytes:
    start = dice.randrange(len(content))
    end = start + dice.randint(1, 60)
    return content[:end] + content[start:end] + content[end:]


def drop_a_line(dice: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    lines.pop(dice.randrange(len(lines)))
    return b"".join(lines)


def double_a_line(dice: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    lines.insert(dice.randrange(len(lines) + 1), dice.choice(lines))
    return b"".join(lines)


def swap_lines(dice: random.Random, content: bytes) -> bytes:
    lines = content.splitlines(keepends=True)
    one, other = dice.randrange(len(lines)), dice.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def put_a_mark_before(dice: random.Random, content: bytes) -> bytes:
    return dice.choice(_BOMS) + content


def trail(dice: random.Random, content: bytes) -> bytes:
    """Separators and blanks at the ends of some lines."""
    lines = content.split(b"\n")
    for _ in range(dice.randint(1, len(lines))):
        lines[dice.randrange(len(lines))] += dice.choice(_TRAILING)
    return b"\n".join(lines)


def write_otherwise(dice: random.Random, content: bytes) -> bytes:
    """The same text in another encoding."""
    was, now = dice.sample(["gbk", "gb18030", "utf-8", "utf-16", "big5", "latin-1"], 2)
    return content.decode(was, errors="replace").encode(now, errors="replace")


def inside_the_zip(dice: random.Random, content: bytes) -> bytes:
    """Damage in a part of an xlsx file, packed again so that the archive is whole."""
    try:
        was = zipfile.ZipFile(io.BytesIO(content))
        is_whole = was.testzip() is None
    except Exception:  # damaged before: whatever the module stumbles over
        is_whole = False
    if not is_whole:
        return flip_bits(dice, content)
    chosen = dice.choice(
        [n for n in was.namelist() if "sheet1" in n or "sharedStrings" in n or "workbook.xml" in n]
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in was.namelist():
            part = was.read(name)
            archive.writestr(name, dice.choice(_PLAIN)(dice, part) if name == chosen else part)
    return out.getvalue()


_PLAIN: list[Callable[[random.Random, bytes], bytes]] = [
    flip_bits, replace_bytes, truncate, lose_a_piece, repeat_a_piece, drop_a_line, double_a_line, swap_lines,
    put_a_mark_before, trail, write_otherwise,
]  # fmt: skip
DAMAGE = [*_PLAIN, inside_the_zip]
