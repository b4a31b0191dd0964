"""The app."""

from django.apps import AppConfig


class ShopConfig(AppConfig):
    """A shop without models: its migrations alone matter."""

    name = "tests.client.gates.shopping"
    label = "shop"
    default_auto_field = "django.db.models.BigAutoField"
