"""What is remembered, and how it can never be torn."""
