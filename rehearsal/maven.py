"""Fetches the jars of a Java program with Maven, as pinned: a pom, and the checksum of every jar beside it."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from rehearsal.gobuild import ToolchainError, disk_full, run_with_heartbeat

MINIMUM_JAVA = 17
"""The oldest Java that runs Kafka's broker."""
CHECKSUMS = "jars.sha256"
"""File beside the pom: `<SHA-256>  <name>` of each jar."""


def java(env: Mapping[str, str] | None = None) -> str:
    """The `java` command: that of JAVA_HOME, else of PATH."""
    found = os.environ if env is None else env
    home = found.get("JAVA_HOME")
    own = Path(home) / "bin" / "java" if home else None
    return str(own) if own and own.exists() else shutil.which("java", path=found.get("PATH", "")) or "java"


def lacking(env: Mapping[str, str], *, fetched: bool) -> str:
    """Why a Java program cannot be run on this machine; empty where it can be.

    Args:
        env: Environment with PATH and perhaps JAVA_HOME.
        fetched: Whether its jars are in the cache already: Maven is not needed then.
    """
    program = java(env)
    try:
        reply = subprocess.run([program, "-version"], env=dict(env), capture_output=True, text=True, check=False)
    except OSError:
        return f"Java is not installed (no `java` on PATH): install a JRE of version {MINIMUM_JAVA} or newer"
    version = re.search(r'version "(\d+)', reply.stderr + reply.stdout)
    if reply.returncode != 0 or version is None:
        return f"`{program} -version` does not work: install a JRE of version {MINIMUM_JAVA} or newer"
    if int(version[1]) < MINIMUM_JAVA:
        return f"Java {version[1]} at {program} is too old: install a JRE of version {MINIMUM_JAVA} or newer"
    if not fetched and shutil.which("mvn", path=env.get("PATH", "")) is None:
        return "Maven is not installed (no `mvn` on PATH), and its jars are fetched with it: install Maven"
    return ""


def fetch(label: str, module: Path, into: Path, env: Mapping[str, str], log: Path, beat: Callable[[str], None]) -> None:
    """Copy a pom's jars, with all that they need, into a folder.

    Raises:
        ToolchainError: when Maven cannot fetch them, or a jar is not the pinned one.
    """
    command = ["mvn", "--batch-mode", "--strict-checksums", "--no-transfer-progress", f"--file={module / 'pom.xml'}"]
    command += ["dependency:copy-dependencies", f"-DoutputDirectory={into}"]
    if run_with_heartbeat(command, cwd=into, env=env, log=log, beat=beat) != 0:
        text = log.read_text(errors="replace")
        if "no space left on device" in text.lower():
            raise disk_full(label, into)
        said = [line.removeprefix("[ERROR] ") for line in text.splitlines() if line.startswith("[ERROR] ")]
        raise ToolchainError(f"{label}: Maven could not fetch its jars: {said[0] if said else 'it said nothing'}")
    wanted = _pinned(module)
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in into.glob("*.jar")}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise ToolchainError(f"{label}: {name} is not the jar that {CHECKSUMS} pins")


def whole(module: Path, folder: Path) -> bool:
    """Whether a folder has every jar that is pinned."""
    return all((folder / name).is_file() for name in _pinned(module))


def _pinned(module: Path) -> dict[str, str]:
    """Name of each jar -> its checksum."""
    lines = (line.split() for line in (module / CHECKSUMS).read_text().splitlines() if line)
    return {name: checksum for checksum, name in lines}
