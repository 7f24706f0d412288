"""Labels by which the platform's parts know each other."""

TENANT = "multimodal.dev/tenant"
"""On a tenant's namespace and everything in it: the tenant's name."""

PART_OF = "multimodal.dev/part-of"
"""On the platform's own namespaces and objects: `platform`."""

LOCAL_MODELS = {"kserve/localmodel": "worker"}
"""On GPU nodes that keep models' weights on their disks; KServe's agents run there."""

GPU_POOL = "multimodal.dev/gpu-pool"
"""On GPU nodes: the pool's name in the stack file."""

STORES_LABEL = "multimodal.dev/reads-stores"
"""On pods that fetch weights or data: a network policy lets them reach object stores and the cloud's identity."""

KAFKA_LABEL = "multimodal.dev/reaches-kafka"
"""On pods that produce or consume events: network policies let them reach Kafka's brokers."""

QUEUE_ANNOTATION = "scheduling.volcano.sh/queue-name"
"""On pods: the Volcano queue that they count against, which is their tenant's."""

MANAGED_BY = {"app.kubernetes.io/managed-by": "pulumi"}
"""On every object that the program makes."""

GPU_TAINT = "nvidia.com/gpu"
"""Taint of every GPU node, so that only pods that ask for a GPU land there."""


def platform_labels() -> dict[str, str]:
    """Labels of the platform's own objects."""
    return {**MANAGED_BY, PART_OF: "platform"}


def tenant_labels(tenant: str) -> dict[str, str]:
    """Labels of a tenant's objects."""
    return {**MANAGED_BY, TENANT: tenant}
