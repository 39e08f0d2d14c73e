"""The arguments of the command."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import NoReturn

from juanji import __version__


class UsageError(Exception):
    """Something the user can put right; shown as one line."""


class OneLineParser(argparse.ArgumentParser):
    """Tells a mistake in one line instead of after the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}. See: {self.prog} --help\n")


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """A converter for argparse: integers of at least ``least``, and at most ``most``."""
    wanted = f"of at least {least}" if most is None else f"from {least} to {most}"

    def convert(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"expected a whole number {wanted}, got {text!r}")
        return number

    return convert


def make_parser() -> argparse.ArgumentParser:
    """The parser; ``options.run`` is the function to call, None without a command."""
    parser = OneLineParser(
        prog="juanji",
        description="Convolutional networks on ordinary CPUs.",
        epilog="Start with: juanji train",
    )
    parser.add_argument("--version", action="version", version=f"juanji {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_train(commands)
    info = commands.add_parser(
        "info",
        help="show version, CPU, threads, memory and data folders",
        description="Shows version, instruction set, threads, memory, and where data sets are found.",
    )
    info.set_defaults(run=_run_info)
    return parser


def _add_train(commands: argparse._SubParsersAction[OneLineParser]) -> None:
    train = commands.add_parser(
        "train",
        help="train a small convolutional network on pictures",
        description="Trains a network of three convolutions and two dense layers on 32×32 colour pictures of ten "
        "classes, shows how well it does, and saves the weights and a table of the training.",
        epilog="examples: juanji train --epochs 3;  juanji train cifar10;  juanji train ~/data/cifar-10-batches-bin",
    )
    train.add_argument(
        "data",
        nargs="?",
        default="shapes",
        metavar="DATA",
        help="'shapes' (drawn by program, the default), 'cifar10' (looked for on this machine, else downloaded), or "
        "the path of a folder or archive with CIFAR-10",
    )
    train.add_argument(
        "--epochs", type=whole_number(1), default=10, metavar="N", help="passes over the images; default: 10"
    )
    train.add_argument(
        "--batch-size",
        type=whole_number(1),
        default=64,
        metavar="N",
        help="images per update; default: 64",
    )
    train.add_argument(
        "--threads",
        type=whole_number(1, 1024),
        metavar="N",
        help="default: one per available CPU; the result does not depend on it",
    )
    train.add_argument(
        "--seed",
        type=whole_number(0, 2**32 - 1),
        default=0,
        metavar="N",
        help="start of the random numbers: the same seed gives the same weights; default: 0",
    )
    train.add_argument(
        "--out",
        metavar="DIR",
        help="folder for the results; default: the first unused of runs/DATA-1, runs/DATA-2, ...",
    )
    train.add_argument(
        "--overwrite", action="store_true", help="replace results that are already in the folder of --out"
    )
    train.set_defaults(run=_run_train)


def _run_train(options: argparse.Namespace) -> int:
    from juanji.cli.train import run

    return run(options)


def _run_info(options: argparse.Namespace) -> int:
    from juanji.cli.info import run

    return run(options)
