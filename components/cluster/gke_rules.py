"""What GKE's own rules make of a pool or a window. Plain values in and out.

Sources: container API v1beta1 (discovery document), GKE pages "Flex-start", "Configure automated networking for
accelerator VMs", "Define compact placement", "Maintenance windows and exclusions", and the preconditions of
GoogleCloudPlatform/cluster-toolkit modules/compute/gke-node-pool.
"""

import datetime
import math
import re
from typing import TypedDict

from components.catalog.machines import Cloud, machine
from components.catalog.machines_gcp import RDMA
from components.cluster.pools import GpuPoolArgs
from components.settings.pools import Capacity

LONGEST_FLEX_START = "604800s"
"""Seven days: a flex-start machine never runs longer (GKE page "Flex-start")."""

_HYPERDISK_ONLY = re.compile(r"^(a3-ultragpu|a4x?|g4|[cn]4[ad]?)-")
_LOCAL_SSD_GIB = 375
"""Size of every local disk of the catalog's machines (Compute Engine, local SSD)."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_A_MONDAY = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)


class MaintenanceWindow(TypedDict):
    """A recurring window as the container API takes it (RecurringTimeWindow)."""

    start: str
    """First beginning, RFC 3339 in UTC. The date itself means nothing; weekday and hour do."""

    end: str
    """First end."""

    recurrence: str
    """An RFC 5545 rule."""


def maintenance_window(day: str, start_hour: int, hours: int) -> MaintenanceWindow:
    """One window a week that begins on `day` (in English) at `start_hour` UTC.

    Settings see to it that `hours` is as long as GKE wants.
    """
    start = _A_MONDAY + datetime.timedelta(days=_DAYS.index(day), hours=start_hour)
    end = start + datetime.timedelta(hours=hours)
    form = "%Y-%m-%dT%H:%M:%SZ"
    return {
        "start": start.strftime(form),
        "end": end.strftime(form),
        "recurrence": f"FREQ=WEEKLY;BYDAY={day[:2].upper()}",
    }


def boot_disk_type(machine_type: str) -> str:
    """The boot disk of `machine_type`: newer families take Hyperdisk only (Compute Engine, machine families)."""
    return "hyperdisk-balanced" if _HYPERDISK_ONLY.match(machine_type) else "pd-balanced"


def gke_accelerator(machine_type: str) -> str:
    """GKE's name of the GPU in `machine_type`, which has one. Raises `UnknownMachine`."""
    found = machine(Cloud.GCP, machine_type).gke_accelerator
    assert found is not None  # noqa: S101 - narrows the type: settings let only GPU machines into a GPU pool
    return found


def local_ssds(machine_type: str) -> int:
    """Local disks that come with `machine_type`; 0 where there are none or they are optional. Raises
    `UnknownMachine`."""
    return machine(Cloud.GCP, machine_type).local_nvme_gib // _LOCAL_SSD_GIB


def first_size(smallest: int, zones: int) -> int:
    """Nodes per zone that a pool begins with: rounded up, so that its smallest size is there at once."""
    return math.ceil(smallest / max(1, zones))


def gpudirect(pool: GpuPoolArgs) -> str | None:
    """The GPUDirect strategy that GKE sets up on the node: RDMA on A3 Ultra and A4, the API's only value."""
    rdma = machine(Cloud.GCP, pool["machine"]).fast_network == RDMA
    return "RDMA" if pool["fast_network"] and rdma else None


def network_labels(pool: GpuPoolArgs) -> dict[str, str]:
    """The label that has GKE offer RDMA cards to resource claims, of the class `mrdma.google.com`.

    Without it GKE offers them through Network objects of its multi-network API; a node has one or the other (GKE
    documentation, "Allocate network resources by using GKE managed DRANET"). A3 Mega keeps the latter: it has no RDMA.
    """
    return {"cloud.google.com/gke-networking-dra-driver": "true"} if gpudirect(pool) else {}


def compact(pool: GpuPoolArgs) -> bool:
    """Whether GKE is asked to place the pool's machines close together.

    Not those of a reservation: where they are was settled when it was made, and a placement policy of ours would only
    fail to match it.
    """
    return pool["fast_network"] and pool["capacity"] != Capacity.RESERVED
