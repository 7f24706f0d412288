"""How a GPU pool's machines are bought, and in which zones they can be: plain values for its node group."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from components.cluster.pools import GpuPoolArgs
from components.settings.pools import Capacity


class Purchase(NamedTuple):
    """What a node group and its launch template say about the purchase."""

    capacity_type: str
    """EKS API, CapacityTypes."""

    instance_types: list[str] | None
    """None: the machine stands in the launch template."""

    template: dict[str, Any]
    """Further arguments of the launch template."""


def bought(pool: GpuPoolArgs) -> Purchase:
    """A reservation is a `cr-...` id, or the ARN of a resource group of several.

    Sources: EKS user guide, managed node groups with capacity blocks and with capacity reservations.

    Raises `ValueError` for a way of buying that AWS does not have, and for a reservation that is missing.
    """
    capacity, machine = Capacity(pool["capacity"]), pool["machine"]
    match capacity:
        case Capacity.ON_DEMAND:
            return Purchase("ON_DEMAND", [machine], {})
        case Capacity.SPOT:
            return Purchase("SPOT", [machine], {})
        case Capacity.RESERVED:
            return Purchase("ON_DEMAND", [machine], _target(pool))
        case Capacity.CAPACITY_BLOCK:
            block = {"instance_type": machine, "instance_market_options": {"market_type": "capacity-block"}}
            return Purchase("CAPACITY_BLOCK", None, {**block, **_target(pool)})
        case Capacity.FLEX_START:
            raise ValueError("capacity flex-start is Google Cloud's; on AWS a capacity-block is booked ahead")


def _target(pool: GpuPoolArgs) -> dict[str, Any]:
    reservation = pool["reservation"]
    if not reservation:
        raise ValueError(f"capacity {pool['capacity']} needs the reservation's id, such as cr-0123456789abcdef0")
    key = "capacity_reservation_resource_group_arn" if reservation.startswith("arn:") else "capacity_reservation_id"
    return {"capacity_reservation_specification": {"capacity_reservation_target": {key: reservation}}}


def pool_zones(name: str, pool: GpuPoolArgs, zones: Sequence[str]) -> list[str]:
    """The zones of a pool out of the cluster's.

    Raises `ValueError` for a zone that the cluster is not in, and for more than one where only one will do: a
    reservation lies in one, and machines of a fast network are close together in one.
    """
    path = f"cluster.gpuPools.{name}.zones"
    chosen = pool["zones"] or list(zones)
    unknown = [zone for zone in chosen if zone not in zones]
    if unknown:
        raise ValueError(f"{path}: the cluster is not in {', '.join(unknown)}; choose among {', '.join(zones)}")
    if len(chosen) > 1 and (pool["fast_network"] or pool["reservation"]):
        why = "fastNetwork puts all machines in one zone" if pool["fast_network"] else "a reservation lies in one zone"
        raise ValueError(f"{path}: {', '.join(chosen)}: {why}; name that one")
    return chosen
