"""The portal's own line icons: 24 units square, one stroke width, drawn for this product."""

from __future__ import annotations

from typing import Final

# Each value is the inside of an <svg viewBox="0 0 24 24">; strokes and joins come from the .icon class.
ICONS: Final[dict[str, str]] = {
    "home": '<path d="M4 11.2 12 4.5l8 6.7V19a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1z"/><path d="M9.5 20v-5.5h5V20"/>',
    "gift": '<path d="M4.5 11.5h15V19a1 1 0 0 1-1 1h-13a1 1 0 0 1-1-1z"/>'
    '<path d="M3.5 8h17v3.5h-17zM12 8v12"/>'
    '<path d="M12 8S10.8 4 8.6 4a1.9 1.9 0 0 0-1.8 2c0 1.3 1.6 2 5.2 2zm0 0s1.2-4 '
    '3.4-4a1.9 1.9 0 0 1 1.8 2c0 1.3-1.6 2-5.2 2z"/>',
    "coin": '<circle cx="12" cy="12" r="8.5"/><path d="M9.5 9.5h5v5h-5z"/>',
    "receipt": '<path d="M6 3.5h12V20.5l-2.4-1.5-2.4 1.5-2.4-1.5-2.4 1.5L6 19z"/>'
    '<path d="M9 8.5h6M9 12.5h6"/>',
    "wallet": '<path d="M4 7.5A2 2 0 0 1 6 5.5h11v3"/>'
    '<path d="M4 7.5v10a2 2 0 0 0 2 2h13a1 1 0 0 0 1-1v-9a1 1 0 0 0-1-1H5.2A1.1 1.1 0 0 1 4 7.5z"/>'
    '<path d="M16 13.5h1"/>',
    "document": '<path d="M6.5 3.5h7.5l4 4v13h-11.5z"/><path d="M14 3.5v4h4M9.5 12h5.5M9.5 16h5.5"/>',
    "book": '<path d="M12 6.5c-2-1.5-4.5-2-8-2v13c3.5 0 6 .5 8 2 2-1.5 4.5-2 8-2v-13c-3.5 '
    '0-6 .5-8 2zM12 6.5v13"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.8-4 3.7-6 7.5-6s6.7 2 7.5 6"/>',
    "people": '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 19.5c.6-3.6 3-5.3 6.5-5.3s5.9 1.7 6.5 5.3"/>'
    '<path d="M15.5 5.3a3.5 3.5 0 0 1 0 6.4M17.5 14.6c2.2.6 3.6 2.3 4 4.9"/>',
    "umbrella": '<path d="M3.5 12.5a8.5 8.5 0 0 1 17 0z"/><path d="M12 4V2.5M12 12.5v6a2 2 0 0 0 4 0"/>',
    "bank": '<path d="m3.5 9.5 8.5-5.5 8.5 5.5zM4.5 20h15M6.5 9.5V17M10.2 9.5V17M13.8 9.5V17M17.5 9.5V17"/>',
    "ledger": '<path d="M5 4.5h14v15H5zM9 4.5v15M12 9h4.5M12 13h4.5"/>',
    "scale": '<path d="M12 4v16M8 20h8M5 7h14M5 7l-2.5 6.5h5zM19 7l-2.5 6.5h5z"/>',
    "calendar": '<path d="M4.5 6h15v14h-15zM4.5 10.5h15M8.5 3.5V8M15.5 3.5V8"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "check-circle": '<circle cx="12" cy="12" r="8.5"/><path d="m8.2 12.3 2.7 2.7 5-5.2"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>',
    "cross": '<path d="m6.5 6.5 11 11M17.5 6.5l-11 11"/>',
    "cross-circle": '<circle cx="12" cy="12" r="8.5"/><path d="m9 9 6 6M15 9l-6 6"/>',
    "warning": '<path d="M12 4 2.8 19.5h18.4z"/><path d="M12 10v4.5M12 17v.1"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11.5V16M12 8v.1"/>',
    "pause": '<circle cx="12" cy="12" r="8.5"/><path d="M10 9v6M14 9v6"/>',
    "return": '<path d="M8.5 5 4.5 9l4 4"/><path d="M4.5 9H15a4.5 4.5 0 0 1 0 9.5H9"/>',
    "lock": '<path d="M5.5 10.5h13v9.5h-13zM8.5 10.5V7.5a3.5 3.5 0 0 1 7 0v3M12 14v2.5"/>',
    "shield": '<path d="M12 3.5 5 6v5.5c0 4.3 2.8 7.3 7 9 4.2-1.7 7-4.7 7-9V6z"/>'
    '<path d="m9 12 2.2 2.2L15 10.3"/>',
    "qr": '<path d="M4.5 4.5H10V10H4.5zM14 4.5h5.5V10H14zM4.5 14H10v5.5H4.5zM14 '
    '14h2v2h-2zM19.5 14v2M14 19.5h2M18.5 18.5h1v1h-1z"/>',
    "card": '<path d="M3.5 6h17v12.5h-17zM3.5 10h17M7 14.5h4"/>',
    "phone": '<path d="M5 4.5h4l1.5 4.5L8 11c1 2 3 4 5 5l2-2.5 4.5 1.5v4c-8 .8-15.3-6.5-14.5-14.5z"/>',
    "train": '<path d="M6.5 4h11A1.5 1.5 0 0 1 19 5.5V15a2 2 0 0 1-2 2H7a2 2 0 0 '
    '1-2-2V5.5A1.5 1.5 0 0 1 6.5 4zM5 10.5h14"/>'
    '<path d="m8 17-2 3.5M16 17l2 3.5M8.5 13.8v.1M15.5 13.8v.1"/>',
    "heart": '<path d="M12 20S4 15.2 4 9.6A4.1 4.1 0 0 1 12 8a4.1 4.1 0 0 1 8 1.6C20 15.2 12 20 12 20z"/>',
    "pin": '<path d="M12 21s-6.5-6-6.5-11a6.5 6.5 0 0 1 13 0c0 5-6.5 11-6.5 11z"/>'
    '<circle cx="12" cy="10" r="2.3"/>',
    "download": '<path d="M12 4v10.5M7.5 10.5 12 15l4.5-4.5M4.5 19.5h15"/>',
    "upload": '<path d="M12 15V4.5M7.5 8.5 12 4l4.5 4.5M4.5 19.5h15"/>',
    "print": '<path d="M7 8V3.5h10V8M7 16.5H4V8h16v8.5h-3M7 14h10v6.5H7z"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "edit": '<path d="m5 19 .8-4L16 4.8l3.2 3.2L9 18.2zM14 7l3 3"/>',
    "filter": '<path d="M4 5.5h16L14 12.5V19l-4-2v-4.5z"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "arrow-right": '<path d="M4.5 12h15M13.5 6l6 6-6 6"/>',
    "arrow-left": '<path d="M19.5 12h-15M10.5 6l-6 6 6 6"/>',
    "chevron-right": '<path d="m9 5.5 6.5 6.5L9 18.5"/>',
    "chevron-down": '<path d="m5.5 9 6.5 6.5L18.5 9"/>',
    "external": '<path d="M13.5 4.5h6v6M19.5 4.5 11 13M17 14v5.5H4.5V7H10"/>',
    "inbox": '<path d="M4 13.5 6.5 5h11l2.5 8.5V19H4z"/><path d="M4 13.5h4.5l1.3 2.5h4.4l1.3-2.5H20"/>',
    "type": '<path d="M3 19 8.5 5 14 19M5 14.5h7M14.5 19l3.2-8 3.3 8M15.7 16.3h4"/>',
    "moon": '<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>',
    "sun": '<circle cx="12" cy="12" r="4"/>'
    '<path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4"/>',
    "globe": '<circle cx="12" cy="12" r="8.5"/>'
    '<path d="M3.5 12h17M12 3.5c5 5 5 12 0 17M12 3.5c-5 5-5 12 0 17"/>',
    "sign-out": '<path d="M10 4.5H5v15h5M10 12h10.5M16.5 8l4 4-4 4"/>',
}
