"""Benchmarks: ratios measured side by side in one interleaved run, never asserted in tests."""
