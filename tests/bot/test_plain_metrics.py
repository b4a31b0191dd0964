"""Plain counts read as the library's own do."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from bot.plain_metrics import PlainCounter, PlainHistogram

UPTO = (0.001, 0.5, 1.0)


def lines(registry: CollectorRegistry) -> list[str]:
    """What is told, without when it began."""
    told = generate_latest(registry).decode().splitlines()
    return [line for line in told if "_created" not in line]


def test_a_plain_counter_reads_as_a_counter_does() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    our_counter = PlainCounter(ours, "andon_answers_total", "Answers", "route", "status")
    counter = Counter("andon_answers_total", "Answers", ("route", "status"), registry=theirs)
    for labels in (("GET /", "200"), ("GET /", "404"), ("GET /", "200")):
        our_counter.count(*labels)
        counter.labels(*labels).inc()
    assert lines(ours) == lines(theirs)


def test_without_labels_it_is_nought_from_the_start() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    PlainCounter(ours, "andon_opened_total", "Opened")
    Counter("andon_opened_total", "Opened", registry=theirs)
    assert lines(ours) == lines(theirs)


def test_a_plain_histogram_reads_as_a_histogram_does() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    our_histogram = PlainHistogram(ours, "andon_seconds", "Seconds", "lane", UPTO)
    histogram = Histogram("andon_seconds", "Seconds", ("lane",), buckets=UPTO, registry=theirs)
    for lane, value in (("a", 0.0), ("a", 0.5), ("b", 0.25), ("a", 7.0), ("a", 1.0)):
        our_histogram.observe(lane, value)
        histogram.labels(lane).observe(value)
    assert lines(ours) == lines(theirs)
