"""Addresses of the pages about upset days; `scheduling.urls` includes them."""

from django.urls import path

from scheduling.views import disruptions

urlpatterns = [
    path("disruptions/", disruptions.index, name="disruptions"),
    path("disruptions/new/", disruptions.new, name="disruption-new"),
    path("disruptions/<uuid:disruption_id>/", disruptions.detail, name="disruption"),
    path("disruptions/<uuid:disruption_id>/undo/", disruptions.take_back, name="disruption-undo"),
]
