"""The images of each chart, their tags by chart version, and the value paths that hold them (see `images`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from components.catalog.kafka import KAFKA_VERSION


@dataclass(frozen=True, slots=True)
class ImagePaths:
    """Dotted chart value paths of one image. Joined with "/", the parts that exist make the name before the tag."""

    registry: str | None
    """Path of the registry alone; None where the chart has it in `repository`."""
    repository: str | None
    """Path of the repository; without `registry` it begins with the host, with `name` it ends before the last part."""
    name: str | None
    """Path of the rest of the name."""
    tag: str | None
    """Path of the tag; None where the path before holds the whole reference."""


@dataclass(frozen=True, slots=True)
class Image:
    """One image of one chart."""

    key: str
    registry: str
    repository: str
    """Full repository without the registry."""
    tag: str
    """Exact tag."""
    lockable: bool = True
    """False where no single digest is right, or where none can be looked up without an account: see `UNLOCKABLE`."""

    def reference(self, lock: Mapping[str, str] | None = None) -> str:
        """``registry/repository:tag``, with ``@digest`` when the lock has one."""
        tagged = f"{self.registry}/{self.repository}:{self.tag}"
        digest = (lock or {}).get(tagged) if self.lockable else None
        return f"{tagged}@{digest}" if digest else tagged


def _operand(key: str) -> ImagePaths:
    return ImagePaths(None, f"{key}.repository", f"{key}.image", f"{key}.version")


def _component(key: str) -> ImagePaths:
    return ImagePaths("basic.image_registry", None, f"basic.{key}_image_name", f"basic.{key}_image_tag_version")


def _plain(path: str) -> ImagePaths:
    return ImagePaths(None, f"{path}.repository", None, f"{path}.tag")


def _image(path: str) -> ImagePaths:
    return ImagePaths(f"{path}.registry", f"{path}.repository", None, f"{path}.tag")


_GPU = {
    "operator": (_operand("operator"), "nvidia/gpu-operator"),
    "validator": (_operand("validator"), "nvidia/gpu-operator"),
    "node-status-exporter": (_operand("nodeStatusExporter"), "nvidia/gpu-operator"),
    "driver": (_operand("driver"), "nvidia/driver"),
    "driver-manager": (_operand("driver.manager"), "nvidia/cloud-native/k8s-driver-manager"),
    "toolkit": (_operand("toolkit"), "nvidia/k8s/container-toolkit"),
    "device-plugin": (_operand("devicePlugin"), "nvidia/k8s-device-plugin"),
    "feature-discovery": (_operand("gfd"), "nvidia/k8s-device-plugin"),
    "dcgm": (_operand("dcgm"), "nvidia/cloud-native/dcgm"),
    "dcgm-exporter": (_operand("dcgmExporter"), "nvidia/k8s/dcgm-exporter"),
    "mig-manager": (_operand("migManager"), "nvidia/cloud-native/k8s-mig-manager"),
}
_NETWORK = {
    "operator": (
        ImagePaths(None, "operator.repository", "operator.image", "operator.tag"),
        "nvcr.io",
        "nvidia/cloud-native/network-operator",
    ),
    "driver-init": (
        _operand("operator.ofedDriver.initContainer"),
        "nvcr.io",
        "nvidia/mellanox/network-operator-init-container",
    ),
}
_NFD = _plain("node-feature-discovery.image")

_VOLCANO = {
    "scheduler": (_component("scheduler"), "volcanosh/vc-scheduler"),
    "controllers": (_component("controller"), "volcanosh/vc-controller-manager"),
    "admission": (_component("admission"), "volcanosh/vc-webhook-manager"),
    "agent": (_component("agent"), "volcanosh/vc-agent"),
    "agent-scheduler": (_component("agent_scheduler"), "volcanosh/vc-agent-scheduler"),
}

_KYVERNO = {
    "admission": (_image("admissionController.container.image"), "reg.kyverno.io", "kyverno/kyverno"),
    "admission-init": (_image("admissionController.initContainer.image"), "reg.kyverno.io", "kyverno/kyvernopre"),
    "background": (_image("backgroundController.image"), "reg.kyverno.io", "kyverno/background-controller"),
    "cleanup": (_image("cleanupController.image"), "reg.kyverno.io", "kyverno/cleanup-controller"),
    "reports": (_image("reportsController.image"), "reg.kyverno.io", "kyverno/reports-controller"),
    "crd-migration": (_image("crds.migration.image"), "reg.kyverno.io", "kyverno/kyverno-cli"),
    "webhooks-cleanup": (_image("webhooksCleanup.image"), "ghcr.io", "kyverno/readiness-checker"),
    "test": (_image("test.image"), "ghcr.io", "kyverno/readiness-checker"),
}

_KEDA = {
    "operator": (_image("image.keda"), "kedacore/keda"),
    "metrics-server": (_image("image.metricsApiServer"), "kedacore/keda-metrics-apiserver"),
    "webhooks": (_image("image.webhooks"), "kedacore/keda-admission-webhooks"),
}


def _pair(repository: str, tag: str) -> ImagePaths:
    return ImagePaths(None, repository, None, tag)


def _whole(path: str) -> ImagePaths:
    return ImagePaths(None, path, None, None)


_CERT_MANAGER = {
    "controller": (_plain("image"), "quay.io", "jetstack/cert-manager-controller"),
    "webhook": (_plain("webhook.image"), "quay.io", "jetstack/cert-manager-webhook"),
    "cainjector": (_plain("cainjector.image"), "quay.io", "jetstack/cert-manager-cainjector"),
    "acmesolver": (_plain("acmesolver.image"), "quay.io", "jetstack/cert-manager-acmesolver"),
    "startupapicheck": (_plain("startupapicheck.image"), "quay.io", "jetstack/cert-manager-startupapicheck"),
}

_ENVOY_GATEWAY = {
    # The chart uses the gateway's image for its certificate job and for the proxies' shutdown manager too.
    "gateway": (_plain("deployment.envoyGateway.image"), "docker.io", "envoyproxy/gateway"),
    "proxy": (_whole("global.images.envoyProxy.image"), "docker.io", "envoyproxy/envoy"),
    "ratelimit": (_whole("global.images.ratelimit.image"), "docker.io", "envoyproxy/ratelimit"),
}

_KSERVE = {
    "controller": (_pair("kserve.controller.image", "kserve.controller.tag"), "docker.io", "kserve/kserve-controller"),
    "rbac-proxy": (_whole("kserve.controller.rbacProxyImage"), "quay.io", "brancz/kube-rbac-proxy"),
    "agent": (_pair("kserve.agent.image", "kserve.agent.tag"), "docker.io", "kserve/agent"),
    "router": (_pair("kserve.router.image", "kserve.router.tag"), "docker.io", "kserve/router"),
    "storage-initializer": (
        _pair("kserve.storage.image", "kserve.storage.tag"),
        "docker.io",
        "kserve/storage-initializer",
    ),
    "localmodel-job": (
        _pair("kserve.localmodel.defaultJobImage", "kserve.localmodel.defaultJobTag"),
        "docker.io",
        "kserve/storage-initializer",
    ),
    "art-explainer": (
        _pair("kserve.servingruntime.art.image", "kserve.servingruntime.art.defaultVersion"),
        "docker.io",
        "kserve/art-explainer",
    ),
}

_KNATIVE = {
    "operator": (
        _pair("knative_operator.knative_operator.image", "knative_operator.knative_operator.tag"),
        "gcr.io",
        "knative-releases/knative.dev/operator/cmd/operator",
    ),
    "webhook": (
        _pair("knative_operator.operator_webhook.image", "knative_operator.operator_webhook.tag"),
        "gcr.io",
        "knative-releases/knative.dev/operator/cmd/webhook",
    ),
}


def _strimzi(key: str) -> ImagePaths:
    path = f"{key}.image" if key else "image"
    # With a whole tag the chart appends no version of Kafka to it (templates/_helpers.tpl, strimzi.image).
    return ImagePaths(f"{path}.registry", f"{path}.repository", f"{path}.name", f"{path}.tag")


_STRIMZI = {
    "operator": (_strimzi(""), "quay.io", "strimzi/operator"),
    "topic-operator": (_strimzi("topicOperator"), "quay.io", "strimzi/operator"),
    "user-operator": (_strimzi("userOperator"), "quay.io", "strimzi/operator"),
    "kafka-init": (_strimzi("kafkaInit"), "quay.io", "strimzi/operator"),
    "kafka": (_strimzi("kafka"), "quay.io", "strimzi/kafka"),
    "kafka-connect": (_strimzi("kafkaConnect"), "quay.io", "strimzi/kafka"),
    "kafka-exporter": (_strimzi("kafkaExporter"), "quay.io", "strimzi/kafka"),
    "mirror-maker": (_strimzi("kafkaMirrorMaker2"), "quay.io", "strimzi/kafka"),
    "cruise-control": (_strimzi("cruiseControl"), "quay.io", "strimzi/kafka"),
    "kafka-bridge": (_strimzi("kafkaBridge"), "quay.io", "strimzi/kafka-bridge"),
    "kaniko-executor": (_strimzi("kanikoExecutor"), "quay.io", "strimzi/kaniko-executor"),
    "buildah": (_strimzi("buildah"), "quay.io", "strimzi/buildah"),
    "maven-builder": (_strimzi("mavenBuilder"), "quay.io", "strimzi/maven-builder"),
}
_STRIMZI_KAFKA = ("kafka", "kafka-connect", "kafka-exporter", "mirror-maker", "cruise-control")
_CAS_ISSUER = {
    # A whole repository wins over the chart's registry, namespace and name (templates/_helpers.tpl).
    "controller": (_plain("image"), "quay.io", "jetstack/cert-manager-google-cas-issuer"),
}
_ARGO = {
    "controller": (_image("controller.image"), "quay.io", "argoproj/workflow-controller"),
    # Beside every step of a run, so in tenants' namespaces.
    "executor": (_image("executor.image"), "quay.io", "argoproj/argoexec"),
    "server": (_image("server.image"), "quay.io", "argoproj/argocli"),
}
_LOCAL_MODELS = {
    "controller": (
        _pair("kserve.localmodel.controller.image", "kserve.localmodel.controller.tag"),
        "docker.io",
        "kserve/kserve-localmodel-controller",
    ),
    "agent": (
        _pair("kserve.localmodelnode.controller.image", "kserve.localmodelnode.controller.tag"),
        "docker.io",
        "kserve/kserve-localmodelnode-agent",
    ),
}

_BY_REGISTRY: Mapping[str, Mapping[str, tuple[ImagePaths, str, str]]] = {
    "network-operator": _NETWORK,
    "kyverno": _KYVERNO,
    "cert-manager": _CERT_MANAGER,
    "cert-manager-google-cas-issuer": _CAS_ISSUER,
    "envoy-gateway": _ENVOY_GATEWAY,
    "knative-operator": _KNATIVE,
    "argo-workflows": _ARGO,
    "kserve-crd": {},
    "kserve-localmodel-crd": {},
    "kserve-localmodel-resources": _LOCAL_MODELS,
    "kserve-resources": _KSERVE,
    "strimzi-kafka-operator": _STRIMZI,
}
"""Charts whose images come from several registries."""

PATHS: Mapping[str, Mapping[str, ImagePaths]] = MappingProxyType(
    {
        "gpu-operator": MappingProxyType({**{k: p for k, (p, _) in _GPU.items()}, "node-feature-discovery": _NFD}),
        "dra-driver-nvidia-gpu": MappingProxyType({"driver": _plain("image")}),
        "aws-efa-k8s-device-plugin": MappingProxyType({"plugin": _plain("image")}),
        "volcano": MappingProxyType({k: p for k, (p, _) in _VOLCANO.items()}),
        "kuberay-operator": MappingProxyType({"operator": _plain("image")}),
        "cluster-autoscaler": MappingProxyType({"autoscaler": _plain("image")}),
        "keda": MappingProxyType({k: p for k, (p, _) in _KEDA.items()}),
        **{
            chart: MappingProxyType({key: paths for key, (paths, _, _) in rows.items()})
            for chart, rows in _BY_REGISTRY.items()
        },
    }
)
"""Value paths by chart key and image key."""


def _gpu_tags(operator: str, **others: str) -> Mapping[str, str]:
    same = dict.fromkeys(("operator", "validator", "node-status-exporter"), operator)
    return MappingProxyType({**same, **{key.replace("_", "-"): tag for key, tag in others.items()}})


TAGS: Mapping[str, Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "gpu-operator": MappingProxyType(
            {
                "v26.7.0": _gpu_tags(
                    "v26.7.0",
                    driver="595.91.07",
                    driver_manager="v0.12.0",
                    toolkit="v1.20.0",
                    device_plugin="v0.20.0",
                    feature_discovery="v0.20.0",
                    dcgm="4.6.0-1-ubuntu24.04",
                    dcgm_exporter="4.6.0-4.8.3-distroless",
                    mig_manager="v0.15.0",
                    node_feature_discovery="v0.19.0",
                ),
                "v26.3.3": _gpu_tags(
                    "v26.3.3",
                    driver="580.126.20",
                    driver_manager="v0.11.0",
                    toolkit="v1.19.1",
                    device_plugin="v0.19.3",
                    feature_discovery="v0.19.3",
                    dcgm="4.5.2-1-ubuntu22.04",
                    dcgm_exporter="4.5.3-4.8.2-distroless",
                    mig_manager="v0.14.2",
                    node_feature_discovery="v0.18.3",
                ),
            }
        ),
        "dra-driver-nvidia-gpu": MappingProxyType({"0.4.1": MappingProxyType({"driver": "v0.4.1"})}),
        "aws-efa-k8s-device-plugin": MappingProxyType({"v0.5.30": MappingProxyType({"plugin": "v0.5.20"})}),
        "network-operator": MappingProxyType(
            {"26.4.1": MappingProxyType({"operator": "v26.4.1", "driver-init": "network-operator-v26.4.1"})}
        ),
        "volcano": MappingProxyType({"1.15.0": MappingProxyType(dict.fromkeys(_VOLCANO, "v1.15.0"))}),
        "kuberay-operator": MappingProxyType({"1.6.2": MappingProxyType({"operator": "v1.6.2"})}),
        "cluster-autoscaler": MappingProxyType({"9.59.0": MappingProxyType({"autoscaler": "v1.35.0"})}),
        "kyverno": MappingProxyType({"3.9.0": MappingProxyType(dict.fromkeys(_KYVERNO, "v1.19.0"))}),
        "keda": MappingProxyType({"2.20.2": MappingProxyType(dict.fromkeys(_KEDA, "2.20.2"))}),
        "cert-manager": MappingProxyType({"v1.20.3": MappingProxyType(dict.fromkeys(_CERT_MANAGER, "v1.20.3"))}),
        "cert-manager-google-cas-issuer": MappingProxyType(
            {"v0.12.0": MappingProxyType(dict.fromkeys(_CAS_ISSUER, "v0.12.0"))}
        ),
        "envoy-gateway": MappingProxyType(
            {"v1.8.3": MappingProxyType({"gateway": "v1.8.3", "proxy": "distroless-v1.38.3", "ratelimit": "1e50889b"})}
        ),
        "knative-operator": MappingProxyType({"v1.22.3": MappingProxyType(dict.fromkeys(_KNATIVE, "v1.22.3"))}),
        "argo-workflows": MappingProxyType({"0.45.27": MappingProxyType(dict.fromkeys(_ARGO, "v3.7.3"))}),
        "kserve-crd": MappingProxyType({"v0.18.1": MappingProxyType({})}),
        "kserve-localmodel-crd": MappingProxyType({"v0.18.1": MappingProxyType({})}),
        "kserve-localmodel-resources": MappingProxyType(
            {"v0.18.1": MappingProxyType(dict.fromkeys(_LOCAL_MODELS, "v0.18.1"))}
        ),
        "kserve-resources": MappingProxyType(
            {"v0.18.1": MappingProxyType({**dict.fromkeys(_KSERVE, "v0.18.1"), "rbac-proxy": "v0.18.0"})}
        ),
        "strimzi-kafka-operator": MappingProxyType(
            {
                "1.2.0": MappingProxyType(
                    {
                        **dict.fromkeys(_STRIMZI, "1.2.0"),
                        **dict.fromkeys(_STRIMZI_KAFKA, f"1.2.0-kafka-{KAFKA_VERSION}"),
                        "kafka-bridge": "1.1.0",
                    }
                )
            }
        ),
    }
)
"""Exact tag by chart key, chart version and image key."""

SWITCHES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "gpu-operator": MappingProxyType(
            {
                "sandboxWorkloads.enabled": "virtual machine operands",
                "gpuCluster.deployCR": "the DRA driver",
                "vgpuManager.enabled": "the vGPU manager",
                "gds.enabled": "the GPUDirect Storage driver, built per operating system",
                "gdrcopy.enabled": "the GDRCopy driver, built per operating system",
            }
        ),
        "dra-driver-nvidia-gpu": MappingProxyType({}),
        "aws-efa-k8s-device-plugin": MappingProxyType({}),
        "network-operator": MappingProxyType(
            {
                "nfd.enabled": "a second node feature discovery, beside the GPU Operator's",
                "sriovNetworkOperator.enabled": "the SR-IOV Network Operator of a sub-chart",
                "maintenanceOperator.enabled": "the Maintenance Operator of a sub-chart",
            }
        ),
        "volcano": MappingProxyType(
            {"custom.metrics_enable": "grafana/grafana:latest, prom/prometheus and a beta kube-state-metrics"}
        ),
        "kuberay-operator": MappingProxyType(
            {
                "configuration.headSidecarContainers": "sidecars in every Ray head",
                "configuration.workerSidecarContainers": "sidecars in every Ray worker",
            }
        ),
        "cluster-autoscaler": MappingProxyType({}),
        "keda": MappingProxyType({}),
        "kyverno": MappingProxyType({"reportsServer.enabled": "the reports server of a sub-chart"}),
        "cert-manager": MappingProxyType(
            {"extraContainers": "containers of your own", "extraObjects": "objects that no policy sees"}
        ),
        "cert-manager-google-cas-issuer": MappingProxyType(
            {"image.registry": "another registry before the image's name", "image.digest": "another digest"}
        ),
        "envoy-gateway": MappingProxyType({}),
        "knative-operator": MappingProxyType({"knative_operator.multicluster.plugins": "plugins of your own"}),
        "argo-workflows": MappingProxyType(
            {
                "controller.extraContainers": "containers of your own",
                "controller.extraInitContainers": "containers of your own",
                "extraObjects": "objects that no policy sees",
            }
        ),
        "kserve-crd": MappingProxyType({}),
        "kserve-localmodel-crd": MappingProxyType({}),
        "kserve-localmodel-resources": MappingProxyType({}),
        "kserve-resources": MappingProxyType({}),
        "strimzi-kafka-operator": MappingProxyType({}),
    }
)
"""Value paths that make a chart run images which the catalog does not pin, and what those are."""


UNLOCKABLE = frozenset({("gpu-operator", "driver"), ("aws-efa-k8s-device-plugin", "plugin")})
"""(chart, image) without a digest in the lock: the driver's running tag depends on the node; the EFA plugin's registry
answers AWS accounts only, so that a lock could not be made for the other clouds' users."""


def table(chart_key: str, version: str) -> tuple[Image, ...]:
    """The images of one known chart version."""
    tags = TAGS[chart_key][version]
    if chart_key == "gpu-operator":
        rows = [(key, "nvcr.io", repository) for key, (_, repository) in _GPU.items()]
        rows.append(("node-feature-discovery", "registry.k8s.io", "nfd/node-feature-discovery"))
    elif chart_key == "dra-driver-nvidia-gpu":
        rows = [("driver", "registry.k8s.io", "dra-driver-nvidia/dra-driver-nvidia-gpu")]
    elif chart_key == "aws-efa-k8s-device-plugin":
        # The chart's own; nodes of every region pull from there with their role.
        rows = [("plugin", "602401143452.dkr.ecr.us-west-2.amazonaws.com", "eks/aws-efa-k8s-device-plugin")]
    elif chart_key == "volcano":
        rows = [(key, "docker.io", repository) for key, (_, repository) in _VOLCANO.items()]
    elif chart_key == "kuberay-operator":
        rows = [("operator", "quay.io", "kuberay/operator")]
    elif chart_key == "cluster-autoscaler":
        rows = [("autoscaler", "registry.k8s.io", "autoscaling/cluster-autoscaler")]
    elif chart_key == "keda":
        rows = [(key, "ghcr.io", repository) for key, (_, repository) in _KEDA.items()]
    else:
        rows = [(key, registry, repository) for key, (_, registry, repository) in _BY_REGISTRY[chart_key].items()]
    return tuple(
        Image(k, registry, repo, tags[k], lockable=(chart_key, k) not in UNLOCKABLE) for k, registry, repo in rows
    )


PLATFORM_IMAGES: Mapping[str, tuple[Image, ...]] = MappingProxyType(
    {chart: table(chart, next(iter(versions))) for chart, versions in TAGS.items()}
)
"""Images by chart key at the default version (the first in `TAGS`)."""
