"""Kinds that charts bring, for a machine on which their CRDs are nowhere to be found (names from each project)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class CustomKind:
    """One custom resource kind, as much as a permissive CRD needs."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True


def _kinds(group: str, version: str, names: str, *, namespaced: bool = True) -> tuple[CustomKind, ...]:
    pairs = (name.split("/") for name in names.split())
    return tuple(CustomKind(group, version, kind, plural, namespaced) for kind, plural in pairs)


KINDS: Final[Mapping[str, tuple[CustomKind, ...]]] = {
    "volcano": (
        *_kinds("scheduling.volcano.sh", "v1beta1", "PodGroup/podgroups"),
        *_kinds("scheduling.volcano.sh", "v1beta1", "Queue/queues", namespaced=False),
        *_kinds("batch.volcano.sh", "v1alpha1", "Job/jobs CronJob/cronjobs"),
        *_kinds("bus.volcano.sh", "v1alpha1", "Command/commands"),
        *_kinds("config.volcano.sh", "v1alpha1", "ColocationConfiguration/colocationconfigurations"),
        *_kinds("flow.volcano.sh", "v1alpha1", "JobFlow/jobflows JobTemplate/jobtemplates"),
        *_kinds("nodeinfo.volcano.sh", "v1alpha1", "Numatopology/numatopologies", namespaced=False),
        *_kinds("topology.volcano.sh", "v1alpha1", "HyperNode/hypernodes", namespaced=False),
        *_kinds("shard.volcano.sh", "v1alpha1", "NodeShard/nodeshards", namespaced=False),
    ),
    "gpu-operator": (
        *_kinds("nvidia.com", "v1", "ClusterPolicy/clusterpolicies", namespaced=False),
        *_kinds("nvidia.com", "v1alpha1", "NVIDIADriver/nvidiadrivers GPUCluster/gpuclusters", namespaced=False),
        *_kinds("nfd.k8s-sigs.io", "v1alpha1", "NodeFeature/nodefeatures NodeFeatureGroup/nodefeaturegroups"),
        *_kinds("nfd.k8s-sigs.io", "v1alpha1", "NodeFeatureRule/nodefeaturerules", namespaced=False),
    ),
    "dra-driver-nvidia-gpu": _kinds(
        "resource.nvidia.com",
        "v1beta1",
        "ComputeDomain/computedomains ComputeDomainClique/computedomaincliques",
    ),
    "aws-efa-k8s-device-plugin": (),
    "network-operator": (
        *_kinds("mellanox.com", "v1alpha1", "NicClusterPolicy/nicclusterpolicies", namespaced=False),
        *_kinds("mellanox.com", "v1alpha1", "NicNodePolicy/nicnodepolicies", namespaced=False),
        *_kinds("mellanox.com", "v1alpha1", "HostDeviceNetwork/hostdevicenetworks", namespaced=False),
        *_kinds("mellanox.com", "v1alpha1", "IPoIBNetwork/ipoibnetworks", namespaced=False),
        *_kinds("mellanox.com", "v1alpha1", "MacvlanNetwork/macvlannetworks", namespaced=False),
        *_kinds("k8s.cni.cncf.io", "v1", "NetworkAttachmentDefinition/network-attachment-definitions"),
    ),
    # Its chart installs none; CapacityBuffer and ProvisioningRequest are optional extras of the project.
    "cluster-autoscaler": (),
    "kuberay-operator": _kinds(
        "ray.io", "v1", "RayCluster/rayclusters RayJob/rayjobs RayService/rayservices RayCronJob/raycronjobs"
    ),
    "keda": (
        *_kinds("keda.sh", "v1alpha1", "ScaledObject/scaledobjects ScaledJob/scaledjobs"),
        *_kinds("keda.sh", "v1alpha1", "TriggerAuthentication/triggerauthentications"),
        *_kinds("keda.sh", "v1alpha1", "ClusterTriggerAuthentication/clustertriggerauthentications", namespaced=False),
        *_kinds("eventing.keda.sh", "v1alpha1", "CloudEventSource/cloudeventsources"),
        *_kinds("eventing.keda.sh", "v1alpha1", "ClusterCloudEventSource/clustercloudeventsources", namespaced=False),
    ),
    "kserve-crd": (
        *_kinds("serving.kserve.io", "v1beta1", "InferenceService/inferenceservices"),
        *_kinds("serving.kserve.io", "v1alpha1", "InferenceGraph/inferencegraphs ServingRuntime/servingruntimes"),
        *_kinds("serving.kserve.io", "v1alpha1", "TrainedModel/trainedmodels"),
        *_kinds("serving.kserve.io", "v1alpha1", "ClusterServingRuntime/clusterservingruntimes", namespaced=False),
        *_kinds("serving.kserve.io", "v1alpha1", "ClusterStorageContainer/clusterstoragecontainers", namespaced=False),
    ),
    "knative-operator": _kinds(
        "operator.knative.dev",
        "v1beta1",
        "KnativeServing/knativeservings KnativeEventing/knativeeventings",
    ),
    "kserve-localmodel-crd": (
        *_kinds("serving.kserve.io", "v1alpha1", "LocalModelNamespaceCache/localmodelnamespacecaches"),
        *_kinds("serving.kserve.io", "v1alpha1", "LocalModelCache/localmodelcaches", namespaced=False),
        *_kinds("serving.kserve.io", "v1alpha1", "LocalModelNodeGroup/localmodelnodegroups", namespaced=False),
        *_kinds("serving.kserve.io", "v1alpha1", "LocalModelNode/localmodelnodes", namespaced=False),
    ),
    # Their CRDs come with kserve-crd and kserve-localmodel-crd.
    "kserve-resources": (),
    "kserve-localmodel-resources": (),
    "gateway-helm": (
        *_kinds("gateway.networking.k8s.io", "v1", "Gateway/gateways HTTPRoute/httproutes GRPCRoute/grpcroutes"),
        *_kinds("gateway.networking.k8s.io", "v1", "GatewayClass/gatewayclasses", namespaced=False),
        *_kinds("gateway.networking.k8s.io", "v1beta1", "ReferenceGrant/referencegrants"),
        *_kinds(
            "gateway.envoyproxy.io",
            "v1alpha1",
            "EnvoyProxy/envoyproxies ClientTrafficPolicy/clienttrafficpolicies Backend/backends "
            "BackendTrafficPolicy/backendtrafficpolicies SecurityPolicy/securitypolicies",
        ),
    ),
    "strimzi-kafka-operator": (
        *_kinds("kafka.strimzi.io", "v1", "Kafka/kafkas KafkaNodePool/kafkanodepools KafkaTopic/kafkatopics"),
        *_kinds("kafka.strimzi.io", "v1", "KafkaUser/kafkausers"),
    ),
    "cert-manager": (
        *_kinds("cert-manager.io", "v1", "Certificate/certificates CertificateRequest/certificaterequests"),
        *_kinds("cert-manager.io", "v1", "Issuer/issuers"),
        *_kinds("cert-manager.io", "v1", "ClusterIssuer/clusterissuers", namespaced=False),
        *_kinds("acme.cert-manager.io", "v1", "Order/orders Challenge/challenges"),
    ),
    "cert-manager-google-cas-issuer": (
        *_kinds("cas-issuer.jetstack.io", "v1beta1", "GoogleCASIssuer/googlecasissuers"),
        *_kinds(
            "cas-issuer.jetstack.io", "v1beta1", "GoogleCASClusterIssuer/googlecasclusterissuers", namespaced=False
        ),
    ),
    "argo-workflows": (
        *_kinds("argoproj.io", "v1alpha1", "Workflow/workflows WorkflowTemplate/workflowtemplates"),
        *_kinds("argoproj.io", "v1alpha1", "CronWorkflow/cronworkflows WorkflowTaskSet/workflowtasksets"),
        *_kinds("argoproj.io", "v1alpha1", "WorkflowTaskResult/workflowtaskresults"),
        *_kinds("argoproj.io", "v1alpha1", "WorkflowArtifactGCTask/workflowartifactgctasks"),
        *_kinds("argoproj.io", "v1alpha1", "WorkflowEventBinding/workfloweventbindings"),
        *_kinds("argoproj.io", "v1alpha1", "ClusterWorkflowTemplate/clusterworkflowtemplates", namespaced=False),
    ),
    "kyverno": (
        *_kinds("kyverno.io", "v1", "ClusterPolicy/clusterpolicies", namespaced=False),
        *_kinds("kyverno.io", "v1", "Policy/policies"),
        *_kinds("kyverno.io", "v2", "PolicyException/policyexceptions"),
        *_kinds(
            "policies.kyverno.io",
            "v1",
            "ValidatingPolicy/validatingpolicies ImageValidatingPolicy/imagevalidatingpolicies "
            "MutatingPolicy/mutatingpolicies GeneratingPolicy/generatingpolicies DeletingPolicy/deletingpolicies",
            namespaced=False,
        ),
    ),
}
"""Chart -> the kinds that are made permissive; none for a chart that is known to bring none."""


def permissive_definition(kind: CustomKind) -> dict[str, Any]:
    """A CRD that accepts any field, with a status of its own."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    # The API server wants a word on every group of the Kubernetes project's own.
    approval = {"api-approved.kubernetes.io": "unapproved, rehearsal"} if kind.group.endswith(".k8s.io") else {}
    version: dict[str, Any] = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": anything},
        "subresources": {"status": {}},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}", "annotations": approval},
        "spec": {
            "group": kind.group,
            "names": {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower()},
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [version],
        },
    }
