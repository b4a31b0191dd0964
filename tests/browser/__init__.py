"""A newcomer's browser against the very process that `make demo` starts."""
