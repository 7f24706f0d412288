"""The program: settings in, platform out."""

from datetime import date
from pathlib import Path

import pulumi
from pulumi.runtime.config import CONFIG

from components.catalog.images import LockError, load_lock
from components.cluster.kubeconfig import KubeconfigError
from components.platform import Platform
from components.settings import SettingsError, load
from components.settings.advice import advice


def main() -> None:
    """Builds the stack's platform. A mistake in the stack file ends here, before any resource is registered."""
    stack = pulumi.get_stack()
    try:
        settings = load(CONFIG.get(), source=f"stack {stack}")
        lock = load_lock(Path(__file__).with_name("images.lock"))
        for warning in advice(settings, date.today()):
            pulumi.log.warn(warning)
        platform = Platform(stack, settings, lock)
    except (SettingsError, LockError, KubeconfigError) as error:
        raise pulumi.RunError(str(error)) from None
    pulumi.export("cluster", platform.cluster_name)
    pulumi.export("tenants", platform.tenants)
    pulumi.export("gpuSupply", platform.gpu_supply)
    pulumi.export("modelDensity", platform.density)
    pulumi.export("eventStorage", platform.event_storage)
    pulumi.export("layouts", platform.layouts)


main()
