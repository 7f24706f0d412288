"""What a run did, for a person to read."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.catalog.device_classes import quota_resource
from components.labels import GPU_POOL, TENANT
from components.settings.supply import EFA, INFINIBAND
from policy.rules import RULES
from rehearsal.gang import Placement
from rehearsal.kube import JsonObject, Kube
from rehearsal.outcome import Result, Step
from rehearsal.report import Report
from rehearsal.workloads import KAFKA, STRIMZIS, Workload

_CLAIMED = quota_resource("")
"""How the names end that a quota gives to devices claimed by a class."""


def table(title: str, *columns: str) -> Table:
    """A table in the house style."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def show_nodes(console: Console, api: Kube) -> None:
    """Nodes by pool, with the GPUs and slices that they offer."""
    pools: dict[str, list[JsonObject]] = defaultdict(list)
    for node in api.items("/api/v1/nodes"):
        labels = node["metadata"]["labels"]
        pools[labels.get(GPU_POOL, labels.get("rehearsal.multimodal.dev/pool", "other"))].append(node)
    claimable = Counter[str]()
    for found in api.items("/apis/resource.k8s.io/v1/resourceslices"):
        claimable[str(found["spec"].get("nodeName"))] += len(found["spec"]["devices"])
    made = table("Nodes", "pool", "nodes", "machine", "GPU", "each node offers")
    for pool, nodes in sorted(pools.items()):
        labels, capacity = nodes[0]["metadata"]["labels"], nodes[0]["status"].get("capacity", {})
        gpus = {
            key.removeprefix("nvidia.com/"): value
            for key, value in capacity.items()
            if key.startswith("nvidia.com/") or key in (EFA, INFINIBAND)
        }
        gpus |= {"gpu to claim": str(claimable[nodes[0]["metadata"]["name"]])}
        offer = ", ".join(f"{value} × {key}" for key, value in sorted(gpus.items()) if value != "0") or "no GPU"
        made.add_row(
            pool,
            str(len(nodes)),
            labels.get("node.kubernetes.io/instance-type", ""),
            labels.get("nvidia.com/gpu.product", "-"),
            offer,
        )
    console.print(made, "")


def show_jobs(console: Console, placements: Iterable[Placement]) -> None:
    """One gang job per tenant and where it landed."""
    made = table("Jobs (one gang per tenant, placed by the real Volcano)", "tenant", "asks for", "state", "on")
    for found in placements:
        gang = found.gang
        asks = f"{gang.workers} × {gang.each} {gang.resource.removeprefix('nvidia.com/')}"
        state = "[green]running[/]" if found.placed else f"[yellow]{found.phase}[/]"
        made.add_row(gang.tenant, asks, state, ", ".join(f"{n}× {node}" for node, n in Counter(found.nodes).items()))
    console.print(made, "")


def show_workloads(console: Console, found: Iterable[Workload]) -> None:
    """RayClusters and InferenceServices, as the real controllers left them, then one line on what lies on Kafka.

    Nothing where there are none.
    """
    made = table("Workloads (by the real KubeRay and KServe)", "kind", "name", "tenant", "state", "pods", "GPUs", "on")
    on_kafka: Counter[str] = Counter()
    waiting: list[str] = []
    for one in found:
        if one.kind in KAFKA:
            on_kafka[one.kind] += 1
            waiting += [] if one.ready else [one.name]
            continue
        made.add_row(
            one.kind,
            one.name,
            one.tenant,
            "[green]ready[/]" if one.ready else "[yellow]not ready[/]",
            f"{one.running} of {one.pods}",
            ", ".join(f"{number} × {resource}" for resource, number in one.gpus) or "-",
            ", ".join(one.nodes) or "-",
        )
    if made.row_count:
        console.print(made, "")
    if on_kafka:
        state = f"[yellow]not ready: {escape(', '.join(waiting))}[/]" if waiting else "[green]ready[/]"
        kinds = {"KafkaTopic": "topics", "KafkaUser": "users", "Broker": "Knative brokers", "Trigger": "triggers"}
        counts = [f"{on_kafka[kind]} {name}" for kind, name in kinds.items() if kind in on_kafka or kind in STRIMZIS]
        console.print(f"{', '.join(['Kafka', *counts])}: {state}\n", soft_wrap=True)


def show_tenants(console: Console, api: Kube) -> None:
    """Tenants and how much of their GPU quota is in use."""
    made = table("Tenants", "namespace", "Pod Security", "GPU quota (used of allowed)", "network policies")
    for namespace in api.items("/api/v1/namespaces", label_selector=TENANT):
        name, labels = namespace["metadata"]["name"], namespace["metadata"]["labels"]
        status = (api.get(f"/api/v1/namespaces/{name}/resourcequotas/quota") or {}).get("status", {})
        hard: Mapping[str, str] = status.get("hard", {})
        used: Mapping[str, str] = status.get("used", {})
        quota = [
            f"{used.get(key, '0')} of {value} {key.removeprefix('requests.nvidia.com/')}"
            for key, value in sorted(hard.items())
            if key.startswith("requests.nvidia.com/") and value != "0"
        ]
        quota += [
            f"{used.get(key, '0')} of {value} claimed by {key.removesuffix(_CLAIMED)}"
            for key, value in sorted(hard.items())
            if key.endswith(_CLAIMED) and value != "0"
        ]
        policies = api.items(f"/apis/networking.k8s.io/v1/namespaces/{name}/networkpolicies")
        made.add_row(
            name,
            labels.get("pod-security.kubernetes.io/enforce", ""),
            ", ".join(quota),
            ", ".join(policy["metadata"]["name"] for policy in policies),
        )
    console.print(made, "")


def show_policies(console: Console, result: Result) -> None:
    """Each rule of the pack, and what it found."""
    made = table("Policies", "rule", "result")
    for rule in RULES:
        found = [violation for violation in result.violations if violation.policy == rule.name]
        verdict = "[green]ok[/]" if not found else f"[red]{len(found)} violation{'s' if len(found) > 1 else ''}[/]"
        made.add_row(rule.name, verdict)
    console.print(made, "")
    for violation in result.violations:
        mark = "[red]refused[/]" if violation.level == "mandatory" else f"[yellow]{violation.level}[/]"
        console.print(f"  {mark} {escape(violation.policy)}: {escape(violation.message)}")
    if result.violations:
        console.print()


def show_checks(console: Console, report: Report, steps: Iterable[Step]) -> None:
    """What was checked by whom, and what was not, of a run with these steps."""
    coverage = report.coverage(steps)
    if coverage.total:
        console.print(
            f"{coverage.checked} of {coverage.total} cloud resources ({coverage.percent} %)"
            " were checked by the cloud's own model",
            soft_wrap=True,
        )
        for type_, name, reason in coverage.unchecked:
            console.print(f"  not checked: {type_} [dim]{escape(name)}[/]: {escape(reason)}", soft_wrap=True)
        console.print()
    made = table("Checked by", "what", "resources")
    for by, count in sorted(report.checked().items()):
        made.add_row(by, str(count))
    console.print(made, "")
    skipped = report.skipped()
    made = table("Not checked", "why", "resources")
    for reason, names in skipped.items():
        made.add_row(reason, ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else ""))
    console.print(made if skipped else "Not checked: nothing", "")
    for note in report.notes():
        console.print(f"  note: {escape(note)}")


def show_result(console: Console, what: str, result: Result) -> None:
    """One line: what was done and how long it took; then errors."""
    counts = Counter(step.operation for step in result.changed)
    changes = ", ".join(f"{count} {operation}" for operation, count in sorted(counts.items()))
    same = sum(step.operation == "same" for step in result.steps)
    state = "[red]failed[/]" if result.failed else "[green]done[/]"
    console.print(f"{what}: {state}; {changes or 'no changes'}, {same} unchanged, in {result.seconds:.0f} s\n")
    for error in result.errors:
        console.print(f"  [red]error[/] {escape(error)}")


def show_steps(console: Console, title: str, steps: Iterable[Step]) -> None:
    """Resources in the order in which the engine was done with them; runs of one type take one line."""
    console.print(f"[bold]{title}[/]")
    run: list[Step] = []
    for step in [*steps, None]:
        if step is not None and (not run or run[-1].type == step.type):
            run.append(step)
            continue
        names = ", ".join(one.name for one in run)
        console.print(f"  {run[0].operation} {run[0].type} [dim]{escape(names)}[/]", soft_wrap=True)
        run = [step] if step is not None else []
    console.print()
