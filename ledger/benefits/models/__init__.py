"""The nouns of benefits: programmes, budgets, commitments, runs, campaigns with places and claims, grants to unions."""

from .campaign import Campaign, CampaignState, Claim, ClaimState, Place, Transport
from .coming_back import Return
from .commitment import PAYABLE, BudgetLine, Commitment, CommitmentState
from .grant import GrantedMember, GrantState, ReceiverKind, UnionGrant
from .programme import (
    AmountRule,
    AmountTier,
    CapScope,
    CutoffRule,
    Evidence,
    EvidenceKind,
    ExclusiveProgramme,
    FundingShare,
    Kind,
    OnceScope,
    Payee,
    Population,
    PostEventRule,
    Programme,
    ProgrammeVersion,
    RankPrize,
    VersionState,
    YearBasis,
)
from .run import Run, RunState
from .run_amount import RunAmount

__all__ = [
    "PAYABLE",
    "AmountRule",
    "AmountTier",
    "BudgetLine",
    "Campaign",
    "CampaignState",
    "CapScope",
    "Claim",
    "ClaimState",
    "Commitment",
    "CommitmentState",
    "CutoffRule",
    "Evidence",
    "EvidenceKind",
    "ExclusiveProgramme",
    "FundingShare",
    "GrantState",
    "GrantedMember",
    "Kind",
    "OnceScope",
    "Payee",
    "Place",
    "Population",
    "PostEventRule",
    "Programme",
    "ProgrammeVersion",
    "RankPrize",
    "ReceiverKind",
    "Return",
    "Run",
    "RunAmount",
    "RunState",
    "Transport",
    "UnionGrant",
    "VersionState",
    "YearBasis",
]
