"""What AKS upgrades by itself, and when."""

from typing import TypedDict

import pulumi
from pulumi_azure_native import containerservice

SCHEDULES = {"versions": "aksManagedAutoUpgradeSchedule", "images": "aksManagedNodeOSUpgradeSchedule"}
"""What is upgraded -> the name under which AKS looks for its window (AKS documentation, planned maintenance). Without
them AKS upgrades at any hour."""

MOVING_CHANNELS = ("stable", "rapid")
"""Channels that take a cluster to the next minor version."""


class MaintenanceArgs(TypedDict):
    """One window a week, in UTC."""

    day: str
    """Monday to Sunday."""

    start_hour: int
    """0 to 23."""

    hours: int
    """Length, 4 to 24."""


def maintenance_window(args: MaintenanceArgs) -> containerservice.MaintenanceWindowArgs:
    """The window in AKS' words. Source: container service API, MaintenanceWindow."""
    return containerservice.MaintenanceWindowArgs(
        schedule=containerservice.ScheduleArgs(
            weekly=containerservice.WeeklyScheduleArgs(day_of_week=args["day"], interval_weeks=1)
        ),
        start_time=f"{args['start_hour']:02}:00",
        utc_offset="+00:00",
        duration_hours=args["hours"],
    )


def image_channel(upgrade_channel: str) -> str:
    """How node images move under an upgrade channel.

    Security patches come without a new image and mostly without a reboot. The channel node-image says itself that
    images are replaced, and AKS takes no other answer beside it.
    """
    return "NodeImage" if upgrade_channel == "node-image" else "SecurityPatch"


def moved_by_channel(upgrade_channel: str, version_property: str) -> list[str]:
    """Properties that AKS changes by itself, which an update must not take back: under `stable` and `rapid` versions
    run ahead of the stack file, and AKS refuses to go back."""
    return [version_property] if upgrade_channel in MOVING_CHANNELS else []


def keep_to_window(
    name: str,
    args: MaintenanceArgs,
    *,
    group: pulumi.Output[str],
    cluster: pulumi.Output[str],
    parent: pulumi.Resource,
) -> list[pulumi.Resource]:
    """Hold upgrades of versions and of node images to the window."""
    return [
        containerservice.MaintenanceConfiguration(
            f"{name}-upgrades-{what}",
            config_name=schedule,
            resource_group_name=group,
            resource_name_=cluster,
            maintenance_window=maintenance_window(args),
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for what, schedule in SCHEDULES.items()
    ]
