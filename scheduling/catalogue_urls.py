"""Addresses of the catalogue pages; `scheduling.urls` includes them."""

from django.urls import path

from scheduling.views import catalogue, catalogue_changes

urlpatterns = [
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("catalogue/products/<slug:product>/", catalogue.product, name="catalogue-product"),
    path("catalogue/indications/<slug:indication>/", catalogue.indication, name="catalogue-indication"),
    path(
        "catalogue/products/<slug:product>/change/<str:field>/",
        catalogue_changes.product_change,
        name="catalogue-product-change",
    ),
    path(
        "catalogue/indications/<slug:indication>/change/<str:field>/",
        catalogue_changes.indication_change,
        name="catalogue-indication-change",
    ),
    path("catalogue/changes/<uuid:edit_id>/withdraw/", catalogue_changes.withdraw, name="catalogue-withdraw"),
    path("catalogue/products/<slug:product>/codes/new/", catalogue_changes.code_new, name="catalogue-code-new"),
    path("catalogue/codes/<int:code_id>/withdraw/", catalogue_changes.code_withdraw, name="catalogue-code-withdraw"),
]
