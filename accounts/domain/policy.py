"""Who may do what: one table of roles and permissions, read by pages, API and tests alike. Default is no."""

from enum import StrEnum


class Role(StrEnum):
    """What a person is at a clinic."""

    SCHEDULER = "scheduler"
    NURSE = "nurse"
    PRESCRIBER = "prescriber"
    AUTHORIZATION_ADMIN = "authorization_admin"
    MANAGER = "manager"
    AUDITOR = "auditor"
    PATIENT = "patient"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Permission(StrEnum):
    """What the table speaks about. The name is noun.verb."""

    BOARD_VIEW = "board.view"
    VISIT_VIEW = "visit.view"
    VISIT_BOOK = "visit.book"
    VISIT_CHANGE = "visit.change"
    VISIT_STATUS = "visit.status"
    VISIT_OVERRIDE = "visit.override"
    PLAN_DECIDE = "plan.decide"
    REQUEST_VIEW = "request.view"
    REQUEST_ANSWER = "request.answer"
    PATIENT_VIEW = "patient.view"
    PATIENT_CHANGE = "patient.change"
    ORDER_VIEW = "order.view"
    ORDER_CHANGE = "order.change"
    ORDER_RELEASE = "order.release"
    ADMINISTRATION_RECORD = "administration.record"
    CLEARANCE_OVERRIDE = "clearance.override"
    CATALOGUE_VIEW = "catalogue.view"
    CATALOGUE_CHANGE = "catalogue.change"
    CLINIC_CHANGE = "clinic.change"
    AUTHORIZATION_VIEW = "authorization.view"
    AUTHORIZATION_CHANGE = "authorization.change"
    MESSAGE_VIEW = "message.view"
    AUDIT_VIEW = "audit.view"
    API_KEY_MANAGE = "api_key.manage"
    SELF_VIEW = "self.view"
    SELF_CHANGE = "self.change"


P = Permission
_READ = {
    P.BOARD_VIEW,
    P.VISIT_VIEW,
    P.REQUEST_VIEW,
    P.PATIENT_VIEW,
    P.ORDER_VIEW,
    P.AUTHORIZATION_VIEW,
    P.MESSAGE_VIEW,
    P.CATALOGUE_VIEW,
}
_BOOK = {P.VISIT_BOOK, P.VISIT_CHANGE, P.VISIT_STATUS, P.PLAN_DECIDE, P.REQUEST_ANSWER}

GRANTS: dict[Role, frozenset[Permission]] = {
    Role.SCHEDULER: frozenset(_READ | _BOOK | {P.VISIT_OVERRIDE, P.PATIENT_CHANGE, P.ORDER_CHANGE}),
    Role.NURSE: frozenset(
        _READ | _BOOK | {P.VISIT_OVERRIDE, P.PATIENT_CHANGE, P.ORDER_CHANGE, P.ADMINISTRATION_RECORD}
    ),
    Role.PRESCRIBER: frozenset(
        _READ
        | {
            P.PLAN_DECIDE,
            P.PATIENT_CHANGE,
            P.ORDER_CHANGE,
            P.ORDER_RELEASE,
            P.ADMINISTRATION_RECORD,
            P.CLEARANCE_OVERRIDE,
        }
    ),
    Role.AUTHORIZATION_ADMIN: frozenset(_READ | {P.AUTHORIZATION_CHANGE, P.PATIENT_CHANGE}),
    Role.MANAGER: frozenset(set(Permission) - {P.SELF_VIEW, P.SELF_CHANGE, P.ORDER_RELEASE}),
    Role.AUDITOR: frozenset(_READ | {P.AUDIT_VIEW}),
    Role.PATIENT: frozenset({P.SELF_VIEW, P.SELF_CHANGE}),
}


def permissions_of(roles: set[Role]) -> frozenset[str]:
    """Everything that people holding `roles` may do."""
    return frozenset(permission.value for role in roles for permission in GRANTS[role])
