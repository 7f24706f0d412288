"""The commands: what a person asks of a rehearsal, from the first line of output to the last."""

import shutil
import time
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from components.settings.advice import advice
from rehearsal import destroy_order, gang, graph, session, summary, toolchain, workloads
from rehearsal.engine import urns
from rehearsal.inventory import inventory
from rehearsal.memory import peak
from rehearsal.outcome import UNCHANGED, Result, Step
from rehearsal.session import Session
from rehearsal.stacks import StackFile


def up(file: StackFile, root: Path, console: Console) -> int:
    """Creates or updates the stack on the embedded control plane, and leaves both there."""
    folder = root / ".rehearsal"
    _advise(file, console)
    with session.running(file, folder, console.print) as open_session:
        result = _apply(open_session, console)
        summary.show_result(console, f"up {file.stack}", result)
        failures = [] if result.failed else _show_running(open_session, console)
        summary.show_policies(console, result)
        summary.show_checks(console, open_session.report, result.steps)
        if result.failed or failures:
            return 1
        _what_next(file.stack, folder, root, console)
    return 0


def preview(file: StackFile, root: Path, console: Console) -> int:
    """Shows what an update would do."""
    _advise(file, console)
    opened = session.preview(file, root / ".rehearsal", console.print)
    result = opened.engine.preview()
    if not result.failed:
        summary.show_steps(console, "Plan", result.changed)
    summary.show_policies(console, result)
    summary.show_checks(console, opened.report, result.steps)
    summary.show_result(console, f"preview {file.stack}", result)
    return int(result.failed)


def destroy(file: StackFile, root: Path, console: Console) -> int:
    """Removes what the stack made, then stops the control plane."""
    folder = root / ".rehearsal"
    if session.carried(folder) is None:
        console.print("nothing to destroy: no control plane carries a stack")
        session.stop(folder)
        return 0
    with session.running(file, folder, console.print) as opened:
        console.print("Destroying, in this order:")
        result = opened.engine.destroy(_progress(console))
        summary.show_result(console, f"destroy {file.stack}", result)
    if result.failed:
        console.print("the control plane is still running; mend what failed and run `make destroy` again")
        return 1
    session.stop(folder)
    console.print("control plane stopped")
    return 0


def rehearse(file: StackFile, root: Path, console: Console) -> int:
    """The whole life of a stack on a control plane of its own."""
    folder = root / ".rehearsal" / f"rehearse-{file.stack}"
    session.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)
    started = time.monotonic()
    _advise(file, console)
    with peak(folder) as memory:
        try:
            with session.running(file, folder, console.print) as opened:
                failures = _life(opened, console)
        finally:
            session.stop(folder)
    seconds = time.monotonic() - started
    console.print(f"rehearsal of {file.stack}: {seconds:.0f} s, at most {memory.mib / 1024:.1f} GiB of memory")
    for failure in failures:
        console.print(f"  [red]failed[/] {failure}")
    console.print("[red]rehearsal failed[/]" if failures else "[green]rehearsal passed[/]")
    return int(bool(failures))


def _life(opened: Session, console: Console) -> list[str]:
    """Up, checks, second up, destroy. What went wrong, in order; later steps need the earlier ones."""
    assert opened.api is not None  # noqa: S101 - a running session has an API server
    stack = opened.file.stack
    before = inventory(opened.api)
    first = _apply(opened, console)
    summary.show_result(console, f"up {stack}", first)
    summary.show_policies(console, first)
    failures = [f"up: {error}" for error in first.errors] or (["up failed"] if first.failed else [])
    if not failures:
        failures += _show_running(opened, console)
        second = opened.engine.up()
        summary.show_result(console, f"second up {stack}", second)
        failures += _unexpected(second)
        failures += graph.too_long(opened.engine.resources())
    summary.show_checks(console, opened.report, first.steps)
    failures += _lift_protection(opened, console)
    console.print("Destroying, in this order:")
    last = opened.engine.destroy(_progress(console))
    summary.show_result(console, f"destroy {stack}", last)
    failures += [f"destroy: {error}" for error in last.errors]
    failures += [f"destroy order: {violation}" for violation in destroy_order.violations(last.moments)]
    left = sorted(inventory(opened.api) - before)
    failures += [f"left behind: {kind} {namespace}/{name}" for kind, namespace, name in left]
    failures += [f"gone: {kind} {namespace}/{name}" for kind, namespace, name in sorted(before - inventory(opened.api))]
    return failures


def _lift_protection(opened: Session, console: Console) -> list[str]:
    """Proves that a protected stack refuses to be destroyed, all of it, and lifts the protection as its users would."""
    before = opened.engine.resources()
    protected = [str(resource["urn"]) for resource in before if resource.get("protect")]
    if not protected:
        return []
    failures: list[str] = []
    refused = opened.engine.destroy()
    if not any("protected" in error for error in refused.errors):
        failures.append(f"destroy of a protected stack was not refused; it said: {refused.errors}")
    gone = set(urns(before)) - set(urns(opened.engine.resources()))
    failures += [f"destroy of a protected stack removed {urn}" for urn in sorted(gone)]
    console.print(
        f"a destroy is refused while the stack is protected, in {refused.seconds:.0f} s; lifting the protection\n"
    )
    lift = {"multimodal:cluster": {"deletionProtection": False}}
    if any("Storage$" in urn for urn in protected):
        lift["multimodal:storage"] = {"keepData": False}
    if any(part in urn for urn in protected for part in ("Kafka", "Msk$", "Gmk$")):
        lift["multimodal:events"] = {"keepRecords": False}
    lifted_config = {key: {**opened.file.config.get(key, {}), **change} for key, change in lift.items()}
    opened.engine.configure({**opened.file.config, **lifted_config})
    lifted = _apply(opened, console)
    return failures + [f"lifting the protection: {error}" for error in lifted.errors]


def _apply(opened: Session, console: Console) -> Result:
    """An update, after a preview in which every policy agrees.

    Rules about the whole stack speak only when an update is over: without the preview it would have made what they
    refuse.
    """
    planned = opened.engine.preview()
    if planned.failed:
        return planned
    # What the preview could not check, because its namespace or kind was not there yet, the update checks.
    opened.report.clear()
    return opened.engine.up(_progress(console))


def _unexpected(second: Result) -> list[str]:
    return [f"second up: {step.operation} {step.type} {step.name}" for step in second.changed] + [
        f"second up: {error}" for error in second.errors
    ]


def _show_running(opened: Session, console: Console) -> list[str]:
    """Shows nodes, workloads, gangs and tenants; returns the workloads that are not ready and gangs without a place."""
    assert opened.api is not None  # noqa: S101 - a running session has an API server
    running = workloads.wait(opened.api)
    gangs = gang.plan(opened.file.settings, gang.in_use(opened.api))
    for one in gangs:
        gang.submit(opened.api, one)
    placements = gang.wait(opened.api, gangs)
    summary.show_nodes(console, opened.api)
    summary.show_workloads(console, running)
    summary.show_jobs(console, placements)
    summary.show_tenants(console, opened.api)
    failures = workloads.problems(running)
    for failure in failures:
        console.print(f"  [red]error[/] {escape(failure)}", soft_wrap=True)
    return failures + [
        f"gang of {found.gang.tenant}: {len(found.nodes)} of {found.gang.workers} workers placed"
        for found in placements
        if not found.placed
    ]


def _progress(console: Console) -> "_Progress":
    return _Progress(console)


class _Progress:
    """One line per resource that is done, so that long work is seen to move."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, step: Step, done: bool) -> None:
        if done and step.operation not in UNCHANGED:
            self._console.print(f"  {step.operation} [dim]{step.type}[/] {step.name}", soft_wrap=True)


def _advise(file: StackFile, console: Console) -> None:
    for warning in advice(file.settings, date.today()):
        console.print(f"[yellow]warning[/] {warning}")


def _what_next(stack: str, folder: Path, root: Path, console: Console) -> None:
    kubeconfig = (folder / "kubeconfig").relative_to(root)
    built = toolchain.ensure(["kubernetes"], console.print)["kubernetes"] / "kubectl"
    kubectl = "kubectl" if shutil.which("kubectl") else built
    console.print("[bold]Running.[/] Try next:")
    console.print(f"  {kubectl} --kubeconfig {kubeconfig} get nodes,queues,vcjob,pods -A")
    console.print("  make preview STACK=aws-dev        what the same platform is on a cloud")
    console.print(
        f"  make destroy{'' if stack == 'local' else f' STACK={stack}'}       removes the stack and stops everything"
    )
