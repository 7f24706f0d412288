"""The program: settings in, platform out."""

from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG

from components.catalog.images import load_lock
from components.platform import Platform
from components.settings import SettingsError, load


def main() -> None:
    """Builds the stack's platform. A mistake in the stack file ends here, before any resource is registered."""
    stack = pulumi.get_stack()
    try:
        settings = load(CONFIG.get(), source=f"stack {stack}")
    except SettingsError as error:
        raise pulumi.RunError(str(error)) from None
    platform = Platform(stack, settings, load_lock(Path(__file__).with_name("images.lock")))
    pulumi.export("cluster", platform.cluster_name)
    pulumi.export("tenants", platform.tenants)
    pulumi.export("gpuSupply", platform.gpu_supply)


main()
