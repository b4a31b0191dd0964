"""An app of a Django project whose migrations each test writes for itself."""
