"""Addresses of the set-up pages and of the week's load; `scheduling.urls` includes them."""

from django.urls import path

from scheduling.views import setup_calendar, setup_chairs, setup_holidays, setup_pages, setup_staff, week

urlpatterns = [
    path("setup/", setup_pages.index, name="setup"),
    path("setup/chairs/", setup_pages.chairs, name="setup-chairs"),
    path("setup/chairs/new/", setup_chairs.chair_new, name="setup-chair-new"),
    path("setup/chairs/<uuid:chair_id>/", setup_chairs.chair, name="setup-chair"),
    path("setup/chairs/<uuid:chair_id>/retire/", setup_chairs.chair_retire, name="setup-chair-retire"),
    path("setup/chairs/<uuid:chair_id>/back/", setup_chairs.chair_back, name="setup-chair-back"),
    path("setup/chairs/<uuid:chair_id>/out/", setup_chairs.chair_out, name="setup-chair-out"),
    path("setup/outages/<uuid:outage_id>/lift/", setup_chairs.outage_lift, name="setup-outage-lift"),
    path("setup/hours/", setup_calendar.hours, name="setup-hours"),
    path("setup/closures/", setup_pages.closures, name="setup-closures"),
    path("setup/closures/new/", setup_calendar.closure_new, name="setup-closure-new"),
    path("setup/closures/holidays/", setup_holidays.closure_holidays, name="setup-holidays"),
    path("setup/closures/<int:closure_id>/reopen/", setup_calendar.closure_reopen, name="setup-closure-reopen"),
    path("setup/shifts/", setup_pages.shifts, name="setup-shifts"),
    path("setup/shifts/<date:on>/", setup_pages.shifts, name="setup-shifts-week"),
    path("setup/shifts/<date:on>/copy/", setup_staff.shifts_copy, name="setup-shifts-copy"),
    path("setup/shifts/new/", setup_staff.shift_new, name="setup-shift-new"),
    path("setup/shifts/<int:shift_id>/", setup_staff.shift, name="setup-shift"),
    path("setup/shifts/<int:shift_id>/remove/", setup_staff.shift_remove, name="setup-shift-remove"),
    path("setup/skills/", setup_pages.skills, name="setup-skills"),
    path("setup/skills/<uuid:nurse_id>/", setup_staff.skills, name="setup-skills-nurse"),
    path("setup/weights/", setup_pages.weights, name="setup-weights"),
    path("setup/weights/<slug:phase>/", setup_staff.weight, name="setup-weight"),
    path("setup/site/", setup_staff.site, name="setup-site"),
    path("setup/vitals/", setup_staff.vitals, name="setup-vitals"),
    path("setup/rules/", setup_staff.rules, name="setup-rules"),
    path("week/", week.this_week, name="week-now"),
    path("week/<date:on>/", week.week, name="week"),
]
