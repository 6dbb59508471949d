"""Addresses of the order pages; `scheduling.urls` includes them."""

from django.urls import path

from scheduling.views import order_acts, order_entry, orders, plan_changes, plan_print, series, series_move

urlpatterns = [
    path("orders/", orders.orders, name="orders"),
    path("orders/new/", order_entry.order_new, name="order-new"),
    path("orders/preview/", order_entry.order_preview_live, name="order-preview"),
    path("orders/<uuid:order_id>/", orders.order, name="order"),
    path("orders/<uuid:order_id>/edit/", order_entry.order_edit, name="order-edit"),
    path("orders/<uuid:order_id>/accept/", order_acts.order_accept, name="order-accept"),
    path("orders/<uuid:order_id>/extend/", order_acts.order_extend, name="order-extend"),
    path("orders/<uuid:order_id>/hold/", order_acts.order_hold, name="order-hold"),
    path("orders/<uuid:order_id>/release/", order_acts.order_release, name="order-release"),
    path("orders/<uuid:order_id>/end/", order_acts.order_end, name="order-end"),
    path("orders/<uuid:order_id>/renew/", order_acts.order_renew, name="order-renew"),
    path("orders/<uuid:order_id>/series/", series.order_series, name="order-series"),
    path("series/<uuid:series_id>/", series.booked_series, name="series"),
    path("series/<uuid:series_id>/undo/", series.series_undo, name="series-undo"),
    path("visits/<uuid:visit_id>/series/", series_move.series_move, name="visit-series"),
    path("orders/<uuid:order_id>/plan/", plan_changes.order_plan, name="order-plan"),
    path("orders/<uuid:order_id>/plan/decide/", plan_changes.order_plan_decide, name="order-plan-decide"),
    path("orders/<uuid:order_id>/plan/print/", plan_print.order_plan_print, name="order-plan-print"),
    path("patients/<uuid:patient_id>/plan/print/", plan_print.patient_plan_print, name="patient-plan-print"),
]
