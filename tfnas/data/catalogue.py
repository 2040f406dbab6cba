"""The catalogue: data that is known by name, where it comes from, and what must be in it.

Checksums are those that the publishers give, or that several public projects recorded independently.
Where there is none, the first import records what came.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Sequence

from tfnas.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A published file.

    Attributes:
        name: File name.
        urls: Addresses of the same content, the best first. Empty where people must get it themselves.
        sha256: What the content must have, 64 hexadecimal digits; None where no one published it.
        size: Bytes, None where unknown.
    """

    name: str
    urls: tuple[str, ...] = ()
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a table that searches of its benchmark use.

    Attributes:
        signal: What a search sees.
        test: What is read at the end.
        cost: Seconds that a query would have taken, None where that is not known.
        is_study: Whether the signal is a test column, since the benchmark has no other.
    """

    signal: str
    test: tuple[str, ...] = ()
    cost: str | None = None
    is_study: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """Data that is known by name.

    Attributes:
        name: As given on the command line.
        kind: ``"table"`` or ``"images"``.
        title: What it is, in a few words.
        licence: Of the data.
        space: Search space of a table, None for images.
        reader: ``"module:function"`` that reads a table from the published file, None for images.
        columns: The columns of a table that a search uses unless it names others, None for images.
        file: The published file, or folder; None where Keras downloads or nothing is needed.
        manual: How to get it where it cannot be downloaded, sentences; empty where it can.
        package: Module of a Python package that brings the file, None where none does.
        keras: Whether Keras downloads it, see `tfnas.data.keras_datasets`.
        note: What else one must know.
    """

    name: str
    kind: str
    title: str
    licence: str
    space: str | None = None
    reader: str | None = None
    columns: Columns | None = None
    file: RemoteFile | None = None
    manual: str = ""
    package: str | None = None
    keras: bool = False
    note: str = ""


def get(name: str) -> Entry:
    """Returns the entry of a name.

    Raises:
        UnknownNameError: Listing the names there are; for known data that is not read, saying what to take instead.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    raise unknown("name of data", name, names())


def unknown(kind: str, name: str, known: Sequence[str]) -> UnknownNameError:
    """Returns the error of a name that is none of the known ones; it suggests the closest of these."""
    close = difflib.get_close_matches(name, known, n=1)
    return UnknownNameError(
        kind,
        expected=f"one of {', '.join(known)}",
        received=f"{name!r}, {_BY_NAME[name].kind}" if name in _BY_NAME else repr(name),
        remedy=_NOT_READ.get(name) or (f"Did you mean {close[0]!r}?" if close else "tfnas data list describes them."),
    )


def names() -> tuple[str, ...]:
    """Returns all names, tables first."""
    return tuple(_BY_NAME)


_NASBENCH = "https://storage.googleapis.com/nasbench"
_MACRO = "xiusu/NAS-Bench-Macro"
_MACRO_FILE = "data/nas-bench-macro_cifar10.json"
_DVAE = "muhanzhang/D-VAE/e25a6cb34716c950bfbf3542837d7322700e6217"

_ENTRIES = (
    Entry(
        "nasbench101_only108",
        "table",
        "NAS-Bench-101, 423,624 cells trained for 108 epochs on CIFAR-10",
        "Apache-2.0",
        space="nasbench101",
        reader="tfnas.data.tables.nasbench101:read",
        columns=Columns("valid_accuracy@108", ("test_accuracy@108",), "seconds@108"),
        file=RemoteFile(
            "nasbench_only108.tfrecord",
            (f"{_NASBENCH}/nasbench_only108.tfrecord",),
            "4c39c3936e36a85269881d659e44e61a245babcb72cb374eacacf75d0e5f4fd1",
            522_767_376,
        ),
    ),
    Entry(
        "nasbench101_full",
        "table",
        "NAS-Bench-101, the same cells at 4, 12, 36 and 108 epochs",
        "Apache-2.0",
        space="nasbench101",
        reader="tfnas.data.tables.nasbench101:read",
        columns=Columns("valid_accuracy@108", ("test_accuracy@108",), "seconds@108"),
        file=RemoteFile(
            "nasbench_full.tfrecord",
            (f"{_NASBENCH}/nasbench_full.tfrecord",),
            "3d64db8180fb1b0207212f9032205064312b6907a3bbc81eabea10db2f5c7e9c",
            2_085_986_016,
        ),
    ),
    Entry(
        "nats_tss",
        "table",
        "NATS-Bench, topologies: NAS-Bench-201's 15,625 cells on three data sets",
        "MIT",
        space="nasbench201",
        reader="tfnas.data.tables.nats:read",
        columns=Columns("cifar10-valid:x-valid@12", ("cifar10:ori-test@200",), "cifar10-valid:seconds@12"),
        file=RemoteFile("NATS-tss-v1_0-3ffb9-simple"),
        manual=(
            "Get NATS-tss-v1_0-3ffb9-simple.tar (about 1.1 GB) from "
            "https://drive.google.com/file/d/17_saCsj_krKjlCBLOJEpNtzPXArMCqxU/view, or see the mirrors in "
            "https://github.com/D-X-Y/NATS-Bench#preparation-and-download. "
            "Unpack it: tar xf NATS-tss-v1_0-3ffb9-simple.tar"
        ),
    ),
    Entry(
        "nasbench201_analog",
        "table",
        "NAS-Bench-201's 15,625 cells, from the package analog-nasbench",
        "not stated",
        space="nasbench201",
        reader="tfnas.data.tables.analog:read",
        columns=Columns("qat_accuracy", ("baseline_accuracy",), is_study=True),
        file=RemoteFile(
            "data.anb", sha256="85f3435b877aa2d36268d55ce07f6ff6d73643d17a840f1941745da5eb80db32", size=5_610_467
        ),
        manual='Install the package that brings it: pip install "tfnas[tables]"',
        package="analognasbench",
        note="test accuracies only, digital and analog",
    ),
    Entry(
        "nasbench_macro",
        "table",
        "NAS-Bench-Macro, 6,561 networks, three trainings each on CIFAR-10",
        "Apache-2.0",
        space="nasbench_macro",
        reader="tfnas.data.tables.nasbench_macro:read",
        columns=Columns("mean_accuracy", is_study=True),
        file=RemoteFile(
            "nas-bench-macro_cifar10.json",
            (
                f"https://raw.githubusercontent.com/{_MACRO}/61a2bfc2/{_MACRO_FILE}",
                f"https://github.com/{_MACRO}/raw/master/{_MACRO_FILE}",
            ),
        ),
        note="test accuracies only",
    ),
    Entry(
        "enas_dvae",
        "table",
        "ENAS networks of 6 layers, accuracies with shared weights on CIFAR-10",
        "MIT",
        space="enas_macro,layers=6",
        reader="tfnas.data.tables.enas:read",
        columns=Columns("ws_accuracy"),
        file=RemoteFile(
            "final_structures6.txt",
            (
                f"https://raw.githubusercontent.com/{_DVAE}/data/final_structures6.txt",
                "https://github.com/muhanzhang/D-VAE/raw/master/data/final_structures6.txt",
            ),
        ),
        note="weight sharing, no training of its own",
    ),
    Entry("digits", "images", "1,797 handwritten digits of 8x8 pixels, from scikit-learn", "CC BY 4.0"),
    Entry("mnist", "images", "70,000 handwritten digits of 28x28 pixels", "CC BY-SA 3.0", keras=True),
    Entry("fashion_mnist", "images", "70,000 pictures of clothes, 28x28 pixels", "MIT", keras=True),
    Entry(
        "cifar10",
        "images",
        "60,000 photographs of 32x32 pixels, 10 classes",
        "not stated",
        keras=True,
    ),
    Entry(
        "cifar100",
        "images",
        "60,000 photographs of 32x32 pixels, 100 classes",
        "not stated",
        keras=True,
    ),
    Entry(
        "tiny_imagenet",
        "images",
        "110,000 labelled photographs of 64x64 pixels, 200 classes",
        "for research, as ImageNet",
        file=RemoteFile(
            "tiny-imagenet-200.zip",
            (
                "https://cs231n.stanford.edu/tiny-imagenet-200.zip",
                "http://cs231n.stanford.edu/tiny-imagenet-200.zip",
            ),
            "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821",
            248_100_043,
        ),
    ),
    Entry(
        "imagenet16",
        "images",
        "ImageNet at 16x16 pixels, as NAS-Bench-201 uses it",
        "for research, as ImageNet",
        file=RemoteFile("ImageNet16"),
        manual=(
            "Get ImageNet16 (train_data_batch_1 to _10, val_data) from "
            "https://drive.google.com/drive/folders/1T3UIyZXUhMmIuJLOBMIYKAsJknAtrrO4 and unpack it"
        ),
    ),
    Entry(
        "imagenet",
        "images",
        "ImageNet (ILSVRC 2012), 1.28 million photographs",
        "for research, by registration",
        file=RemoteFile("imagenet"),
        manual=(
            "Register at https://image-net.org/download.php, get the ILSVRC 2012 training and validation images, "
            "and sort them into imagenet/train/CLASS/ and imagenet/val/CLASS/"
        ),
    ),
)

_BY_NAME = {entry.name: entry for entry in _ENTRIES}

_NOT_READ = {
    "nasbench201": (
        "The .pth file of NAS-Bench-201 holds torch objects and is not read. nats_tss has the same cells with more "
        "trainings, and nasbench201_analog needs no download of your own."
    ),
    "nats_sss": "The size search space of NATS-Bench has no search space here that could read it.",
}
