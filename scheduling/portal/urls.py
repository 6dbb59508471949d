"""Addresses of the patient's pages, all under ``/p/``. They hold opaque ids and nothing else."""

from django.urls import path

from scheduling.domain.move_wishes import MoveWish
from scheduling.portal import diary, offers, sign_in, views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("login/", sign_in.sign_in, name="login"),
    path("login/code/", sign_in.sign_in_code, name="login-code"),
    path("logout/", sign_in.sign_out, name="logout"),
    path("help/", views.help_page, name="help"),
    path("diary/", diary.diary, name="diary"),
    path("diary/new/", diary.diary_new, name="diary-new"),
    path("diary/<uuid:entry_id>/", diary.diary_entry, name="diary-entry"),
    path("visits/", views.visits, name="visits"),
    path("visits/<uuid:visit_id>/", views.visit, name="visit"),
    path("visits/<uuid:visit_id>.ics", views.visit_calendar, name="visit-calendar"),
    path("visits/<uuid:visit_id>/confirm/", views.visit_confirm, name="visit-confirm"),
    path("visits/<uuid:visit_id>/undo/", views.visit_undo, name="visit-undo"),
    path("visits/<uuid:visit_id>/move/", views.visit_ask, name="visit-ask"),
    path("visits/<uuid:visit_id>/cancel/", views.visit_ask, {"wish": MoveWish.CANCEL.value}, name="visit-cancel"),
    path("offers/<uuid:offer_id>/", offers.offer, name="offer"),
    path("requests/<uuid:request_id>/withdraw/", views.request_withdraw, name="request-withdraw"),
]
