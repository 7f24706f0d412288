"""Checks of how a pool's machines are bought: capacity kinds and reservations, by cloud."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from components.catalog.azure_limits import reservable
from components.catalog.machines import Machine
from components.settings.cluster import AksCluster, CloudCluster
from components.settings.pools import Capacity, CloudGpuPool, EksGpuPool
from components.settings.problems import ABSENT, Path, Problem

LACKING: Mapping[tuple[str, Capacity], str] = {
    ("eks", Capacity.FLEX_START): "use capacity-block for a term that is booked ahead, or spot",
    ("gke", Capacity.CAPACITY_BLOCK): "use reserved with a reservation, or flex-start for machines that come together",
    ("aks", Capacity.CAPACITY_BLOCK): "use reserved with a capacity reservation group",
    ("aks", Capacity.FLEX_START): "use reserved with a capacity reservation group, or spot",
}
"""Provider and kind of capacity that it does not sell -> what to do instead."""

EMPTY_UNKNOWN = frozenset({"gke", "aks"})
"""Providers whose autoscaler takes no hints about extended resources of nodes that do not exist; on EKS the tags of the
Auto Scaling group give them."""

_BY_RESERVATION = (Capacity.RESERVED, Capacity.CAPACITY_BLOCK)
_IN_ONE_ZONE = {Capacity.RESERVED: "capacity reservation", Capacity.CAPACITY_BLOCK: "capacity block"}
"""What the EC2 API makes in one zone (CreateCapacityReservation, PurchaseCapacityBlock)."""


@dataclass(frozen=True, slots=True)
class ReservationForm:
    """How a cloud spells a reservation."""

    pattern: re.Pattern[str]
    called: str
    example: str


_GCP_NAME = r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?"

FORMS: Mapping[str, ReservationForm] = {
    "eks": ReservationForm(
        re.compile(r"cr-[0-9a-f]{8,17}"), "the id of an EC2 capacity reservation or block", "cr-0123456789abcdef0"
    ),
    "gke": ReservationForm(
        re.compile(
            rf"(?:projects/[a-z][-a-z0-9]{{4,28}}[a-z0-9]/reservations/)?{_GCP_NAME}(?:/reservationBlocks/{_GCP_NAME})?"
        ),
        "the name of a Compute Engine reservation, with its project where another one shares it",
        "h100-training or projects/acme-shared/reservations/h100-training",
    ),
    "aks": ReservationForm(
        re.compile(
            r"/subscriptions/[0-9a-f-]{36}/resourceGroups/[^/]+/providers/Microsoft\.Compute"
            r"/capacityReservationGroups/[^/]+",
            re.IGNORECASE,
        ),
        "the resource id of a capacity reservation group",
        "/subscriptions/<id>/resourceGroups/<group>/providers/Microsoft.Compute/capacityReservationGroups/<name>",
    ),
}
"""Provider -> its form. Sources: EC2 API (CapacityReservationId), GKE API (ReservationAffinity: reservations of other
projects and blocks of one), container service API (capacityReservationGroupID)."""


def buying_problems(cluster: CloudCluster, pool: CloudGpuPool, found: Machine, path: Path) -> Iterator[Problem]:
    """A kind of capacity that the cloud or the machine lacks, and reservations that do not go with it."""
    lacking = LACKING.get((cluster.provider, pool.capacity))
    if lacking is not None:
        sold = ", ".join(kind.value for kind in Capacity if (cluster.provider, kind) not in LACKING)
        yield Problem(
            (*path, "capacity"), pool.capacity.value, f"{cluster.provider} does not have it; {lacking}. Allowed: {sold}"
        )
        return
    yield from _reservation_problems(cluster, pool, path)
    if isinstance(cluster, AksCluster) and pool.capacity is Capacity.RESERVED and not reservable(found.name):
        yield Problem(
            (*path, "capacity"),
            pool.capacity.value,
            f"Azure takes no reservations of {found.name}, only of NCas T4 v3 and NC A100 v4; buy on-demand",
        )
    if cluster.provider in EMPTY_UNKNOWN and pool.min_nodes == 0 and (pool.mig or pool.time_slicing):
        yield Problem(
            (*path, "minNodes"),
            pool.min_nodes,
            f"{cluster.provider}'s autoscaler cannot know which slices or shared GPUs an empty pool would have, and"
            " would never start it; set minNodes: 1",
        )
    if not found.on_demand and pool.capacity in (Capacity.ON_DEMAND, Capacity.RESERVED):
        yield Problem(
            (*path, "capacity"),
            pool.capacity.value,
            f"{found.name} is sold as spot or flex-start only; choose one of them, or a whole machine of that family",
        )
    if pool.capacity is Capacity.FLEX_START and pool.min_nodes > 0:
        yield Problem(
            (*path, "minNodes"),
            pool.min_nodes,
            "flex-start machines come when a job asks for them and leave after seven days at most; set minNodes: 0",
        )
    if isinstance(pool, EksGpuPool) and pool.capacity in _BY_RESERVATION and len(pool.zones) != 1:
        yield Problem(
            (*path, "zones"),
            list(pool.zones),
            f"a {_IN_ONE_ZONE[pool.capacity]} lives in one zone; name exactly that zone",
        )


def _reservation_problems(cluster: CloudCluster, pool: CloudGpuPool, path: Path) -> Iterator[Problem]:
    form = FORMS[cluster.provider]
    key = (*path, "reservation")
    if pool.reservation is None:
        if pool.capacity in _BY_RESERVATION:
            yield Problem(
                key,
                ABSENT,
                f"missing; capacity {pool.capacity.value} needs {form.called}, such as {form.example};"
                " or buy on-demand",
            )
    elif pool.capacity not in _BY_RESERVATION:
        kinds = " or ".join(k.value for k in _BY_RESERVATION if (cluster.provider, k) not in LACKING)
        yield Problem(
            key,
            pool.reservation,
            f"capacity is {pool.capacity.value}, which takes none; set capacity: {kinds}, or drop it",
        )
    elif not form.pattern.fullmatch(pool.reservation):
        yield Problem(key, pool.reservation, f"must be {form.called}, such as {form.example}")
