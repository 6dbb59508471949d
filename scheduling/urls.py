"""Addresses of the staff pages of scheduling."""

from django.urls import include, path

from core import converters
from scheduling.views import board, board_papers, clearance, find, visit_length, visits

converters.register()

app_name = "scheduling"
urlpatterns = [
    path("", include("scheduling.request_urls")),
    path("", include("scheduling.waitlist_urls")),
    path("", include("scheduling.patient_urls")),
    path("", include("scheduling.order_urls")),
    path("", include("scheduling.given_urls")),
    path("", include("scheduling.catalogue_urls")),
    path("", include("scheduling.setup_urls")),
    path("", include("scheduling.floor_urls")),
    path("", include("scheduling.disruption_urls")),
    path("board/", board.board, name="board"),
    path("board/<date:on>/", board.board_day, name="board-day"),
    path("board/<date:on>/grid/", board.board_grid, name="board-grid"),
    path("board/<date:on>/changes/", board_papers.board_changes, name="board-changes"),
    path("board/<date:on>/load/", board_papers.board_load, name="board-load"),
    path("board/<date:on>/sheet/", board_papers.board_sheet, name="board-sheet"),
    path("help/", board_papers.help_page, name="help"),
    path("find/", find.find, name="find"),
    path("find/book/", find.book, name="book"),
    path("find/check/", find.find_check, name="find-check"),
    path("visits/<uuid:visit_id>/", visits.visit, name="visit"),
    path("visits/<uuid:visit_id>/status/", visits.visit_status, name="visit-status"),
    path("visits/<uuid:visit_id>/move/", visits.visit_move, name="visit-move"),
    path("visits/<uuid:visit_id>/resize/", visit_length.visit_resize, name="visit-resize"),
    path("visits/<uuid:visit_id>/resize/check/", visit_length.visit_resize_check, name="visit-resize-check"),
    path("visits/<uuid:visit_id>/swap/", visit_length.visit_swap, name="visit-swap"),
    path("visits/<uuid:visit_id>/tell/", visit_length.visit_tell, name="visit-tell"),
    path("visits/<uuid:visit_id>/check/", visits.visit_check, name="visit-check"),
    path("visits/<uuid:visit_id>/infusion-check/", clearance.infusion_check, name="visit-infusion-check"),
    path("visits/<uuid:visit_id>/override/", clearance.override, name="visit-override"),
    path("visits/<uuid:visit_id>/cancel/", visits.visit_cancel, name="visit-cancel"),
    path("visits/<uuid:visit_id>/undo/", visits.visit_undo, name="visit-undo"),
]
