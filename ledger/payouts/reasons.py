"""Why a payment did not arrive: the banks' codes as one list, and what to do next (domain rules on 代发 results)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Retry(StrEnum):
    """When the payment may be sent again; everything but a confirmed failure waits for the bank."""

    AFTER_CORRECTION = "after_correction"
    LATER = "later"
    WHOLE_BATCH = "whole_batch"
    AFTER_QUERY = "after_query"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Reason:
    """A canonical reason; ``gateway`` codes are those of the common Chinese payment gateways."""

    code: str
    name: str | Promise
    advice: str | Promise  # what the member does
    staff_advice: str | Promise
    retry: Retry
    gateway: tuple[str, ...]
    iso: tuple[str, ...]  # first the one that we would send
    words: tuple[str, ...] = ()  # what banks without codes write

    @property
    def is_confirmed_failure(self) -> bool:
        """False where the money may have moved all the same: such a line is unknown, never failed."""
        return self.retry not in {Retry.AFTER_QUERY, Retry.NEVER}


_FINANCE_ACTS = _("You need not do anything. The finance office of your union is dealing with it.")
_NEW_CARD = _("Register another card of your own, then the payment is sent again.")
_TELL_MEMBER = _("Ask the member for the right card, then send again.")

_ALL = (
    Reason(
        "NAME_MISMATCH",
        _("The name does not fit the card"),  # 户名不符
        _("Compare your name with the name on the card and tell us which is right."),
        _("Compare name and card with the member, correct, then send again."),
        Retry.AFTER_CORRECTION,
        ("3031", "3065"),
        ("BE01",),
        ("户名不符", "账号户名不符", "户名错"),
    ),
    Reason(
        "ACCOUNT_INVALID",
        _("There is no such card"),  # 无效卡号
        _NEW_CARD,
        _TELL_MEMBER,
        Retry.AFTER_CORRECTION,
        ("3004", "3009", "3022", "3030"),
        ("AC01", "AC03", "AC02"),
        ("无此账户", "无效卡号", "账号错误", "账号不存在"),
    ),
    Reason(
        "ACCOUNT_CLOSED",
        _("The card has been closed"),  # 已销户
        _NEW_CARD,
        _TELL_MEMBER,
        Retry.AFTER_CORRECTION,
        ("3018", "3039"),
        ("AC04",),
        ("账户已销户", "已清户", "账户已关户", "销户"),
    ),
    Reason(
        "FROZEN",
        _("The card is frozen or locked"),  # 账户冻结
        _("Ask your bank to unlock the card, then tell us."),
        _("Send again when the member has had the card unlocked."),
        Retry.LATER,
        ("3017", "3020", "3057"),
        ("AC06",),
        ("账户状态不正常", "账户已冻结", "临时锁定", "状态错误"),
    ),
    Reason(
        "LOST_OR_EXPIRED",
        _("The card is reported lost or has expired"),  # 已挂失或过期
        _("Have the card replaced and register the new one."),
        _TELL_MEMBER,
        Retry.AFTER_CORRECTION,
        ("3006", "3007", "3010", "3016"),
        ("AC06",),
        ("已挂失", "被窃", "过期卡"),
    ),
    Reason(
        "DORMANT",
        _("The card has been asleep for long"),  # 长期不动户
        _("Wake the card at your bank's counter, then tell us."),
        _("Send again when the member has had the card woken."),
        Retry.AFTER_CORRECTION,
        ("3069",),
        ("AC06",),
        ("长期不动户，请到柜台办理业务", "长期不动户", "睡眠户"),
    ),
    Reason(
        "TYPE_NOT_ALLOWED",
        _("This kind of account takes no such payment"),  # 账户类型不符
        _NEW_CARD,
        _TELL_MEMBER,
        Retry.AFTER_CORRECTION,
        ("3034", "3038", "3041", "3068"),
        ("AG01",),
        ("非活期", "非通兑", "非个人活期结算户"),
    ),
    Reason(
        "LIMIT",
        _("The limit of the card is reached"),  # 超限额
        _("Register a card without such a limit (a class I account)."),
        _("Ask for a class I account, or send again when the limit allows."),
        Retry.AFTER_CORRECTION,
        ("3013", "3055"),
        ("AM02",),
        ("超限额",),
    ),
    Reason(
        "PAYER_NO_FUNDS",
        _("The paying account had not enough money"),  # 付款账户余额不足
        _FINANCE_ACTS,
        _("Put money into the paying account, then send the failed lines again."),
        Retry.WHOLE_BATCH,
        ("3008",),
        ("AM04",),
        ("余额不足",),
    ),
    Reason(
        "AMOUNT_ERROR",
        _("The bank refused the amount"),  # 金额错误
        _FINANCE_ACTS,
        _("Correct the amount, then send again."),
        Retry.AFTER_CORRECTION,
        ("3040", "3014"),
        ("AM12", "AM01"),
        ("金额错误",),
    ),
    Reason(
        "DUPLICATE",
        _("The bank takes it for a second payment"),  # 重复业务
        _FINANCE_ACTS,
        _("Find the first payment. Never send this one again."),
        Retry.NEVER,
        ("3051",),
        ("AM05", "DUPL"),
        ("重复业务",),
    ),
    Reason(
        "NOT_SIGNED",
        _("The payout contract with the bank does not cover it"),  # 未签约
        _FINANCE_ACTS,
        _("Settle the payout contract with the bank, then send again."),
        Retry.WHOLE_BATCH,
        ("3043", "3045", "3046", "3047"),
        ("AG01",),
        ("未签约", "协议无效"),
    ),
    Reason(
        "RETURNED",
        _("The receiving bank sent the money back"),  # 退票
        _("Check the card with your bank or register another one."),
        _TELL_MEMBER,
        Retry.AFTER_CORRECTION,
        ("3056",),
        (),
        ("退票", "退汇"),
    ),
    Reason(
        "UNKNOWN",
        _("The bank is still working on it"),  # 处理中
        _("Please wait. The bank has not decided yet."),
        _("Ask the bank first; send again only after a confirmed failure."),
        Retry.AFTER_QUERY,
        ("3028", "3044", "3059", "3071"),
        ("PDNG", "ACSP"),
        ("系统忙", "超时", "通讯失败", "处理中"),
    ),
    Reason(
        "NO_RESULT",
        _("The bank's result does not mention it"),  # 结果文件未列
        _("Please wait. The bank has not decided yet."),
        _("Ask the bank for the missing lines; a missing line is not a paid one."),
        Retry.AFTER_QUERY,
        (),
        ("PDNG",),
    ),
)

REASONS: dict[str, Reason] = {reason.code: reason for reason in _ALL}
GATEWAY: dict[str, str] = {code: reason.code for reason in _ALL for code in reason.gateway}
WORDS: dict[str, str] = {word: reason.code for reason in _ALL for word in reason.words}
# Where several reasons share a code (AC06, AG01), the one that asks least of the member.
ISO: dict[str, str] = {code: reason.code for reason in reversed(_ALL) for code in reason.iso}


def reason_of(code: str) -> Reason | None:
    """The reason of a line, None for a line that has none."""
    return REASONS.get(code)
