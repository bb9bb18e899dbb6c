"""The nouns of benefits: programmes with versions, budgets and commitments, runs, campaigns with places and claims."""

from .campaign import Campaign, CampaignState, Claim, ClaimState, Place, Transport
from .commitment import BudgetLine, Commitment, CommitmentState, Run, RunState
from .programme import (
    FundingShare,
    Kind,
    Population,
    Programme,
    ProgrammeVersion,
    VersionState,
    YearBasis,
)

__all__ = [
    "BudgetLine",
    "Campaign",
    "CampaignState",
    "Claim",
    "ClaimState",
    "Commitment",
    "CommitmentState",
    "FundingShare",
    "Kind",
    "Place",
    "Population",
    "Programme",
    "ProgrammeVersion",
    "Run",
    "RunState",
    "Transport",
    "VersionState",
    "YearBasis",
]
