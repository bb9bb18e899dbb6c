"""What dues refuse; the message says what to do."""

from __future__ import annotations

from portal.errors import DomainError


class DuesError(DomainError):
    code = "dues_refused"


class NoMembership(DuesError):
    code = "no_membership"


class NothingToPay(DuesError):
    """All months that may be paid in advance are paid."""

    code = "nothing_to_pay"


class TooManyMonths(DuesError):
    code = "too_many_months"


class BelowMinimum(DuesError):
    """The payment platform takes no charge this small."""

    code = "below_minimum"


class NoOnlinePayment(DuesError):
    code = "no_online_payment"


class PlatformUnavailable(DuesError):
    code = "platform_unavailable"


class SignatureRefused(DuesError):
    """The message does not come from the payment platform, or not now."""

    code = "signature_refused"


class PlatformDiffers(DuesError):
    """The payment platform says something else than our records: nothing is posted, a person looks."""

    code = "platform_differs"
