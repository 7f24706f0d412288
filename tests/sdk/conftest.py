"""Settings of the tests that load whole SDKs."""

import pytest


@pytest.fixture
def no_ray_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray Serve in local mode needs no cluster, but its multiplexing tells a controller what is loaded: to find one, it
    would start Ray itself, and go on looking until the last test of all has ended."""
    from ray.serve._private.metrics_utils import MetricsPusher

    monkeypatch.setattr(MetricsPusher, "register_or_update_task", lambda *_args, **_named: None)
