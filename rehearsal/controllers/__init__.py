"""The platform's controllers in a rehearsal, by chart: one line each."""

from collections.abc import Mapping

from rehearsal.controllers.base import Controller, HostController, NotRun
from rehearsal.controllers.gpu_operator import GPU_OPERATOR
from rehearsal.controllers.volcano import VOLCANO

CONTROLLERS: Mapping[str, Controller] = {
    controller.chart: controller
    for controller in (
        VOLCANO,
        GPU_OPERATOR,
        NotRun(
            chart="cluster-autoscaler",
            reason="the Cluster Autoscaler scales Auto Scaling groups of AWS, which a rehearsal does not have",
        ),
        NotRun(
            chart="cert-manager",
            reason="cert-manager is not run in a rehearsal; certificates are checked against its CRDs and not issued",
        ),
        NotRun(
            chart="gateway-helm",
            reason="Envoy Gateway is not run in a rehearsal; gateways and routes are checked against their CRDs",
        ),
        NotRun(
            chart="kyverno",
            reason="Kyverno is not run in a rehearsal yet; policies are checked against its CRDs",
        ),
    )
}
"""Chart name -> what runs for it."""


def controller(chart: str) -> Controller:
    """What runs for a chart; one that nobody registered is not run, and says so."""
    known = CONTROLLERS.get(chart)
    return known or NotRun(
        chart=chart, reason=f"a rehearsal has no controllers for the chart {chart}; its objects are checked"
    )


def tools() -> tuple[str, ...]:
    """All tools that the registered controllers need, each once."""
    needed = (tool for one in CONTROLLERS.values() if isinstance(one, HostController) for tool in one.tools)
    return tuple(dict.fromkeys(needed))
