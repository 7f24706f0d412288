"""Runs a program as long as the Deployment that would run it is in the API server.

Some operators install the controllers that a rehearsal runs for real. They come when the operator has made their
Deployment, with the environment that it names, and go with it; simulated nodes run the Deployment's pods for the rest.
Whoever starts this starts it with a group of its own, in which the program is too.

    python -m rehearsal.attendant --kubeconfig FILE --deployment NAMESPACE/NAME [--folder FOLDER] \
        -- PROGRAM [ARGUMENT ...]
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from rehearsal.controllers.base import value
from rehearsal.kube import Kube, KubeError
from rehearsal.processes import die_with_parent

_LOOK_SECONDS = 0.5


def plain_environment(deployment: Mapping[str, Any]) -> dict[str, str]:
    """The variables of a Deployment's first container whose values it says itself: plain ones, and its namespace."""
    namespace = value(deployment, "metadata.namespace", "")
    containers: list[Any] = value(deployment, "spec.template.spec.containers", [])
    listed = cast("list[Mapping[str, Any]]", containers[0].get("env", []) if containers else [])
    of_pod = {
        one["name"]: namespace for one in listed if value(one, "valueFrom.fieldRef.fieldPath") == "metadata.namespace"
    }
    return of_pod | {one["name"]: str(one["value"]) for one in listed if "value" in one}


def attend(api: Kube, path: str, command: Sequence[str], folder: Path | None = None) -> int:
    """Runs the command whenever the Deployment at `path` is there. Returns only when it ends while it should run.

    The environment of this process comes before the Deployment's: addresses here are others.
    """
    running: subprocess.Popen[bytes] | None = None
    while True:
        try:
            found = api.get(path)
        except KubeError:
            time.sleep(_LOOK_SECONDS)
            continue
        if found is not None and running is None:
            environment = {**plain_environment(found), **os.environ}
            running = subprocess.Popen(command, env=environment, cwd=folder, preexec_fn=die_with_parent)
        elif running is not None and (found is None or value(found, "metadata.deletionTimestamp")):
            running.terminate()
            running.wait()
            running = None
        elif running is not None and running.poll() is not None:
            # It may have lost what it works on a moment before its Deployment goes.
            time.sleep(2 * _LOOK_SECONDS)
            if api.get(path) is not None:
                return running.returncode or 1
            running = None
        time.sleep(_LOOK_SECONDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.attendant", description="Attends a Deployment.")
    parser.add_argument("--kubeconfig", type=Path, required=True)
    parser.add_argument("--deployment", required=True, metavar="NAMESPACE/NAME")
    parser.add_argument("--folder", type=Path, help="where the program runs")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    namespace, _, name = str(options.deployment).partition("/")
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
    return attend(Kube.from_kubeconfig(options.kubeconfig), path, options.command, options.folder)


if __name__ == "__main__":
    sys.exit(main())
