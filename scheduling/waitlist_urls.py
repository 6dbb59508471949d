"""Addresses of the waitlist, of held places and of offers, for the staff pages of scheduling."""

from django.urls import path

from scheduling.views import held, waitlist

urlpatterns = [
    path("find/hold/", held.hold, name="find-hold"),
    path("visits/<uuid:visit_id>/held/", held.held, name="held"),
    path("waitlist/", waitlist.waitlist, name="waitlist"),
    path("waitlist/add/<uuid:course_day_id>/", waitlist.waitlist_add, name="waitlist-add"),
    path("waitlist/<uuid:wait_id>/offer/", waitlist.waitlist_offer, name="waitlist-offer"),
    path("waitlist/<uuid:wait_id>/withdraw/", waitlist.waitlist_withdraw, name="waitlist-withdraw"),
    path("waitlist/offers/<uuid:offer_id>/answer/", waitlist.offer_answer, name="offer-answer"),
    path("waitlist/backfill/<uuid:visit_id>/", waitlist.backfill, name="backfill"),
]
