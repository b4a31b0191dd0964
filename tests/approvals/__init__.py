"""The core, by sentences about its behaviour."""
