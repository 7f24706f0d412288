"""Lays the rehearsal's provider plugins in a private `PULUMI_HOME`, where the engine finds them without a download.

The engine asks for the version that the program's SDK package was generated from and takes exactly the folder
`plugins/resource-<name>-v<version>` (pulumi/pulumi v3.259.0, sdk/go/common/workspace/plugins.go,
SelectCompatiblePlugin). A `pulumi-resource-<name>` on PATH would come first and raise a warning; set
`PULUMI_IGNORE_AMBIENT_PLUGINS=true`.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Final

PLUGINS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "kubernetes": ("pulumi-kubernetes", "rehearsal.providers.kubernetes"),
        "aws": ("pulumi-aws", "rehearsal.providers.aws"),
        "gcp": ("pulumi-gcp", "rehearsal.providers.gcp"),
        "azure-native": ("pulumi-azure-native", "rehearsal.providers.azure_native"),
        "random": ("pulumi-random", "rehearsal.providers.random"),
    }
)
"""Provider name: the SDK's distribution, and the module that serves the provider when it is run."""
_ROOT: Final = Path(__file__).resolve().parents[2]


def sdk_version(distribution: str) -> str:
    """Version of the plugin that an installed SDK package asks the engine for, without a leading v.

    Raises:
        RuntimeError: when the SDK is not installed.
    """
    try:
        package = metadata.distribution(distribution)
    except metadata.PackageNotFoundError as error:
        raise RuntimeError(f"{distribution} is not installed: run `pip install -r requirements.txt`") from error
    # A pre-release has another spelling in Python than in the engine; the SDK carries the engine's own.
    declared = Path(str(package.locate_file(distribution.replace("-", "_")))) / "pulumi-plugin.json"
    if declared.is_file():
        return str(json.loads(declared.read_text(encoding="utf-8"))["version"]).removeprefix("v")
    return package.version


def install(pulumi_home: Path, python: Path, *, official: frozenset[str] = frozenset()) -> None:
    """Writes a launcher for every plugin; running it again changes nothing.

    Args:
        pulumi_home: The folder that the engine is given as `PULUMI_HOME`. Other versions of these plugins in it go.
        python: Interpreter with the project's requirements.
        official: Names of providers for which the user's own official plugin in `~/.pulumi`, if it is there in the
            right version, is used instead.

    Raises:
        RuntimeError: when an SDK package is not installed.
        OSError: when the folder cannot be written.
    """
    for name, (distribution, module) in PLUGINS.items():
        folder = pulumi_home / "plugins" / f"resource-{name}-v{sdk_version(distribution)}"
        for stale in folder.parent.glob(f"resource-{name}-v*"):
            if stale.name.removesuffix(".lock") != folder.name:
                _remove(stale)
        ready_made = Path.home() / ".pulumi" / "plugins" / folder.name
        if name in official and (ready_made / f"pulumi-resource-{name}").is_file():
            _remove(folder)
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.symlink_to(ready_made, target_is_directory=True)
        else:
            _write_launcher(folder, name, module, python)


def _write_launcher(folder: Path, name: str, module: str, python: Path) -> None:
    text = (
        "#!/bin/sh\n"
        f"# Starts the rehearsal's {name} provider; written by rehearsal/providers/install.py.\n"
        f'PYTHONPATH={shlex.quote(str(_ROOT))}"${{PYTHONPATH:+:$PYTHONPATH}}"\n'
        "export PYTHONPATH\n"
        f'exec {shlex.quote(str(python))} -m {module} "$@"\n'
    )
    if folder.is_symlink():
        folder.unlink()  # never write into the user's own plugins
    folder.mkdir(parents=True, exist_ok=True)
    launcher = folder / f"pulumi-resource-{name}"
    if not launcher.is_file() or launcher.read_text(encoding="utf-8") != text:
        # Renamed into place: an engine that is starting the plugin sees the old launcher or the new one.
        partial = launcher.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        partial.chmod(0o755)
        partial.replace(launcher)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
