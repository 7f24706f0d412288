"""Rehearses stacks: `python -m rehearsal <command> --stack <name>`. The Makefile's targets call it."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from rich.console import Console

from components.settings import SettingsError
from components.settings.stack_file import StackFileError
from rehearsal.console import standard_output
from rehearsal.parent import end_children
from rehearsal.paths import ROOT
from rehearsal.stacks import read

INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells have it."""

Command = Callable[[argparse.Namespace, Path, Console], int]


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Runs one command on the project at `root`; returns the exit status.

    Every failure that a user can mend is one message on standard error, without a traceback.
    """
    options = _parser().parse_args(arguments)
    console = standard_output()
    command: Command = options.command
    try:
        return command(options, root, console)
    except KeyboardInterrupt:
        end_children()
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except (SettingsError, StackFileError) as error:
        print(error, file=sys.stderr)
        return 2
    except Exception as error:
        # The heavy modules are imported by the commands, so their errors are known only here.
        if not _is_explained(error):
            raise
        print(f"error: {error}", file=sys.stderr)
        return 1


def _is_explained(error: Exception) -> bool:
    from rehearsal.kube import KubeError
    from rehearsal.session import SessionError
    from rehearsal.supervisor import SupervisorError
    from rehearsal.toolchain import ToolchainError

    return isinstance(error, KubeError | SessionError | SupervisorError | ToolchainError)


@cache
def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="rehearsal", description="Runs any stack with no cloud account and no GPU.")
    commands = parser.add_subparsers(required=True, metavar="command")

    def add(name: str, command: Command, text: str, *, stack: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(command=command)
        if stack:
            made.add_argument("--stack", default="local", help="name of a stack file in stacks/ (default: local)")
        return made

    add("up", _up, "create or update a stack on the embedded control plane, and leave it running")
    add("preview", _preview, "show what an update would do, and what the policies say")
    add("rehearse", _rehearse, "up, checks, a second up that changes nothing, destroy, report")
    add("destroy", _destroy, "remove the stack, in an order that is shown, and stop the control plane")
    add("stop", _stop, "stop the control plane without removing the stack from it", stack=False)
    add("check", _check, "read a stack file and say what is wrong with it")
    diagram = add("diagram", _diagram, "draw a stack as mermaid, and as SVG where Graphviz is installed")
    diagram.add_argument("--output", type=Path, help="folder for <stack>.mmd and <stack>.svg (default: print mermaid)")
    add("lock", _lock, "resolve every platform image to a digest in images.lock (needs the registries)", stack=False)
    return parser


def _up(options: argparse.Namespace, root: Path, console: Console) -> int:
    file = read(root, options.stack)
    from rehearsal import commands

    return commands.up(file, root, console)


def _preview(options: argparse.Namespace, root: Path, console: Console) -> int:
    file = read(root, options.stack)
    from rehearsal import commands

    return commands.preview(file, root, console)


def _rehearse(options: argparse.Namespace, root: Path, console: Console) -> int:
    file = read(root, options.stack)
    from rehearsal import commands

    return commands.rehearse(file, root, console)


def _destroy(options: argparse.Namespace, root: Path, console: Console) -> int:
    file = read(root, options.stack)
    from rehearsal import commands

    return commands.destroy(file, root, console)


def _stop(_: argparse.Namespace, root: Path, console: Console) -> int:
    from rehearsal import session

    console.print("control plane stopped" if session.stop(root / ".rehearsal") else "no control plane is running")
    return 0


def _check(options: argparse.Namespace, root: Path, console: Console) -> int:
    read(root, options.stack)
    console.print(f"stacks/Pulumi.{options.stack}.yaml: valid")
    return 0


def _diagram(options: argparse.Namespace, root: Path, console: Console) -> int:
    from rehearsal import diagram

    file = read(root, options.stack)
    picture = diagram.mermaid(file.stack, file.settings)
    if options.output is None:
        print(picture, end="")
        return 0
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / f"{file.stack}.mmd").write_text(picture, encoding="utf-8")
    drawn = diagram.svg(file.stack, file.settings, options.output / f"{file.stack}.svg")
    console.print(f"{options.output}/{file.stack}.mmd" + ("" if drawn else "; no SVG, since Graphviz is not installed"))
    return 0


def _lock(_: argparse.Namespace, root: Path, console: Console) -> int:
    from rehearsal import lock

    return lock.write(root / "images.lock", console)


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
