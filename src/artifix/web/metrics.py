"""What an operator watches, in Prometheus's text format: requests, the queue, uploads kept, and the process itself."""

from collections.abc import Callable
from functools import partial
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from artifix.serving.access import Answered
from artifix.web.queue import State

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300)


class Metrics:
    """The counters of one application; `observe` is told of every answer, `expose` writes them all."""

    def __init__(self, version: str, count: Callable[[State], int], kept_bytes: Callable[[], int]) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "artifix_requests", "Requests that were answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "artifix_request_seconds",
            "From a request's head to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._received = Counter("artifix_received_bytes", "Bytes of requests' bodies.", registry=registry)
        self._sent = Counter("artifix_sent_bytes", "Bytes of answers' bodies.", registry=registry)
        self.pixels = Counter("artifix_restored_pixels", "Pixels of the pictures restored.", registry=registry)
        pictures = Gauge(
            "artifix_pictures", "Pictures in the house, by what they are at.", ["state"], registry=registry
        )
        for state in get_args(State):
            pictures.labels(state).set_function(partial(count, state))
        Gauge("artifix_kept_bytes", "Bytes of uploads kept in memory.", registry=registry).set_function(kept_bytes)
        Gauge("artifix_build_info", "1, and the version.", ["version"], registry=registry).labels(version).set(1)

    def observe(self, answered: Answered) -> None:
        """Count an answer. Only routes and methods that exist are told apart, so a client cannot make up series."""
        method = answered.method if answered.method in _METHODS else "other"
        route = answered.route or "other"
        self._requests.labels(method, route, str(answered.status)).inc()
        self._seconds.labels(route).observe(answered.seconds)
        self._received.inc(answered.received)
        self._sent.inc(answered.sent)

    def expose(self) -> bytes:
        """All of them as text."""
        return generate_latest(self._registry)
