"""ISO 20022: pain.001.001.09 out; pain.002.001.10 in, and pacs.004.001.09 for what came back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ledger.payouts.reasons import GATEWAY, ISO

from .description import FileOutcome, Format, XmlLayout

_NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
_CONTROL = "".join(chr(n) for n in (*range(32), 127))
_MIDDLE_DOTS = dict.fromkeys("•・‧∙．●⋅", "·")

# ExternalPaymentTransactionStatus1Code; ACSC is final at the paying bank, as a gateway's 4000 is.
_STATUS: dict[str, FileOutcome] = {
    "ACSC": "paid",
    "ACCC": "paid",
    "RJCT": "failed",
    "CANC": "failed",
    "RTRN": "returned",
    "PART": "partly",
    "PDNG": "pending",
    "RCVD": "pending",
    "ACTC": "pending",
    "ACCP": "pending",
    "ACSP": "pending",
    "ACWC": "pending",
    "ACWP": "pending",
    "ACFC": "pending",
    "PATC": "pending",
}

_PAIN_001 = XmlLayout(
    namespace=f"{_NAMESPACE}pain.001.001.09",
    date_format="%Y-%m-%d",
    root="Document/CstmrCdtTrfInitn",
    head=(
        ("GrpHdr/MsgId", "batch"),
        ("GrpHdr/CreDtTm", "created"),
        ("GrpHdr/NbOfTxs", "count"),
        ("GrpHdr/CtrlSum", "total"),
        ("GrpHdr/InitgPty/Nm", "payer_name"),
        ("PmtInf/PmtInfId", "batch"),
        ("PmtInf/PmtMtd", "=TRF"),
        ("PmtInf/BtchBookg", "=true"),
        ("PmtInf/NbOfTxs", "count"),
        ("PmtInf/CtrlSum", "total"),
        ("PmtInf/PmtTpInf/CtgyPurp/Cd", "=BENE"),
        ("PmtInf/ReqdExctnDt/Dt", "date"),
        ("PmtInf/Dbtr/Nm", "payer_name"),
        ("PmtInf/DbtrAcct/Id/Othr/Id", "payer_account"),
        ("PmtInf/DbtrAcct/Ccy", "=CNY"),
        ("PmtInf/DbtrAgt/FinInstnId/Othr/Id", "=NOTPROVIDED"),
    ),
    line="PmtInf/CdtTrfTxInf",
    detail=(
        ("PmtId/InstrId", "seq"),
        ("PmtId/EndToEndId", "reference"),
        ("Amt/InstdAmt", "amount"),
        ("Amt/InstdAmt@Ccy", "=CNY"),
        ("CdtrAgt/FinInstnId/ClrSysMmbId/ClrSysId/Cd?bank_code", "=CNAPS"),
        ("CdtrAgt/FinInstnId/ClrSysMmbId/MmbId?", "bank_code"),
        ("CdtrAgt/FinInstnId/Nm?", "bank"),
        ("Cdtr/Nm", "name"),
        ("CdtrAcct/Id/Othr/Id", "account"),
        ("RmtInf/Ustrd?", "purpose"),
    ),
)

_PAIN_002 = XmlLayout(
    namespace=f"{_NAMESPACE}pain.002.001.10",
    date_format="%Y-%m-%d",
    root="Document/CstmrPmtStsRpt",
    head=(
        ("GrpHdr/MsgId", "message_id"),
        ("GrpHdr/CreDtTm", "created"),
        ("OrgnlGrpInfAndSts/OrgnlMsgId", "batch"),
        ("OrgnlGrpInfAndSts/OrgnlMsgNmId", "answers"),
        ("OrgnlGrpInfAndSts/OrgnlNbOfTxs?", "batch_count"),
        ("OrgnlGrpInfAndSts/OrgnlCtrlSum?", "batch_total"),
        ("OrgnlGrpInfAndSts/GrpSts?", "group"),
        ("OrgnlGrpInfAndSts/StsRsnInf/Rsn/Cd?", "group_code"),
        ("OrgnlGrpInfAndSts/StsRsnInf/AddtlInf?", "group_message"),
        ("OrgnlPmtInfAndSts/OrgnlPmtInfId?", "batch"),
        ("OrgnlPmtInfAndSts/PmtInfSts?", "payment_group"),
    ),
    line="OrgnlPmtInfAndSts/TxInfAndSts",
    detail=(
        ("OrgnlEndToEndId", "reference"),
        ("TxSts", "outcome"),
        ("StsRsnInf/Rsn/Cd?", "code"),
        ("StsRsnInf/AddtlInf?", "message"),
        ("FctvIntrBkSttlmDt/Dt?", "date"),
        ("AcctSvcrRef?", "bank_reference"),
        ("OrgnlTxRef/Amt/InstdAmt?", "amount"),
        ("OrgnlTxRef/Amt/InstdAmt@Ccy?amount", "=CNY"),
        ("OrgnlTxRef/CdtrAcct/Id/Othr/Id?", "account"),
    ),
)

_PACS_004 = XmlLayout(
    namespace=f"{_NAMESPACE}pacs.004.001.09",
    date_format="%Y-%m-%d",
    root="Document/PmtRtr",
    head=(
        ("GrpHdr/MsgId", "message_id"),
        ("GrpHdr/CreDtTm", "created"),
        ("GrpHdr/NbOfTxs", "count"),
        ("OrgnlGrpInf/OrgnlMsgId", "batch"),
        ("OrgnlGrpInf/OrgnlMsgNmId", "answers"),
    ),
    line="TxInf",
    detail=(
        ("RtrId?", "bank_reference"),
        ("OrgnlEndToEndId", "reference"),
        ("RtrdIntrBkSttlmAmt", "amount"),
        ("RtrdIntrBkSttlmAmt@Ccy", "=CNY"),
        ("IntrBkSttlmDt?", "date"),
        ("RtrRsnInf/Rsn/Cd?", "code"),
        ("RtrRsnInf/AddtlInf?", "message"),
    ),
)

ISO20022 = Format(
    code="iso20022",
    title=_("ISO 20022 (pain.001.001.09, result pain.002.001.10)"),
    file_name="{batch}.pain.001.xml",
    request=_PAIN_001,
    result=_PAIN_002,
    returned=_PACS_004,
    forbidden=_CONTROL,
    max_lines=20_000,
    max_name_bytes=140,
    max_purpose_bytes=140,
    max_reference_length=35,
    name_replacements=_MIDDLE_DOTS,
    outcomes=_STATUS,
    success_codes=frozenset({"", "ACSC", "ACCC"}),
    reasons=GATEWAY | ISO,
)
