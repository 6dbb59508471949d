"""Every address of the site. Each view is public for a stated reason or needs a permission (tests/house)."""

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("api.urls")),
    path("problems/", include("api.problem_urls")),
    path("", include("core.urls")),
    path("", include("accounts.urls")),
    path("accounts/", include("allauth.urls")),
    path("audit/", include("audit.urls")),
    path("authorizations/", include("authorizations.urls")),
    path("", include("messaging.urls")),
    path("p/", include("scheduling.portal.urls")),
    path("", include("scheduling.urls")),
]
