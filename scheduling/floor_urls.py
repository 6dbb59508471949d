"""Addresses of the floor; `scheduling.urls` includes them."""

from django.urls import path

from scheduling.views import assignment, floor, vitals

urlpatterns = [
    path("floor/", floor.floor, name="floor"),
    path("floor/live/", floor.floor_live, name="floor-live"),
    path("floor/assign/<date:on>/", assignment.assign_day, name="floor-assign"),
    path("visits/<uuid:visit_id>/take/", assignment.visit_take, name="visit-take"),
    path("visits/<uuid:visit_id>/nurse/", assignment.visit_nurse, name="visit-nurse"),
    path("visits/<uuid:visit_id>/vitals/", vitals.visit_vitals, name="visit-vitals"),
    path("visits/<uuid:visit_id>/vitals/<uuid:vitals_id>/", vitals.visit_vitals_void, name="visit-vitals-void"),
]
