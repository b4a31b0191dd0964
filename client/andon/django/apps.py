"""The app, as Django sees it."""

from django.apps import AppConfig


class AndonConfig(AppConfig):  # type: ignore[misc]
    """Brings the command `migrate`; no models."""

    name = "andon.django"
    label = "andon"
