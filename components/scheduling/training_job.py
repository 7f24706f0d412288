"""A distributed training job: a Volcano Job whose workers start together, restart together and find each other."""

from collections.abc import Mapping
from typing import Any, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes

from components.labels import tenant_labels
from components.manifest import Spec
from components.scheduling.placement import Placement
from components.scheduling.volcano import SCHEDULER
from components.settings.training import Training

PORT = 29500
"""Where the first worker listens for the others: the port that torchrun uses by default."""

_USER = 1000
_GRACE_SECONDS = 60
"""For a last checkpoint when others take the GPUs back."""


def training_job_spec(
    tenant: str,
    name: str,
    training: Training,
    placed: Placement,
    *,
    devices: Mapping[str, str] | None = None,
    account: str | None = None,
    pod_labels: Mapping[str, str] | None = None,
    checkpoints: pulumi.Input[str] | None = None,
) -> Spec:
    """Spec of the `batch.volcano.sh/v1alpha1` Job.

    Args:
        tenant: The tenant, whose queue has the same name.
        name: The job's name.
        training: What the stack file says.
        placed: Where the workers may run.
        devices: What one worker asks for beside GPUs: network adapters and huge pages.
        account: ServiceAccount of the workers; None for one without rights.
        pod_labels: Further labels of the workers.
        checkpoints: URI of the folder for checkpoints.
    """
    elastic = training.least < training.workers
    restart = {"action": "RestartJob"}
    return {
        "schedulerName": SCHEDULER,
        "queue": tenant,
        "priorityClassName": training.priority.value,
        "minAvailable": training.least,
        # Volcano counts the restart that it no longer makes.
        "maxRetry": training.retries + 1,
        "plugins": {
            # A headless service. The tenant's network lets its pods reach each other already.
            "svc": ["--publish-not-ready-addresses=true", "--disable-network-policy=true"],
            "env": [],
        },
        "policies": [
            {"event": "PodFailed", **restart},
            # An elastic job goes on without a worker, until it has fewer than it needs: then Volcano calls it Unknown.
            # A rigid one would only hold its GPUs and wait.
            {"event": "Unknown" if elastic else "PodEvicted", **restart},
        ],
        # Workers that never came must not keep an elastic job from being complete.
        **({"minSuccess": training.least} if elastic else {}),
        "tasks": [
            {
                "name": "worker",
                "replicas": training.workers,
                "minAvailable": training.least,
                "template": {
                    "metadata": {"labels": {**tenant_labels(tenant), **(pod_labels or {})}},
                    "spec": _pod(name, training, placed, devices or {}, account, checkpoints),
                },
            }
        ],
    }


def _pod(
    name: str,
    training: Training,
    placed: Placement,
    devices: Mapping[str, str],
    account: str | None,
    checkpoints: pulumi.Input[str] | None,
) -> dict[str, Any]:
    memory = f"{training.memory_gib}Gi"
    environment: dict[str, pulumi.Input[str]] = {
        **rendezvous(name, training),
        # User 1000 has no home in most images.
        "HOME": "/tmp",  # noqa: S108 - inside the container
        **({"CHECKPOINT_URI": checkpoints} if checkpoints is not None else {}),
    }
    container: dict[str, Any] = {
        "name": "worker",
        "image": training.image,
        **({"command": list(training.command)} if training.command else {}),
        **({"args": list(training.args)} if training.args else {}),
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "resources": {
            "requests": {"cpu": str(training.cpu), "memory": memory, **placed["gpus"], **devices},
            "limits": {"memory": memory, **placed["gpus"], **devices},
        },
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "shared-memory", "mountPath": "/dev/shm"}],  # noqa: S108 - inside the container
    }
    # Tmpfs takes half of the memory on any Linux machine; 64 MiB, a container's own, end NCCL and data loaders.
    half = {"medium": "Memory", "sizeLimit": f"{training.memory_gib * 512}Mi"}
    return {
        "schedulerName": SCHEDULER,
        "priorityClassName": training.priority.value,
        # A worker that failed is told to the job, whose policies restart all of them.
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "enableServiceLinks": False,
        "automountServiceAccountToken": False,
        **({"serviceAccountName": account} if account else {}),
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "tolerations": placed["tolerations"],
        "affinity": placed["affinity"],
        "containers": [container],
        "volumes": [{"name": "shared-memory", "emptyDir": half}],
    }


def rendezvous(name: str, training: Training) -> dict[str, str]:
    """Environment by which workers find each other: torchrun's own variables (torch, distributed/argparse_util.py:
    PET_<option>), and those that other launchers read. The worker's number is VC_TASK_INDEX, from Volcano."""
    first = f"{name}-worker-0.{name}"
    span = f"{training.least}:{training.workers}" if training.least < training.workers else str(training.workers)
    return {
        "MASTER_ADDR": first,
        "MASTER_PORT": str(PORT),
        "PET_NNODES": span,
        # A pod sees one device of a slice, and of a GPU that it shares.
        "PET_NPROC_PER_NODE": str(training.gpu.count or 1),
        "PET_RDZV_BACKEND": "c10d",
        "PET_RDZV_ENDPOINT": f"{first}:{PORT}",
        "PET_RDZV_ID": name,
    }


class TrainingJobArgs(TypedDict):
    """What a training job is made of."""

    tenant: str
    """The tenant, whose namespace and queue have the same name."""

    job: str
    """The job's name."""

    settings: dict[str, Any]
    """The job's settings as they stand in the stack file."""

    placement: Placement
    """Where the workers may run."""

    devices: dict[str, str]
    """What one worker asks for beside GPUs: network adapters and huge pages, by resource."""

    account: str | None
    """ServiceAccount of the workers."""

    pod_labels: dict[str, str]
    """Labels by which a cloud knows the workers."""


class TrainingJob(pulumi.ComponentResource):
    """Hands a training job to Volcano, and does not wait for its end. A change to it stops it and starts it anew."""

    def __init__(
        self,
        name: str,
        args: TrainingJobArgs,
        checkpoints: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """`checkpoints`: URI of the folder for checkpoints; None where the job keeps none."""
        super().__init__("multimodal:index:TrainingJob", name, dict(args), opts)
        tenant = args["tenant"]
        kubernetes.apiextensions.CustomResource(
            f"{name}-job",
            api_version="batch.volcano.sh/v1alpha1",
            kind="Job",
            metadata={"name": args["job"], "namespace": tenant, "labels": tenant_labels(tenant)},
            spec=training_job_spec(
                tenant,
                args["job"],
                Training.model_validate(args["settings"]),
                args["placement"],
                devices=args["devices"],
                account=args["account"],
                pod_labels=args["pod_labels"],
                checkpoints=checkpoints,
            ),
            # Volcano lets nothing but the number of workers change in a job.
            opts=pulumi.ResourceOptions(parent=self, replace_on_changes=["spec"], delete_before_replace=True),
        )
        self.register_outputs({})
