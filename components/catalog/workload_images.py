"""Images of the platform that run in tenants' namespaces: model servers, Ray, what KServe puts beside a model.

Tenants' own images come from their registries and are pinned by digest. These come from their makers, or from a mirror
of yours that holds copies of them under the same repository and tag: only there can you sign them, so a stack that
refuses unsigned images needs one.

Sources: release notes and registries of each project, named at the row.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from components.catalog.image_refs import Lock
from components.catalog.image_table import Image
from components.catalog.ray import RAY_VERSION

KSERVE_VERSION = "v0.18.1"
"""Version of what KServe puts beside a model, and of its Hugging Face server: that of its controller."""

BENTO_VERSION = "1.10.0"
"""Version of the events' router."""
KFP_VERSION = "2.16.1"
"""Version of Kubeflow Pipelines: of its servers, and of what runs in every step."""
MODELMESH_VERSION = "v0.12.0"
"""The last one: ModelMesh is archived."""

_ALL = (
    # Triton 2.71.0 is container release 26.07 (NVIDIA Triton release notes 26.07).
    Image("triton", "nvcr.io", "nvidia/tritonserver", "26.07-py3"),
    # On CUDA 13.0 (CUDA_VERSION=13.0.2 in the image); the maker's tag for CUDA 12.9 is v0.28.0-cu129.
    Image("vllm", "docker.io", "vllm/vllm-openai", "v0.28.0"),
    # The maker tags the build for GPUs "-gpu" (kserve/kserve charts/kserve-runtime-configs).
    Image("huggingface", "docker.io", "kserve/huggingfaceserver", f"{KSERVE_VERSION}-gpu"),
    Image("huggingface-cpu", "docker.io", "kserve/huggingfaceserver", KSERVE_VERSION),
    # KServe's webhook puts these into a model's pods; an InferenceGraph is a pod of the router.
    Image("storage-initializer", "docker.io", "kserve/storage-initializer", KSERVE_VERSION),
    Image("agent", "docker.io", "kserve/agent", KSERVE_VERSION),
    Image("router", "docker.io", "kserve/router", KSERVE_VERSION),
    # Routes events from model to model (warpstreamlabs/bento release v1.10.0).
    Image("bento", "ghcr.io", "warpstreamlabs/bento", BENTO_VERSION),
    # ModelMesh, for tenants with sets of that backend (modelmesh-serving v0.12.0 config/manager, config/default); its
    # Triton is the one above. Of the etcd releases the one that Kubernetes 1.33 installs (kubeadm, constants.go).
    Image("modelmesh-controller", "docker.io", "kserve/modelmesh-controller", MODELMESH_VERSION),
    Image("modelmesh", "docker.io", "kserve/modelmesh", MODELMESH_VERSION),
    Image("modelmesh-rest-proxy", "docker.io", "kserve/rest-proxy", MODELMESH_VERSION),
    Image("modelmesh-adapter", "docker.io", "kserve/modelmesh-runtime-adapter", MODELMESH_VERSION),
    Image("modelmesh-etcd", "registry.k8s.io", "etcd", "3.5.21-0"),
    # Knative puts it beside every container that answers requests; the operator v1.22.3 installs Serving 1.22.1.
    Image("queue-proxy", "gcr.io", "knative-releases/knative.dev/serving/cmd/queue", "v1.22.1"),
    # Platforms, Python versions and the form of the tag: ray-project/ray, ci/ray_ci/docker_container.py.
    # kubeflow/pipelines 2.16.1, manifests/kustomize/base: pipeline/kustomization.yaml, ml-pipeline-apiserver-deployment
    # .yaml (driver and launcher), metadata/base, and third-party/{mysql,seaweedfs,argo}.
    Image("kfp-api-server", "ghcr.io", "kubeflow/kfp-api-server", KFP_VERSION),
    Image("kfp-persistence-agent", "ghcr.io", "kubeflow/kfp-persistence-agent", KFP_VERSION),
    Image("kfp-schedules", "ghcr.io", "kubeflow/kfp-scheduled-workflow-controller", KFP_VERSION),
    Image("kfp-ui", "ghcr.io", "kubeflow/kfp-frontend", KFP_VERSION),
    Image("kfp-metadata-envoy", "ghcr.io", "kubeflow/kfp-metadata-envoy", KFP_VERSION),
    Image("kfp-metadata", "gcr.io", "tfx-oss-public/ml_metadata_store_server", "1.14.0"),
    Image("kfp-driver", "ghcr.io", "kubeflow/kfp-driver", KFP_VERSION),
    Image("kfp-launcher", "ghcr.io", "kubeflow/kfp-launcher", KFP_VERSION),
    # Beside the steps of a run; the Argo chart takes it from here too.
    Image("argoexec", "quay.io", "argoproj/argoexec", "v3.7.3"),
    # Kubeflow Pipelines names 8.4; this is a release of it.
    Image("mysql", "docker.io", "library/mysql", "8.4.10"),
    Image("seaweedfs", "docker.io", "chrislusf/seaweedfs", "4.00"),
    Image("ray", "docker.io", "rayproject/ray", f"{RAY_VERSION}-py311-cpu"),
    Image("ray-gpu", "docker.io", "rayproject/ray", f"{RAY_VERSION}-py311-cu128"),
)

WORKLOAD_IMAGES: Mapping[str, Image] = MappingProxyType({image.key: image for image in _ALL})
"""Every such image by key."""


def workload_image(key: str, *, lock: Lock, mirror: str | None = None) -> str:
    """The reference to run: from the mirror where there is one, by digest where the lock has it.

    A copy keeps its digest, so the lock, which names the makers' registries, holds for the mirror too.
    """
    return _reference(WORKLOAD_IMAGES[key], lock, mirror)


def accepted_references(*, lock: Lock, mirror: str | None = None) -> frozenset[str]:
    """Every reference that `workload_image` can give: what may run in a tenant's namespace beside its own images."""
    return frozenset(_reference(image, lock, mirror) for image in WORKLOAD_IMAGES.values())


def _reference(image: Image, lock: Lock, mirror: str | None) -> str:
    reference = image.reference(lock)
    return reference if mirror is None else f"{mirror}/{reference.removeprefix(f'{image.registry}/')}"
