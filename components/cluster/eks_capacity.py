"""How a GPU pool's machines are bought: plain values for its node group."""

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
    """How `pool` is bought. Reserved machines come out of their reservation and from nowhere else.

    Sources: EKS user guide, managed node groups with capacity blocks and with capacity reservations.
    """
    capacity, machine = Capacity(pool["capacity"]), pool["machine"]
    target = {
        "capacity_reservation_specification": {
            "capacity_reservation_target": {"capacity_reservation_id": pool["reservation"]}
        }
    }
    if capacity is Capacity.CAPACITY_BLOCK:
        block = {"instance_type": machine, "instance_market_options": {"market_type": "capacity-block"}}
        return Purchase("CAPACITY_BLOCK", None, {**block, **target})
    kind = "SPOT" if capacity is Capacity.SPOT else "ON_DEMAND"
    return Purchase(kind, [machine], target if capacity is Capacity.RESERVED else {})
