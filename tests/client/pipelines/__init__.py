"""The examples for pipelines, run for real."""
