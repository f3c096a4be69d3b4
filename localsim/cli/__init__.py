"""The command line: run a question, list what there is to ask with, check the installation."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from localsim import __version__
from localsim.cli import check, configs, lists, replay, run
from localsim.cli.words import BAD_INPUT, FAILED, FINE, INTERRUPTED, BadInputError
from localsim.errors import LocalsimError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0 if all went well, 1 if work failed, 2 if the input was wrong."""
    try:
        options = _parser().parse_args(arguments)
        command: Callable[[argparse.Namespace], int] = options.command
        code = command(options)
        sys.stdout.flush()
    except LocalsimError as error:
        for line in str(error).splitlines():
            print(f"localsim: {line}", file=sys.stderr)
        return BAD_INPUT if isinstance(error, BadInputError) else FAILED
    except KeyboardInterrupt:
        print("localsim: interrupted; nothing is kept.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output, such as head, has closed it; say nothing more to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    return code


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are sentences like any other."""

    def error(self, message: str) -> NoReturn:
        raise BadInputError(f"{message}; {self.prog} --help says what there is.")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="localsim",
        description="When a place runs its public services locally, what gets better, for whom, "
        "at what cost?",
    )
    parser.add_argument("--version", action="version", version=f"localsim {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], int], said: str) -> Any:
        described = f"{said[0].upper()}{said[1:]}."
        sub = commands.add_parser(name, help=said, description=described)
        sub.set_defaults(command=command)
        return sub

    asked = add("run", run.run, "run an experiment written in a YAML file and appraise it")
    asked.add_argument("config", metavar="CONFIG", help="the experiment, such as norbiton.yaml")
    asked.add_argument("-o", "--out", metavar="DIR", help="folder for results (out/NAME)")
    asked.add_argument("--workers", type=_count, metavar="N", help="worker processes (all cores)")
    asked.add_argument("--replications", type=_count, metavar="N", help="instead of the config's")
    asked.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="instead of the config's"
    )
    asked.add_argument("--quiet", action="store_true", help="no progress bar")
    asked.add_argument(
        "--overwrite", action="store_true", help="replace what the folder holds, and run it all"
    )
    asked.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster, tcp://HOST:PORT")
    again = add("replay", replay.replay, "run one policy of one replication again, here")
    again.add_argument("config", metavar="CONFIG", help="the experiment it is of")
    again.add_argument("replication", type=int, metavar="REPLICATION")
    again.add_argument("policy", metavar="POLICY")
    again.add_argument("--point", type=int, default=0, metavar="N", help="of the design (0)")
    again.add_argument("--set", metavar="KEY=VALUE", action="append", default=[], help="as in run")
    again.set_defaults(replications=None)
    asked = add("check-config", configs.check_config, "say what a config would run, and how long")
    asked.add_argument("config", metavar="CONFIG", help="the experiment, such as norbiton.yaml")
    asked.add_argument(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="instead of the config's"
    )
    written = add("new", configs.new, "write a commented config to start from")
    written.add_argument("file", metavar="FILE", help="a file that is not there yet, NAME.yaml")
    add("schema", configs.schema, "print the JSON Schema of a config, for editors")
    add("places", lists.places, "list the places that come with the package")
    listed = add("policies", lists.policies, "list the policies that have a name, or explain one")
    listed.add_argument("name", nargs="?", metavar="NAME")
    listed = add("scenarios", lists.scenarios, "list what may befall a place, or explain one")
    listed.add_argument("name", nargs="?", metavar="NAME")
    listed = add("themes", lists.themes, "list the sets of themes to ask with, or explain one")
    listed.add_argument("name", nargs="?", metavar="NAME")
    listed = add(
        "assumptions",
        lists.assumptions,
        "list every number of the model, or a group, or explain one",
    )
    listed.add_argument("name", nargs="?", metavar="NAME")
    listed = add("sources", lists.sources, "list the sources of the numbers, or show one")
    listed.add_argument("id", nargs="?", metavar="ID")
    checks = add("check", check.check, "land on answers that are known without a simulator")
    checks.add_argument("names", nargs="*", metavar="NAME", help="some checks only")
    checks.add_argument("--json", action="store_true", help="print the rows for a machine")
    return parser


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= len(text) <= 9 or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of 1 or more")
    return int(text)
