"""Resolves the catalog's images to digests at their registries, with crane, into images.lock."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from rich.console import Console

from components.catalog.images import lockable, render_lock
from rehearsal import toolchain


def write(path: Path, console: Console, references: tuple[str, ...] | None = None) -> int:
    """Writes the lock when every image could be resolved; otherwise says which could not and leaves it as it is."""
    crane = toolchain.ensure(["crane"], console.print)["crane"] / "crane"
    wanted = lockable() if references is None else references
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(pool.map(partial(digest, crane), wanted))
    failures = {reference: answer for reference, answer in zip(wanted, answers, strict=True) if not _is_digest(answer)}
    if failures:
        for reference, answer in failures.items():
            console.print(f"  [red]error[/] {reference}: {answer}", soft_wrap=True)
        console.print(f"{path.name} not written: {len(failures)} of {len(wanted)} images could not be resolved")
        return 1
    path.write_text(render_lock(dict(zip(wanted, answers, strict=True))), encoding="utf-8")
    console.print(f"{path.name}: {len(wanted)} images locked")
    return 0


def digest(crane: Path, reference: str) -> str:
    """What the registry says `reference` is now: `sha256:…`, or why it does not say."""
    try:
        answer = subprocess.run(
            [str(crane), "digest", reference], capture_output=True, text=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        return "the registry did not answer within 60 s"
    if answer.returncode != 0:
        lines = answer.stderr.strip().splitlines()
        return lines[-1] if lines else f"crane ended with status {answer.returncode}"
    return answer.stdout.strip()


def _is_digest(text: str) -> bool:
    return text.startswith("sha256:")
