"""The programs that a rehearsal runs, made once per user from pinned sources and kept in a cache.

Each tool has a module of its own in `rehearsal/tools/<tool>` (upstream projects pin conflicting dependencies, and each
wants its own `replace` lines): a Go module that is built, or a pom whose jars are fetched. What is made goes to
`<cache>/<tool>-<version>/`; a stamp in it carries a hash of the module files, so a changed pin is made anew. The folder
appears by one rename: it is whole or it is not there.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from rehearsal import downloads, maven
from rehearsal.gobuild import (
    Progress,
    ToolchainError,
    check_space,
    disk_full,
    explain_failure,
    find_go,
    is_disk_full,
    run_with_heartbeat,
    terminate_as_interrupt,
)
from rehearsal.tooltable import TOOLS, Jars, Tool

__all__ = ["TOOLS", "Jars", "Tool", "ToolchainError", "built", "cache_folder", "ensure", "is_built", "lacking"]

MODULES = Path(__file__).parent / "tools"
_STAMP = "stamp.json"


def cache_folder(env: Mapping[str, str]) -> Path:
    """`${XDG_CACHE_HOME:-~/.cache}/multimodal-platform`."""
    base = env.get("XDG_CACHE_HOME") or str(Path(env.get("HOME") or Path.home()) / ".cache")
    return Path(base) / "multimodal-platform"


def _stamp(tool: Tool | Jars, modules: Path) -> str:
    """What a cached build must have been made from to be used."""
    digest = hashlib.sha256()
    for name in ("pom.xml", maven.CHECKSUMS) if isinstance(tool, Jars) else ("go.mod", "go.sum"):
        digest.update((modules / tool.name / name).read_bytes())
    if isinstance(tool, Tool):
        made = [dict(tool.binaries), tool.ldflags, *map(asdict, tool.edits), *map(asdict, tool.data)]
        digest.update(json.dumps(made, sort_keys=True).encode())
    return digest.hexdigest()


def is_built(tool: Tool | Jars, env: Mapping[str, str] | None = None, modules: Path = MODULES) -> bool:
    """Whether the cache holds this tool, whole and made from the present module."""
    target = cache_folder(os.environ if env is None else env) / f"{tool.name}-{tool.version}"
    try:
        made_from = json.loads((target / _STAMP).read_text())["made_from"]
    except (OSError, ValueError, KeyError):
        return False
    if made_from != _stamp(tool, modules):
        return False
    if isinstance(tool, Jars):
        return maven.whole(modules / tool.name, target)
    return all(os.access(target / name, os.X_OK) for name in tool.binaries)


def built(name: str) -> Path | None:
    """The folder with a tool's programs in the cache, or None where it holds none that may be used."""
    tool = TOOLS[name]
    return cache_folder(os.environ) / f"{tool.name}-{tool.version}" if is_built(tool) else None


def lacking(name: str, env: Mapping[str, str] | None = None) -> str:
    """Why this machine cannot have a tool that a rehearsal can do without; empty where it can. Go is never optional."""
    tool = TOOLS[name]
    env = os.environ if env is None else env
    return maven.lacking(env, fetched=is_built(tool, env)) if isinstance(tool, Jars) else ""


def ensure(
    tools: Iterable[str],
    progress: Progress,
    *,
    env: Mapping[str, str] | None = None,
    table: Mapping[str, Tool | Jars] = TOOLS,
    modules: Path = MODULES,
) -> dict[str, Path]:
    """Provide tools by name, building what the cache lacks; returns tool -> folder with its programs.

    One build at a time: Go uses all cores itself. Two callers at once share one build (a lock per tool).

    Raises ToolchainError, and KeyboardInterrupt on Ctrl-C or SIGTERM after the compilers are gone.
    """
    env = os.environ if env is None else env
    folders: dict[str, Path] = {}
    missing: list[Tool | Jars] = []
    for name in dict.fromkeys(tools):
        tool = table[name]
        folder = _on_path(tool, env) if isinstance(tool, Tool) else None
        if folder is None and is_built(tool, env, modules):
            folder = cache_folder(env) / f"{tool.name}-{tool.version}"
        if folder is None:
            missing.append(tool)
        else:
            folders[name] = folder
    if missing:
        with terminate_as_interrupt():
            source = downloads.Source(env)
            for tool in missing:
                folders[tool.name] = _provide(tool, progress, env, modules, source)
    return folders


def _on_path(tool: Tool, env: Mapping[str, str]) -> Path | None:
    """The folder on PATH with a new enough version of the tool."""
    found = shutil.which(tool.path_version[0], path=env.get("PATH", "")) if tool.path_version else None
    if found is None:
        return None
    try:
        reply = subprocess.run(
            [found, *tool.path_version[1:]], env=dict(env), capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    numbers = re.search(r"v?(\d+)\.(\d+)\.(\d+)", reply.stdout)
    wanted = tuple(int(part) for part in tool.version.split("."))
    if reply.returncode == 0 and numbers and tuple(int(part) for part in numbers.groups()) >= wanted:
        return Path(found).parent
    return None


@contextlib.contextmanager
def _lock(path: Path, waiting: str, progress: Progress) -> Generator[None]:
    """Hold the lock file; the kernel frees it however its holder dies."""
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            progress(waiting)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _provide(
    tool: Tool | Jars, progress: Progress, env: Mapping[str, str], modules: Path, source: downloads.Source
) -> Path:
    """Download or build one tool under its lock and move it into place."""
    cache = cache_folder(env)
    label = f"{tool.name} {tool.version}"
    target = cache / f"{tool.name}-{tool.version}"
    prefix = f".{target.name}."
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _lock(cache / f"{target.name}.lock", f"waiting for another build of {label}", progress):
            if is_built(tool, env, modules):
                return target
            for left in cache.glob(f"{prefix}*"):
                shutil.rmtree(left, ignore_errors=True)
            work = Path(tempfile.mkdtemp(prefix=prefix, dir=cache))
            try:
                programs = work / "programs"
                programs.mkdir()
                how = _make(tool, programs, work, progress, env, modules, source)
                made = {"made_from": _stamp(tool, modules), "how": how}
                (programs / _STAMP).write_text(json.dumps(made))
                if target.exists():
                    target.rename(work / "outdated")
                programs.rename(target)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(label, cache) from error
        raise ToolchainError(
            f"{label}: cannot write the cache {cache}: {error.strerror}: set XDG_CACHE_HOME"
        ) from error
    return target


def _make(
    tool: Tool | Jars,
    programs: Path,
    work: Path,
    progress: Progress,
    env: Mapping[str, str],
    modules: Path,
    source: downloads.Source,
) -> str:
    """Fill a folder with a tool's programs; returns how: `release`, `built` or `fetched`."""
    if isinstance(tool, Jars):
        _fetch(tool, programs, work, progress, env, modules)
        return "fetched"
    if tool.release is not None and source.fetch(tool.release, tool.version, tool.binaries, programs):
        progress(f"downloaded {tool.name} {tool.version}, checksums match")
        return "release"
    _build(tool, programs, work, progress, env, modules)
    return "built"


def _fetch(tool: Jars, programs: Path, work: Path, progress: Progress, env: Mapping[str, str], modules: Path) -> None:
    label = f"{tool.name} {tool.version}"
    reason = maven.lacking(env, fetched=False)
    if reason:
        raise ToolchainError(f"{label}: {reason}")
    about = f"about {tool.minutes:.0f} min"
    repository = Path(env.get("HOME") or Path.home()) / ".m2"
    check_space({programs: tool.size_gib, repository: tool.cache_gib}, f"fetching {label}")
    progress(f"fetching {label} ({about}, once per user)")

    def beat(time_so_far: str) -> None:
        progress(f"  {label}: {time_so_far} of {about}")

    maven.fetch(label, modules / tool.name, programs, env, work / "maven.log", beat)
    progress(f"  {label}: done")


def _build(tool: Tool, programs: Path, work: Path, progress: Progress, env: Mapping[str, str], modules: Path) -> None:
    go = find_go(env)
    label = f"{tool.name} {tool.version}"
    about = f"about {tool.minutes:.0f} min"
    home = Path(env.get("HOME") or Path.home())
    build_cache = Path(env.get("GOCACHE") or Path(env.get("XDG_CACHE_HOME") or home / ".cache") / "go-build")
    check_space({programs: tool.size_gib, build_cache: tool.cache_gib}, f"building {label}")
    progress(f"building {label} ({about}, once per user)")
    scratch = work / "scratch"
    scratch.mkdir()
    # GOTMPDIR inside our folder: a killed compiler's files go with it. Workspaces and GOFLAGS of the user stay out.
    go_env = {
        **env,
        "CGO_ENABLED": "0",
        "GOTMPDIR": str(scratch),
        "GOWORK": "off",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "",
    }
    ldflags = " ".join(("-s", "-w", *tool.ldflags))
    command = [str(go), "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags", ldflags]
    if tool.edits:
        command.append(f"-modfile={_edited(tool, go, work, modules, go_env)}")
    command += ["-o", f"{programs}{os.sep}", *tool.binaries.values()]
    log = work / "build.log"
    kept = cache_folder(env) / f"{tool.name}-{tool.version}.log"

    def beat(time_so_far: str) -> None:
        progress(f"  {label}: {time_so_far} of {about}")

    if run_with_heartbeat(command, cwd=modules / tool.name, env=go_env, log=log, beat=beat) != 0:
        raise explain_failure(label, log, kept)
    for name, package in tool.binaries.items():
        # Go names a program after the last part of its package path that is not a major version.
        built = re.sub(r"/v\d+$", "", package).rpartition("/")[2]
        if built != name:
            (programs / built).rename(programs / name)
    for one in tool.data:
        # Without modes: everything in the module cache is read-only.
        source = _source(tool, go, one.module, modules, go_env) / one.folder
        shutil.copytree(source, programs / one.target, copy_function=shutil.copyfile)
    progress(f"  {label}: done")


def _edited(tool: Tool, go: Path, work: Path, modules: Path, env: Mapping[str, str]) -> Path:
    """A copy of the tool's go.mod that takes the edited modules from folders of ours.

    Go's own overlays do not reach into its module cache.
    """
    module_file = work / "edited.mod"
    text = (modules / tool.name / "go.mod").read_text()
    for number, module in enumerate(dict.fromkeys(edit.module for edit in tool.edits)):
        folder = work / f"edited-{number}"
        # Without modes: everything in the module cache is read-only.
        shutil.copytree(_source(tool, go, module, modules, env), folder, copy_function=shutil.copyfile)
        for edit in (edit for edit in tool.edits if edit.module == module):
            source = folder / edit.file
            original = source.read_text()
            if original.count(edit.old) != 1:
                raise ToolchainError(f"{tool.name} {tool.version}: {source} has no single {edit.old!r} to change")
            source.write_text(original.replace(edit.old, edit.new))
        text += f"\nreplace {module} => {folder}\n"
    module_file.write_text(text)
    shutil.copyfile(modules / tool.name / "go.sum", module_file.with_suffix(".sum"))
    return module_file


def _source(tool: Tool, go: Path, module: str, modules: Path, env: Mapping[str, str]) -> Path:
    """The folder of a module that the tool is built from, in Go's module cache."""
    command = [str(go), "mod", "download", "-json", module]
    reply = subprocess.run(command, cwd=modules / tool.name, env=dict(env), capture_output=True, text=True, check=False)
    if reply.returncode != 0:
        raise ToolchainError(f"{tool.name} {tool.version}: {module} cannot be fetched: {reply.stderr.strip()}")
    return Path(json.loads(reply.stdout)["Dir"])
