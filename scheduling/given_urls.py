"""Addresses of what was given; `scheduling.urls` includes them."""

from django.urls import path

from scheduling.views import given, reactions

urlpatterns = [
    path("visits/<uuid:visit_id>/given/", given.visit_given, name="visit-given"),
    path("visits/<uuid:visit_id>/reaction/", reactions.visit_reaction, name="visit-reaction"),
    path(
        "visits/<uuid:visit_id>/reactions/<uuid:reaction_id>/",
        reactions.visit_reaction_change,
        name="visit-reaction-change",
    ),
    path("lots/", given.lots, name="lots"),
]
