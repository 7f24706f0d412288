"""Google's NVIDIA driver installer for Container-Optimized OS, as a DaemonSet of our own.

GKE's automatic installer is part of Google's device plugin DaemonSet. With the GPU Operator that plugin stays away
(node label `gke-no-default-nvidia-gpu-device-plugin`), so the installer has to run by itself, as NVIDIA's page on GKE
says. Facts (image, mounts, environment): GoogleCloudPlatform/container-engine-accelerators,
nvidia-driver-installer/cos.
Not taken over: its second step, which cuts MIG slices; the operator's MIG manager does that.
"""

from components.catalog.images import Lock
from components.gpu.drivers import GKE_DRIVER_DIR
from components.gpu.pause import pause
from components.manifest import Spec

INSTALLER_IMAGE = "cos-nvidia-installer:fixed"
"""Preloaded on every Container-Optimized OS node by GKE and never pulled; its content goes with the node image."""

_MOUNTS = {
    "nvidia-install-dir": (GKE_DRIVER_DIR, "/usr/local/nvidia"),
    "vulkan-icd": (f"{GKE_DRIVER_DIR}/vulkan/icd.d", "/etc/vulkan/icd.d"),
    "dev": ("/dev", "/dev"),
    "root": ("/", "/root"),
    "cos-tools": ("/var/lib/cos-tools", "/build/cos-tools"),
}
"""Volume -> path on the host, path in the container."""


def google_installer(lock: Lock) -> Spec:
    """The DaemonSet's spec; `lock` pins its image by digest."""
    labels = {"app.kubernetes.io/name": "nvidia-driver-installer"}
    environment = {
        "NVIDIA_INSTALL_DIR_HOST": GKE_DRIVER_DIR,
        "NVIDIA_INSTALL_DIR_CONTAINER": "/usr/local/nvidia",
        "VULKAN_ICD_DIR_HOST": f"{GKE_DRIVER_DIR}/vulkan/icd.d",
        "VULKAN_ICD_DIR_CONTAINER": "/etc/vulkan/icd.d",
        "ROOT_MOUNT_DIR": "/root",
        "COS_TOOLS_DIR_HOST": "/var/lib/cos-tools",
        "COS_TOOLS_DIR_CONTAINER": "/build/cos-tools",
    }
    return {
        "selector": {"matchLabels": labels},
        "updateStrategy": {"type": "RollingUpdate"},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "priorityClassName": "system-node-critical",
                "automountServiceAccountToken": False,
                "affinity": {
                    "nodeAffinity": {
                        "requiredDuringSchedulingIgnoredDuringExecution": {
                            "nodeSelectorTerms": [
                                {
                                    "matchExpressions": [
                                        {"key": "cloud.google.com/gke-accelerator", "operator": "Exists"},
                                        # GKE's own installer is at work where this label names a version.
                                        {
                                            "key": "cloud.google.com/gke-gpu-driver-version",
                                            "operator": "NotIn",
                                            "values": ["default", "latest"],
                                        },
                                    ]
                                }
                            ]
                        }
                    }
                },
                "tolerations": [{"operator": "Exists"}],
                "hostNetwork": True,
                "hostPID": True,
                "volumes": [{"name": name, "hostPath": {"path": host}} for name, (host, _) in _MOUNTS.items()],
                "initContainers": [
                    {
                        "name": "install",
                        "image": INSTALLER_IMAGE,
                        "imagePullPolicy": "Never",
                        "resources": {"requests": {"cpu": "150m"}},
                        "securityContext": {"privileged": True},
                        "env": [{"name": key, "value": value} for key, value in environment.items()],
                        "volumeMounts": [{"name": name, "mountPath": path} for name, (_, path) in _MOUNTS.items()],
                    }
                ],
                "containers": [pause(lock)],
            },
        },
    }
