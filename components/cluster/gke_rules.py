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
from components.cluster.pools import GpuPoolArgs
from components.settings.pools import Capacity

LONGEST_FLEX_START = "604800s"
"""Seven days: a flex-start machine never runs longer (GKE page "Flex-start")."""

RDMA = "GPUDirect-RDMA"
"""Catalog's name of the network of A3 Ultra and A4."""

_HYPERDISK_ONLY = re.compile(r"^(a3-ultragpu|a4x?|g4|[cn]4[ad]?)-")
_AUTO_NETWORK = re.compile(r"^(a3-megagpu|a3-ultragpu|a4)-")
_COMPACT_FLEX_START = re.compile(r"^(a3-ultragpu|a4)-")
_LOCAL_SSD_GIB = 375
"""Size of every local disk of the catalog's machines (Compute Engine, local SSD)."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_A_MONDAY = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
SHORTEST_WEEKLY_WINDOW = 12
"""Hours. GKE refuses windows that leave fewer than 48 hours in any 32 days; those hold four weekly windows for sure."""


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

    It lasts `hours`, or twelve where that is less: GKE refuses a weekly window that is shorter. Raises `ValueError` for
    a day, hour or length that does not exist.
    """
    if day not in _DAYS:
        raise ValueError(f"{day} is no day of the week; choose one of {', '.join(_DAYS)}")
    if not 0 <= start_hour <= 23:
        raise ValueError(f"{start_hour} is no hour of the day; choose 0 to 23")
    if not 1 <= hours <= 24:
        raise ValueError(f"a window of {hours} hours; choose 1 to 24")
    start = _A_MONDAY + datetime.timedelta(days=_DAYS.index(day), hours=start_hour)
    end = start + datetime.timedelta(hours=max(hours, SHORTEST_WEEKLY_WINDOW))
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
    """GKE's name of the GPU in `machine_type`. Raises `UnknownMachine` or, without a GPU, `ValueError`."""
    found = machine(Cloud.GCP, machine_type).gke_accelerator
    if found is None:
        raise ValueError(f"{machine_type} has no GPU; a GPU pool needs a machine type that has, such as g2-standard-8")
    return found


def local_ssds(machine_type: str) -> int:
    """Local disks that come with `machine_type`; 0 where there are none or they are optional. Raises
    `UnknownMachine`."""
    return machine(Cloud.GCP, machine_type).local_nvme_gib // _LOCAL_SSD_GIB


def first_size(smallest: int, zones: int) -> int:
    """Nodes per zone that a pool begins with: rounded up, so that its smallest size is there at once."""
    return math.ceil(smallest / max(1, zones))


def reservation(name: str, pool: GpuPoolArgs) -> str | None:
    """The reservation that a pool takes its machines from, and from nowhere else; None: from none, not even an open
    one.

    Raises `ValueError` for a reserved pool that names none.
    """
    if pool["capacity"] != Capacity.RESERVED:
        return None
    if not pool["reservation"]:
        raise ValueError(f"pool {name}: capacity reserved needs the name of a Compute Engine reservation")
    return pool["reservation"]


def check_capacity(name: str, pool: GpuPoolArgs) -> None:
    """Raises `ValueError` for a way to buy machines that Google Cloud does not have, or that this pool cannot use."""
    if pool["capacity"] == Capacity.CAPACITY_BLOCK:
        raise ValueError(
            f"pool {name}: capacity blocks are AWS's; on Google Cloud take reserved, with a future reservation, or "
            "flex-start"
        )
    if pool["capacity"] == Capacity.FLEX_START and pool["min_nodes"]:
        raise ValueError(
            f"pool {name}: {pool['min_nodes']} nodes at least, but flex-start machines come when there are some and go "
            "after seven days; set minNodes to 0"
        )


def network_profile(name: str, pool: GpuPoolArgs) -> str | None:
    """The accelerator network profile of a pool for multi-node jobs: GKE then makes the networks of its GPUs' cards.

    None for a pool without fast network. Raises `ValueError` for machines that GKE has no profile for, and for a pool
    that is not in exactly one zone.
    """
    if not pool["fast_network"]:
        return None
    if not _AUTO_NETWORK.match(pool["machine"]):
        raise ValueError(
            f"pool {name}: GKE wires a3-megagpu, a3-ultragpu and a4 machines for multi-node jobs by itself, and not "
            f"{pool['machine']}; take one of those, or leave fastNetwork out"
        )
    if len(pool["zones"]) != 1:
        raise ValueError(
            f"pool {name}: a fast network lies in one zone, and the pool has {len(pool['zones'])}; name one, and make "
            "a pool of each further zone"
        )
    return "auto"


def gpudirect(pool: GpuPoolArgs) -> str | None:
    """The GPUDirect strategy that GKE sets up on the node: RDMA on A3 Ultra and A4, the API's only value."""
    rdma = machine(Cloud.GCP, pool["machine"]).fast_network == RDMA
    return "RDMA" if pool["fast_network"] and rdma else None


def compact(pool: GpuPoolArgs) -> bool:
    """Whether GKE is asked to place the pool's machines close together.

    Not those of a reservation: where they are was settled when it was made, and a placement policy of ours would only
    fail to match it. Flex-start has compact placement on A3 Ultra and A4 only.
    """
    if not pool["fast_network"] or pool["capacity"] == Capacity.RESERVED:
        return False
    return pool["capacity"] != Capacity.FLEX_START or bool(_COMPACT_FLEX_START.match(pool["machine"]))
