"""Every address of the API. They end with a slash; anything else under /api/v1/ is a problem with status 404."""

from django.urls import path, re_path

from api.endpoint import NotHere
from api.views import authorizations, clearance, docs, given, keys, orders, patients, plans, series, visits, waitlist

app_name = "api"
urlpatterns = [
    path("patients/", patients.Patients.as_view(), name="patients"),
    path("patients/<uuid:patient_id>/", patients.Patient.as_view(), name="patient"),
    path("orders/", orders.Orders.as_view(), name="orders"),
    path("orders/preview/", plans.OrderPreview.as_view(), name="orders-preview"),
    path("orders/<uuid:order_id>/", orders.Order.as_view(), name="order"),
    path("orders/<uuid:order_id>/accept/", orders.OrderAccept.as_view(), name="order-accept"),
    path("orders/<uuid:order_id>/hold/", orders.OrderHold.as_view(), name="order-hold"),
    path("orders/<uuid:order_id>/release/", orders.OrderRelease.as_view(), name="order-release"),
    path("orders/<uuid:order_id>/end/", orders.OrderEnd.as_view(), name="order-end"),
    path("orders/<uuid:order_id>/renew/", orders.OrderRenew.as_view(), name="order-renew"),
    path("orders/<uuid:order_id>/series/", series.OrderSeries.as_view(), name="order-series"),
    path("orders/<uuid:order_id>/events/", orders.OrderEvents.as_view(), name="order-events"),
    path("course-days/", orders.CourseDays.as_view(), name="course-days"),
    path("visits/", visits.Visits.as_view(), name="visits"),
    path("visits/<uuid:visit_id>/", visits.Visit.as_view(), name="visit"),
    path("visits/<uuid:visit_id>/move/", visits.VisitMove.as_view(), name="visit-move"),
    path("visits/<uuid:visit_id>/cancel/", visits.VisitCancel.as_view(), name="visit-cancel"),
    path("visits/<uuid:visit_id>/status/", visits.VisitStatusChange.as_view(), name="visit-status"),
    path("visits/<uuid:visit_id>/confirm/", visits.VisitConfirm.as_view(), name="visit-confirm"),
    path("visits/<uuid:visit_id>/administration/", given.VisitAdministration.as_view(), name="visit-administration"),
    path("visits/<uuid:visit_id>/clearance/", clearance.VisitClearance.as_view(), name="visit-clearance"),
    path("visits/<uuid:visit_id>/clearance/check/", clearance.VisitCheck.as_view(), name="visit-clearance-check"),
    path(
        "visits/<uuid:visit_id>/clearance/override/",
        clearance.VisitOverride.as_view(),
        name="visit-clearance-override",
    ),
    path("administrations/", given.Administrations.as_view(), name="administrations"),
    path("reactions/", given.Reactions.as_view(), name="reactions"),
    path("reactions/<uuid:reaction_id>/", given.Reaction.as_view(), name="reaction"),
    path("reactions/<uuid:reaction_id>/release/", given.ReactionRelease.as_view(), name="reaction-release"),
    path("estimates/visit/", plans.VisitEstimate.as_view(), name="estimates-visit"),
    path("openings/", visits.Openings.as_view(), name="openings"),
    path("waitlist/", waitlist.Waitlist.as_view(), name="waitlist"),
    path("offers/<uuid:offer_id>/accept/", waitlist.OfferAccept.as_view(), name="offer-accept"),
    path("offers/<uuid:offer_id>/decline/", waitlist.OfferDecline.as_view(), name="offer-decline"),
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
