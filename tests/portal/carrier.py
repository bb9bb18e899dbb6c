"""A carrier of text messages that keeps what it is given."""

from __future__ import annotations


class Carrier:
    sent: list[str] = []

    def send(self, *, phone: str, text: str) -> None:
        self.sent.append(phone)
