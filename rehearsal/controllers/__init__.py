"""The platform's controllers in a rehearsal, by chart: one line each."""

from collections.abc import Iterable, Mapping

from rehearsal.controllers.argo import ARGO
from rehearsal.controllers.base import ActingController, Controller, HostController, NotRun
from rehearsal.controllers.cas_issuer import CAS_ISSUER
from rehearsal.controllers.cert_manager import CERT_MANAGER
from rehearsal.controllers.dra_driver import DRA_DRIVER
from rehearsal.controllers.efa_device_plugin import EFA_DEVICE_PLUGIN
from rehearsal.controllers.gateway import GATEWAY
from rehearsal.controllers.gpu_operator import GPU_OPERATOR
from rehearsal.controllers.keda import KEDA
from rehearsal.controllers.knative import KNATIVE
from rehearsal.controllers.kserve import KSERVE
from rehearsal.controllers.kuberay import KUBERAY
from rehearsal.controllers.kyverno import KYVERNO
from rehearsal.controllers.modelmesh import MODELMESH
from rehearsal.controllers.network_operator import NETWORK_OPERATOR
from rehearsal.controllers.strimzi import STRIMZI
from rehearsal.controllers.volcano import VOLCANO

CONTROLLERS: Mapping[str, Controller] = {
    controller.chart: controller
    for controller in (
        VOLCANO,
        GPU_OPERATOR,
        DRA_DRIVER,
        EFA_DEVICE_PLUGIN,
        NETWORK_OPERATOR,
        KUBERAY,
        KNATIVE,
        MODELMESH,
        KSERVE,
        KEDA,
        ARGO,
        GATEWAY,
        CERT_MANAGER,
        CAS_ISSUER,
        STRIMZI,
        KYVERNO,
        NotRun(
            chart="kserve-localmodel-crd",
            reason="the chart kserve-localmodel-crd brings CRDs alone",
        ),
        NotRun(
            chart="kserve-localmodel-resources",
            reason="KServe 0.17, the version that is built here, knows no caches of a namespace, which are all that"
            " stacks make; they are checked against the CRDs of the chart",
        ),
        NotRun(
            chart="cluster-autoscaler",
            reason="the Cluster Autoscaler scales Auto Scaling groups of AWS, which a rehearsal does not have",
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


def tools(sections: Iterable[str]) -> tuple[str, ...]:
    """The tools that the controllers of a stack need, each once.

    Args:
        sections: The sections that its file has, such as `ray`, and their keys, such as `knative.eventing`.
    """
    present = {"", *sections}
    hosts = [one for one in CONTROLLERS.values() if isinstance(one, HostController) and one.section in present]
    further = (tool for one in hosts for key in one.further if key in present for tool in one.further[key])
    return tuple(dict.fromkeys([*(tool for one in hosts for tool in one.tools), *further]))


def optional_tools(sections: Iterable[str]) -> tuple[str, ...]:
    """The tools that the controllers of a stack make do without where the machine cannot have them, each once.

    Args:
        sections: The sections that its file has, such as `events`, and their keys, such as `serving.modelmesh`.
    """
    present = {"", *sections}
    acting = (one for one in CONTROLLERS.values() if isinstance(one, ActingController) and one.section in present)
    return tuple(dict.fromkeys(tool for one in acting for tool in one.optional))
