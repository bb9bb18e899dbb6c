"""Reading and writing described XML: no document type, no entities, no network, nothing larger than a bank's file."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _
from lxml import etree

from ledger.payouts.errors import FileRefused

from .description import Places, XmlLayout
from .values import Read, Values, decoded, literal

_LARGEST = 200 * 1024 * 1024
# What a bank may say several times of one line, in its order; anything else stands once.
_REPEATED = frozenset({"message", "code", "group_code", "group_message"})
_HEAD = 2_000  # bytes in which the outermost element begins


def write(layout: XmlLayout, head: Values, details: Iterable[Values]) -> bytes:
    """The file's bytes; a place that may be missing is left out where its value is empty."""
    root, inner = _root(layout)
    _fill(layout, inner, layout.head, head)
    if layout.line:
        *above, name = layout.line.split("/")
        parent = _at(layout, inner, above)
        for detail in details:
            _fill(layout, etree.SubElement(parent, _tag(layout, name)), layout.detail, detail)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding=layout.encoding, pretty_print=True)
    return content


def _root(layout: XmlLayout) -> tuple[etree._Element, etree._Element]:
    """The outermost element and the one in which everything stands."""
    first, *rest = layout.root.split("/")
    root = etree.Element(_tag(layout, first), nsmap={None: layout.namespace} if layout.namespace else None)
    return root, _at(layout, root, rest)


def _fill(layout: XmlLayout, parent: etree._Element, places: Places, values: Values) -> None:
    for place, value in places:
        said = literal(value)
        text = values[value] if said is None else said
        path, attribute, condition = _taken_apart(place, value)
        if condition and not values[condition]:
            continue
        element = _at(layout, parent, path.split("/"))
        if attribute:
            element.set(attribute, text)
        else:
            element.text = text


def _taken_apart(place: str, value: str) -> tuple[str, str, str]:
    """Path, attribute, and the value without which the place is left out; of a place that must be there none."""
    path, is_optional, condition = place.partition("?")
    path, _at_sign, attribute = path.partition("@")
    return path, attribute, (condition or value) if is_optional else ""


def _at(layout: XmlLayout, parent: etree._Element, steps: Iterable[str]) -> etree._Element:
    """The element at a path, made where it is not there yet."""
    for step in steps:
        tag = _tag(layout, step)
        last = parent[-1] if len(parent) else None
        found = last if last is not None and last.tag == tag else parent.find(tag)
        parent = etree.SubElement(parent, tag) if found is None else found
    return parent


def _tag(layout: XmlLayout, name: str) -> str:
    return f"{{{layout.namespace}}}{name}" if layout.namespace else name


def is_likely(layout: XmlLayout, content: bytes) -> bool:
    """Whether the head of a file names this kind of document."""
    return layout.namespace.encode() in content[:_HEAD]


def read(layout: XmlLayout, content: bytes) -> Read:
    """Take a file apart; raises FileRefused for what is not this document, or says something twice."""
    root = _parsed(layout, content)
    first, *rest = layout.root.split("/")
    inner = root if root.tag == _tag(layout, first) else None
    if inner is not None and rest:
        inner = inner.find("/".join(_tag(layout, step) for step in rest))
    if inner is None:
        raise FileRefused(_line(root), _("This is not a file of the kind %(root)s.") % {"root": layout.root})
    head = _values(layout, inner, layout.head)
    if not layout.line:
        return Read(head, [])
    lines = inner.iterfind("/".join(_tag(layout, step) for step in layout.line.split("/")))
    return Read(head, [(_line(line), _values(layout, line, layout.detail)) for line in lines])


def _parsed(layout: XmlLayout, content: bytes) -> etree._Element:
    if len(content) > _LARGEST:
        raise FileRefused(0, _("The file is larger than any payout."))
    decoded(layout.encoding, content)  # in the encoding of the format, whatever the document declares
    parser = etree.XMLParser(
        encoding=layout.encoding, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_pis=True, remove_comments=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        number = getattr(error, "lineno", None) or 1
        raise FileRefused(number, _("This is not whole XML: it is cut short or was changed.")) from error
    if root.getroottree().docinfo.doctype or root.getroottree().docinfo.internalDTD is not None:
        raise FileRefused(1, _("A document type is not taken from anybody (it can hide other content)."))
    return root


def _line(element: etree._Element) -> int:
    return int(element.sourceline or 1)


def _values(layout: XmlLayout, parent: etree._Element, places: Places) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, value in places:
        path, attribute, condition = _taken_apart(place, value)
        elements = parent.findall("/".join(_tag(layout, step) for step in path.split("/")))
        texts = [(e.get(attribute) if attribute else _text(e)) or "" for e in elements]
        text = _one(parent, path, value, [text.strip() for text in texts])
        expected = found.get(value) if literal(value) is None else value[1:]
        if text is None:
            if not condition:
                raise FileRefused(_line(parent), _("%(path)s is missing.") % {"path": path})
        elif expected is not None and text != expected:
            raise FileRefused(
                _line(elements[0]),
                _("Has “%(found)s” where “%(expected)s” belongs.")
                % {"found": text[:40], "expected": expected},
            )
        elif literal(value) is None:
            found[value] = text
    return found


def _text(element: etree._Element) -> str:
    if len(element):
        raise FileRefused(_line(element), _("%(path)s has elements inside.") % {"path": _bare(element)})
    return element.text or ""


def _bare(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _one(parent: etree._Element, path: str, value: str, texts: list[str]) -> str | None:
    different = list(dict.fromkeys(texts))
    if value in _REPEATED:
        return " ".join(different) if different else None
    if len(texts) > 1:
        raise FileRefused(_line(parent), _("%(path)s stands here more than once.") % {"path": path})
    return different[0] if different else None
