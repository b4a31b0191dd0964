"""Counts of what happens at every request, in plain numbers.

At each count the library takes locks and looks labels up. Here one thread counts, and the library
is told when somebody asks.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class PlainCounter(Collector):
    """A counter, by labels."""

    def __init__(self, registry: CollectorRegistry, name: str, about: str, *labels: str) -> None:
        self._name, self._about, self._labels = name, about, labels
        self._counts: dict[tuple[str, ...], int] = {} if labels else {(): 0}
        registry.register(self)

    def count(self, *labels: str) -> None:
        """One more."""
        self._counts[labels] = self._counts.get(labels, 0) + 1

    def collect(self) -> Iterator[CounterMetricFamily]:
        """As the library wants it."""
        family = CounterMetricFamily(self._name, self._about, labels=self._labels)
        for labels, n in self._counts.items():
            family.add_metric(labels, n)
        yield family


class PlainHistogram(Collector):
    """A histogram, by one label."""

    def __init__(
        self, registry: CollectorRegistry, name: str, about: str, label: str, upto: Sequence[float]
    ) -> None:
        self._name, self._about, self._label, self._upto = name, about, label, tuple(upto)
        self._names = [*map(str, upto), "+Inf"]
        self._counts: dict[str, list[int]] = {}  #: in each bucket
        self._sums: dict[str, float] = {}
        registry.register(self)

    def observe(self, label: str, value: float) -> None:
        """One more of that value."""
        counts = self._counts.get(label)
        if counts is None:
            counts = self._counts[label] = [0] * len(self._names)
            self._sums[label] = 0.0
        counts[bisect_left(self._upto, value)] += 1
        self._sums[label] += value

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """As the library wants it: each bucket with all that are smaller."""
        family = HistogramMetricFamily(self._name, self._about, labels=(self._label,))
        for label, counts in self._counts.items():
            buckets = list(zip(self._names, map(float, accumulate(counts)), strict=True))
            family.add_metric((label,), buckets, self._sums[label])
        yield family
