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


class MalformedMessage(DuesError):
    """A signed message that has not the shape of the platform's messages; it is not kept."""

    code = "malformed_message"


class NotOurs(DuesError):
    """A message about an account or a checkout that is not ours; it is kept, and nothing follows."""

    code = "not_ours"


class RequestUsed(DuesError):
    """The form was sent before, and what it did then is not what it asks for now."""

    code = "request_used"


class CannotTakeBack(DuesError):
    code = "cannot_take_back"
