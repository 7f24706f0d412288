"""Weights on the local disks of GPU nodes: KServe's local models, and who downloads them.

Sources: kserve v0.18.1 charts/kserve-localmodel-resources (an agent on nodes labelled kserve/localmodel=worker, which
keeps weights in /models), pkg/controller/v1alpha1/localmodel and localmodelnode (download jobs, volumes, names),
pkg/apis/serving/v1beta1/inference_service_defaults.go (how a model finds its cache).
"""

from collections.abc import Sequence
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.catalog.images import image_values
from components.cluster.naming import digest
from components.helm import addon_namespace, merge, release
from components.labels import GPU_POOL, platform_labels
from components.manifest import Spec
from components.order import after
from components.serving.names import NAMESPACE
from components.serving.webhooks import patient
from components.settings.sections import PodSecurity
from components.storage.outputs import Access, Folder, Storage, Store

JOBS_NAMESPACE = "kserve-localmodel-jobs"
"""Where KServe downloads weights (the chart's default)."""

FOLDER = "/models"
"""Where weights lie on a node: the agent's chart leaves no choice."""

_CLASS = "local-models"


class LocalCacheArgs(TypedDict):
    """What the cache needs to know."""

    version: str
    """Chart version: KServe's."""

    pools: dict[str, int]
    """GPU pool -> GiB of weights that each of its nodes may keep."""

    tenants: list[str]
    """Tenants whose models are kept."""

    taints: list[str]
    """Keys of all taints on GPU nodes."""

    images_lock: dict[str, str]
    """Digests by image reference; empty pins by tag."""


def local_model_values(version: str, taints: Sequence[str], lock: dict[str, str]) -> dict[str, Any]:
    """Values of the kserve-localmodel-resources chart."""
    base: dict[str, Any] = {
        "kserve": {
            "version": version,
            "localmodel": {"controller": {"imagePullPolicy": "IfNotPresent"}},
            "localmodelnode": {
                "controller": {
                    "imagePullPolicy": "IfNotPresent",
                    "tolerations": [{"key": key, "operator": "Exists"} for key in taints],
                }
            },
        }
    }
    return merge(image_values("kserve-localmodel-resources", lock, version), base)


def node_group_spec(pool: str, size_gib: int) -> Spec:
    """Spec of the LocalModelNodeGroup of a pool."""
    here = {"matchExpressions": [{"key": GPU_POOL, "operator": "In", "values": [pool]}]}
    shared = {"accessModes": ["ReadWriteOnce"], "storageClassName": _CLASS, "volumeMode": "Filesystem"}
    return {
        "storageLimit": f"{size_gib}Gi",
        "persistentVolumeSpec": {
            **shared,
            "capacity": {"storage": f"{size_gib}Gi"},
            "local": {"path": FOLDER},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [here]}},
        },
        # KServe claims it once for each model, in the tenant's namespace, whose quota counts every claim whole. A local
        # volume is no smaller for a small claim.
        "persistentVolumeClaimSpec": {**shared, "resources": {"requests": {"storage": "1Gi"}}},
    }


def cache_name(model: str, source: str) -> str:
    """The cache of a model's weights. Other weights are another cache: its source cannot change."""
    return f"{model}-{digest(source)}"


def cache_spec(source: pulumi.Input[str], pool: str, size_gib: int) -> Spec:
    """Spec of the LocalModelNamespaceCache of a model. Of the namespace, since one of the cluster would lend a tenant's
    weights to whoever names their address."""
    return {"sourceModelUri": source, "modelSize": f"{size_gib}Gi", "nodeGroups": [pool]}


class LocalCache(pulumi.ComponentResource):
    """KServe's controller and agents of local models, a group for each pool, and the identity that downloads."""

    def __init__(
        self,
        name: str,
        args: LocalCacheArgs,
        storage: Storage | None,
        kinds: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`storage`: where store:// leads; `kinds`: the release of the local models' kinds."""
        super().__init__("multimodal:index:LocalCache", name, dict(args), opts)
        child = pulumi.ResourceOptions(parent=self)
        jobs = addon_namespace(name, namespace=JOBS_NAMESPACE, pod_security=PodSecurity.BASELINE, opts=child)
        if storage is not None:
            # KServe names no account for its jobs, so they run as the namespace's own.
            storage.allow(
                f"{name}-identity",
                {
                    "namespace": JOBS_NAMESPACE,
                    "service_account": "default",
                    "folders": {Folder(Store.MODELS, tenant): Access.READ for tenant in args["tenants"]},
                },
            )
        controllers = release(
            f"{name}-release",
            chart="kserve-localmodel-resources",
            version=args["version"],
            namespace=NAMESPACE,
            values=local_model_values(args["version"], args["taints"], args["images_lock"]),
            opts=after(child, jobs, kinds),
        )
        for pool, size in args["pools"].items():
            kubernetes.apiextensions.CustomResource(
                f"{name}-{pool}",
                api_version="serving.kserve.io/v1alpha1",
                kind="LocalModelNodeGroup",
                metadata={"name": pool, "labels": platform_labels()},
                spec=node_group_spec(pool, size),
                opts=pulumi.ResourceOptions(
                    parent=self, depends_on=[controllers], hooks=patient(f"{name}-{pool}-webhook")
                ),
            )
        self.register_outputs({})
