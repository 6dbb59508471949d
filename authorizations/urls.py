"""Addresses of the authorization desk."""

from django.urls import path

from authorizations.views import acts, new, reading

app_name = "authorizations"
urlpatterns = [
    path("", reading.queue, name="queue"),
    path("new/", new.new, name="new"),
    path("<uuid:authorization_id>/", reading.authorization, name="authorization"),
    path("<uuid:authorization_id>/submit/", acts.submit, name="submit"),
    path("<uuid:authorization_id>/answer/", acts.answer, name="answer"),
    path("<uuid:authorization_id>/call/", acts.call, name="call"),
    path("<uuid:authorization_id>/follow-up/", acts.follow_up, name="follow-up"),
    path("<uuid:authorization_id>/assign/", acts.assign, name="assign"),
    path("<uuid:authorization_id>/step/", acts.step, name="step"),
    path("<uuid:authorization_id>/close/", acts.close, name="close"),
    path("<uuid:authorization_id>/renewal/", acts.renewal, name="renewal"),
    path("<uuid:authorization_id>/appeal/", acts.appeal, name="appeal"),
    path("<uuid:authorization_id>/cover/", acts.cover, name="cover"),
]
