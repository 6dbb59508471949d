"""Every address of the API. They end with a slash; anything else under /api/v1/ is a problem with status 404."""

from django.urls import path, re_path

from api.endpoint import NotHere
from api.views import authorizations, docs, keys, orders, patients, visits

app_name = "api"
urlpatterns = [
    path("patients/", patients.Patients.as_view(), name="patients"),
    path("patients/<uuid:patient_id>/", patients.Patient.as_view(), name="patient"),
    path("orders/", orders.Orders.as_view(), name="orders"),
    path("orders/<uuid:order_id>/", orders.Order.as_view(), name="order"),
    path("orders/<uuid:order_id>/accept/", orders.OrderAccept.as_view(), name="order-accept"),
    path("course-days/", orders.CourseDays.as_view(), name="course-days"),
    path("visits/", visits.Visits.as_view(), name="visits"),
    path("visits/<uuid:visit_id>/", visits.Visit.as_view(), name="visit"),
    path("visits/<uuid:visit_id>/move/", visits.VisitMove.as_view(), name="visit-move"),
    path("visits/<uuid:visit_id>/cancel/", visits.VisitCancel.as_view(), name="visit-cancel"),
    path("visits/<uuid:visit_id>/status/", visits.VisitStatusChange.as_view(), name="visit-status"),
    path("visits/<uuid:visit_id>/confirm/", visits.VisitConfirm.as_view(), name="visit-confirm"),
    path("openings/", visits.Openings.as_view(), name="openings"),
    path("chairs/", visits.Chairs.as_view(), name="chairs"),
    path("authorizations/", authorizations.Authorizations.as_view(), name="authorizations"),
    path("authorizations/<uuid:authorization_id>/", authorizations.Authorization.as_view(), name="authorization"),
    path(
        "authorizations/<uuid:authorization_id>/answer/",
        authorizations.AuthorizationAnswer.as_view(),
        name="authorization-answer",
    ),
    path(
        "authorizations/<uuid:authorization_id>/log-call/",
        authorizations.AuthorizationCall.as_view(),
        name="authorization-log-call",
    ),
    path(
        "authorizations/<uuid:authorization_id>/follow-up/",
        authorizations.AuthorizationFollowUp.as_view(),
        name="authorization-follow-up",
    ),
    path("schema/", docs.Schema.as_view(), name="schema"),
    path("docs/", docs.contents, name="docs"),
    path("docs/<slug:name>/", docs.operation, name="docs-operation"),
    path("keys/", keys.keys, name="keys"),
    path("keys/<uuid:key_id>/revoke/", keys.revoke, name="key-revoke"),
    re_path(r"", NotHere.as_view(), name="not-here"),
]
