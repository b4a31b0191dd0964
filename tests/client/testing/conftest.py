"""The plugin's fixture, as where the plugin is installed."""

from andon.testing.plugin import andon_fake

__all__ = ["andon_fake"]
