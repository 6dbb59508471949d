"""Addresses of the order pages; `scheduling.urls` includes them."""

from django.urls import path

from scheduling.views import orders

urlpatterns = [
    path("orders/", orders.orders, name="orders"),
    path("orders/new/", orders.order_new, name="order-new"),
    path("orders/<uuid:order_id>/", orders.order, name="order"),
    path("orders/<uuid:order_id>/accept/", orders.order_accept, name="order-accept"),
    path("orders/<uuid:order_id>/extend/", orders.order_extend, name="order-extend"),
]
