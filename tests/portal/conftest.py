"""Payouts in whatever state a page or an endpoint needs."""

from tests.ledger.payouts.conftest import bank, prepared, sent

__all__ = ["bank", "prepared", "sent"]
