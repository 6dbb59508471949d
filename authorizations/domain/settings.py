"""The clinic's authorization settings, each with its source and how sure we are of it. Payers override many of them."""

from dataclasses import dataclass
from typing import Annotated

from core.sourced import Confidence, Sourced

P, K = Confidence.PUBLISHED, Confidence.CLINIC


@dataclass(frozen=True)
class AuthorizationSettings:
    """Defaults for renewals, follow-ups and the work queue, in days unless the name says otherwise."""

    renewal_lead: Annotated[int, Sourced("usual practice, 30 to 60; one payer accepts 60 before the end", K)] = 45
    follow_up_business_days: Annotated[tuple[int, ...], Sourced("usual practice: receipt +1, status +3", K)] = (1, 3)
    follow_up_every_business_days: Annotated[int, Sourced("usual practice", K)] = 2
    payer_lead: Annotated[int, Sourced("usual practice: time to get an answer before a visit", K)] = 10
    usual_decision: Annotated[int, Sourced("usual practice; a payer's own figure takes its place", K)] = 5
    expiring_soon: Annotated[int, Sourced("authorization queue design", K)] = 14
    expiring: Annotated[int, Sourced("authorization queue design", K)] = 30
    renewal_watch: Annotated[int, Sourced("work list of authorizations expiring within 60 days", K)] = 60
    few_infusions_left: Annotated[int, Sourced("work list: units for 2 infusions or fewer", K)] = 2
    weeks_in_year: Annotated[int, Sourced("arithmetic of units to request", K)] = 52


AUTHORIZATION_DEFAULTS = AuthorizationSettings()
