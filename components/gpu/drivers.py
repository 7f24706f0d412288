"""What driver ownership means: one plan that sets node pool, operator values and runtime class together.

Sources: NVIDIA cloud-native-docs, gpu-operator pages for EKS, GKE and AKS; gpu-operator issues 1679 (the toolkit
breaks containerd on GKE 1.33 and later unless it takes the runtime's configuration from its file), 1623 (no driver
container for Container-Optimized OS) and 525 (two owners on AKS).
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from components.settings.sections import Allocation, DriverOwner


class PoolDriver(StrEnum):
    """What a node pool is told about the driver, in the provider's own terms."""

    EKS_NVIDIA_IMAGE = "AL2023_x86_64_NVIDIA"
    """EKS `amiType`: Amazon Linux 2023 with driver and toolkit."""

    GKE_INSTALLATION_DISABLED = "INSTALLATION_DISABLED"
    """GKE `gpuDriverVersion`: the automatic installer rides on Google's device plugin, which the operator replaces,
    so it is off and Google's installer runs as a DaemonSet of its own."""

    AKS_NONE = "None"
    """AKS `gpuProfile.driver`: nothing is installed."""

    AKS_INSTALL = "Install"
    """AKS `gpuProfile.driver`: Azure installs driver and toolkit."""

    AS_FOUND = "as-found"
    """An existing cluster's nodes are not ours to configure."""


@dataclass(frozen=True, slots=True)
class DriverPlan:
    """Everything that depends on who owns the driver."""

    owner: DriverOwner
    pool: PoolDriver
    runtime_class: str
    """RuntimeClass that GPU pods use."""

    operator_values: dict[str, Any]
    """Values of the gpu-operator chart."""

    node_labels: dict[str, str] = field(default_factory=dict[str, str])
    """Labels that GPU pools need for it."""

    driver_root: str = "/"
    """Where the driver lies on a node."""

    allocation: Allocation = Allocation.DEVICE_PLUGIN
    """How pods get GPUs."""

    google_installer: bool = False
    """Whether Google's driver installer is deployed as a DaemonSet."""

    critical_pods_quota: bool = False
    """Whether the operator's namespace needs a ResourceQuota before it may run node-critical pods (GKE)."""


GKE_DRIVER_DIR = "/home/kubernetes/bin/nvidia"
"""Where Google's installer puts the driver: the root file system of Container-Optimized OS is read-only."""

GKE_DRA_LABEL = "cloud.google.com/gke-nvidia-gpu-dra-driver"
"""Node label by which GKE's autoscaler knows that a node's GPUs are claimed (GKE documentation, "Prepare GKE
infrastructure for DRA workloads")."""

OPERATOR_DRIVER_DIR = "/run/nvidia/driver"
"""Where the operator's driver container puts it (gpu-operator values.yaml, hostPaths.driverInstallDir)."""

_PREINSTALLED: dict[str, Any] = {"driver": {"enabled": False}, "toolkit": {"enabled": False}}
_RUNTIME_CONFIG_FROM_FILE = [{"name": "RUNTIME_CONFIG_SOURCE", "value": "file"}]

_PLANS: dict[tuple[str, DriverOwner], DriverPlan] = {
    ("eks", DriverOwner.IMAGE): DriverPlan(
        DriverOwner.IMAGE,
        PoolDriver.EKS_NVIDIA_IMAGE,
        "nvidia",
        {**_PREINSTALLED, "operator": {"runtimeClass": "nvidia"}},
    ),
    ("gke", DriverOwner.CLOUD): DriverPlan(
        DriverOwner.CLOUD,
        PoolDriver.GKE_INSTALLATION_DISABLED,
        "nvidia",
        {
            "driver": {"enabled": False},
            "toolkit": {"enabled": True, "installDir": GKE_DRIVER_DIR, "env": _RUNTIME_CONFIG_FROM_FILE},
            "hostPaths": {"driverInstallDir": GKE_DRIVER_DIR},
            "operator": {"runtimeClass": "nvidia"},
            "cdi": {"enabled": True},
            # The driver stays loaded on Container-Optimized OS, so MIG mode changes only with a reboot.
            "migManager": {"env": [{"name": "WITH_REBOOT", "value": "true"}]},
        },
        driver_root=GKE_DRIVER_DIR,
        node_labels={"gke-no-default-nvidia-gpu-device-plugin": "true"},
        google_installer=True,
        critical_pods_quota=True,
    ),
    ("aks", DriverOwner.OPERATOR): DriverPlan(
        DriverOwner.OPERATOR,
        PoolDriver.AKS_NONE,
        "nvidia",
        {
            "driver": {"enabled": True},
            "toolkit": {"enabled": True, "env": _RUNTIME_CONFIG_FROM_FILE},
            "operator": {"runtimeClass": "nvidia"},
        },
        driver_root=OPERATOR_DRIVER_DIR,
    ),
    ("aks", DriverOwner.CLOUD): DriverPlan(
        DriverOwner.CLOUD,
        PoolDriver.AKS_INSTALL,
        "nvidia-container-runtime",
        {**_PREINSTALLED, "operator": {"runtimeClass": "nvidia-container-runtime"}},
    ),
    ("existing", DriverOwner.IMAGE): DriverPlan(
        DriverOwner.IMAGE, PoolDriver.AS_FOUND, "nvidia", {**_PREINSTALLED, "operator": {"runtimeClass": "nvidia"}}
    ),
    ("existing", DriverOwner.OPERATOR): DriverPlan(
        DriverOwner.OPERATOR,
        PoolDriver.AS_FOUND,
        "nvidia",
        {"driver": {"enabled": True}, "toolkit": {"enabled": True}, "operator": {"runtimeClass": "nvidia"}},
        driver_root=OPERATOR_DRIVER_DIR,
    ),
}


def driver_plan(provider: str, owner: DriverOwner, allocation: Allocation = Allocation.DEVICE_PLUGIN) -> DriverPlan:
    """The plan for `owner` on `provider`, one of `allowed_drivers`, whose pods get GPUs by `allocation`."""
    plan = _PLANS[provider, owner]
    labels = dict(plan.node_labels)
    if provider == "gke" and allocation is Allocation.DRA:
        labels[GKE_DRA_LABEL] = "true"
    return replace(plan, allocation=allocation, node_labels=labels)
