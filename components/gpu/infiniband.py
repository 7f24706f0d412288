"""InfiniBand for pods on AKS: what NVIDIA's Network Operator is told, and what nodes need beside it. Pure.

Sources: Azure/aks-rdma-infiniband (configs/nicclusterpolicy, tests/setup-infra), Microsoft's reference for ND sizes;
Mellanox/network-operator v26.4.1 (api/v1alpha1/nicclusterpolicy_types.go, manifests/state-ofed-driver,
manifests/state-sriov-device-plugin).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from components.catalog.images import BUSYBOX, NIC_DRIVER, NIC_PLUGIN, Image, Lock, image_values
from components.gpu.pause import pause
from components.helm import merge
from components.labels import GPU_POOL
from components.manifest import Spec
from components.settings.supply import INFINIBAND

POLICY = "nic-cluster-policy"
"""The only name that the operator looks at."""

MELLANOX = "15b3"
"""PCI vendor id of the cards."""

_PREFIX, _NAME = INFINIBAND.split("/")


def network_operator_values(version: str, lock: Mapping[str, str], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Values of the network-operator chart, without a feature discovery: the GPU Operator brings the cluster's only one
    (NVIDIA, network-operator-docs, docs/platform-support.rst)."""
    base: dict[str, Any] = {
        # The rule would count Ethernet cards of the same maker, which Azure has everywhere.
        "nfd": {"enabled": False, "deployNodeFeatureRules": False},
    }
    return merge(image_values("network-operator", lock, version), base, extra)


def nic_cluster_policy(pools: Iterable[str], taints: Iterable[str], lock: Lock) -> Spec:
    """Spec of the NicClusterPolicy: the cards' driver, and a plugin that gives each card to one pod.

    A newer driver comes node by node, once gangs of pods there are done; what else runs there is moved.
    """
    cards = {
        "resourcePrefix": _PREFIX,
        "resourceName": _NAME,
        # With isRdma a pod gets the card's /dev/infiniband.
        "selectors": {"vendors": [MELLANOX], "linkTypes": ["infiniband"], "isRdma": True},
    }
    return {
        "nodeAffinity": in_pools(pools)["nodeAffinity"],
        "tolerations": [{"key": key, "operator": "Exists"} for key in taints],
        "ofedDriver": {
            **_image(NIC_DRIVER, lock),
            "upgradePolicy": {
                "autoUpgrade": True,
                "maxParallelUpgrades": 1,
                "waitForCompletion": {"podSelector": "volcano.sh/job-name", "timeoutSeconds": 0},
                "drain": {"enable": True, "deleteEmptyDir": True, "timeoutSeconds": 300},
            },
        },
        "sriovDevicePlugin": {
            **_image(NIC_PLUGIN, lock),
            "config": json.dumps({"resourceList": [cards]}, sort_keys=True),
        },
    }


def _image(image: Image, lock: Lock) -> Spec:
    """The image as the operator spells it: it joins the parts by "/" and ":" (pkg/render/render.go, imagePath)."""
    repository, _, name = image.repository.rpartition("/")
    tagged = f"{image.registry}/{image.repository}:"
    return {
        "repository": f"{image.registry}/{repository}",
        "image": name,
        "version": image.reference(lock).removeprefix(tagged),
    }


def in_pools(pools: Iterable[str]) -> Spec:
    """Affinity to the nodes of these pools, and to no other."""
    term = {"matchExpressions": [{"key": GPU_POOL, "operator": "In", "values": sorted(pools)}]}
    return {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}}}


_DROP_IN = "/etc/systemd/system/containerd.service.d/90-locked-memory.conf"

_LIFT = f"""set -e
mkdir -p {_DROP_IN.rpartition("/")[0]}
printf '[Service]\\nLimitMEMLOCK=infinity\\n' > {_DROP_IN}
systemctl daemon-reload
prlimit --memlock=unlimited --pid "$(systemctl show --property MainPID --value containerd)"
"""
"""The drop-in counts from containerd's next start (the GPU Operator's toolkit restarts it), prlimit from now on."""


def locked_memory(pools: Iterable[str], taints: Iterable[str], lock: Lock) -> Spec:
    """Spec of a DaemonSet that lets pods lock as much memory as they have, which cards need for their buffers.

    A pod inherits the limit of containerd, on AKS some KiB or MiB. The usual answer, the capability IPC_LOCK, does
    nothing for a process that is not root (NVIDIA/nvidia-container-toolkit#2037), and Pod Security forbids it to
    tenants; AKS has no setting for the limit, and leaves such things to DaemonSets (AKS documentation, "Customize node
    configuration").
    """
    labels = {"app.kubernetes.io/name": "locked-memory"}
    return {
        "selector": {"matchLabels": labels},
        "template": {
            "metadata": {"labels": labels},
            "spec": {
                "priorityClassName": "system-node-critical",
                "automountServiceAccountToken": False,
                "affinity": in_pools(pools),
                "tolerations": [{"key": key, "operator": "Exists"} for key in taints],
                "hostPID": True,
                "initContainers": [
                    {
                        "name": "lift",
                        "image": BUSYBOX.reference(lock),
                        "command": ["nsenter", "-t", "1", "-m", "-u", "-i", "-n", "-p", "--", "sh", "-c", _LIFT],
                        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
                        "securityContext": {"privileged": True},
                    }
                ],
                "containers": [pause(lock)],
            },
        },
    }
