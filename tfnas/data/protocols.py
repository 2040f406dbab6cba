"""How published studies split and augment their image data, by name."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Mapping

from tfnas.errors import ConfigError, DataError, UnknownNameError
from tfnas.trial import Split


@dataclass(frozen=True, slots=True)
class Protocol:
    """The splits of a study on one data set, and the augmentation of its training images.

    All cuts are seeded and keep equal class shares. The studies publish at most the sizes of their
    splits or lists of indices, which are not shipped here: so which image is where differs.

    Attributes:
        name: The study.
        data: The data set, for people.
        source: Paper and section.
        classes: Classes of the data set as published. With the name, this tells the protocol.
        train: Training images as published; None where `drawn` decides.
        held_out: Labelled images that are published besides; None where `drawn` decides.
        validation: Fraction of the training images to validate on; 0 where halves are used.
        halve_test: Whether the held-out images are cut into halves, for validation and for the test.
            Otherwise all of them are the test.
        drawn: Number of classes drawn at random; None for all.
        pad_crop: Pixels of zero padding before a random crop, in training.
        flip: Whether half of the images are mirrored, in training.
        final_cutout: Side of a blanked square when the winner is trained; none in the search.
        resize: Side that images have when they are trained on; None for their own.
        side: Side of the published images, where the study resizes them.
    """

    name: str
    data: str
    source: str
    classes: int
    train: int | None
    held_out: int | None
    validation: float = 0.0
    halve_test: bool = False
    drawn: int | None = None
    pad_crop: int = 0
    flip: bool = False
    final_cutout: int = 0
    resize: int | None = None
    side: int | None = None

    @property
    def augmentation(self) -> dict[str, Any]:
        """Arguments of `tfnas.data.dataset`, as in the search."""
        return {"pad_crop": self.pad_crop, "flip": self.flip, "resize": self.resize}

    def check(self, sizes: Mapping[Split, int]) -> None:
        """Checks that data come in the two published parts, of the published sizes.

        Raises:
            DataError: If they do not.
        """
        there = {split.value: size for split, size in sizes.items()}
        wanted = {Split.TRAIN.value: self.train, Split.TEST.value: self.held_out}
        if there.keys() != wanted.keys() or any(size not in (None, there[part]) for part, size in wanted.items()):
            raise DataError(
                f"data for protocol {self.name!r}",
                expected=f"{self.data} as published: "
                + " and ".join(f"{size or 'some'} {part} images" for part, size in wanted.items()),
                received=", ".join(f"{size} {part} images" for part, size in there.items()),
                remedy="Take the whole data set in its published parts, or give fractions instead of a protocol.",
            )

    def check_size(self, image_size: object) -> None:
        """Checks that somebody chose the size of the images, where the study's is not their own.

        Networks of the study's size cost so much more that neither size should come unasked.

        Raises:
            ConfigError: If the study resizes images and `image_size` is None.
        """
        if self.resize is not None and image_size is None:
            raise ConfigError(
                f"protocol {self.name!r}",
                expected=f"image_size, since the study resizes to {self.resize}",
                received="none",
                remedy=f"Give --image-size {self.resize} as the study, or --image-size {self.side} for the images' "
                "own size.",
            )

    def to_dict(self) -> dict[str, Any]:
        """Returns plain JSON values."""
        return asdict(self)


_CIFAR = {"train": 50_000, "held_out": 10_000, "pad_crop": 4, "flip": True}
_NASBENCH201 = "Dong and Yang, NAS-Bench-201 (ICLR 2020), section 2.2"

PROTOCOLS: tuple[Protocol, ...] = (
    Protocol(
        "nasbench101", "CIFAR-10", "Ying et al., NAS-Bench-101 (ICML 2019), section 2", 10, validation=0.2, **_CIFAR
    ),
    Protocol("nasbench201", "CIFAR-10", _NASBENCH201, 10, validation=0.5, **_CIFAR),
    Protocol("nasbench201", "CIFAR-100", _NASBENCH201, 100, halve_test=True, **_CIFAR),
    Protocol(
        "nasbench201", "ImageNet16-120", _NASBENCH201, 120, 151_700, 6_000, halve_test=True, pad_crop=2, flip=True
    ),
    Protocol(
        "darts",
        "CIFAR-10",
        "Liu, Simonyan and Yang, DARTS (ICLR 2019), section 3.1 and appendix A",
        10,
        validation=0.5,
        final_cutout=16,
        **_CIFAR,
    ),
    Protocol(
        "graphpnas_darts", "CIFAR-10", "GraphPNAS (Li et al., 2022), DARTS experiments", 10, validation=0.2, **_CIFAR
    ),
    Protocol(
        "graphpnas_randwire",
        "Tiny-ImageNet",
        "GraphPNAS (Li et al., 2022), section 4 and appendix E; its labelled val images are the test",
        200,
        100_000,
        10_000,
        validation=0.9,
        pad_crop=4,
        flip=True,
        resize=224,
        side=64,
    ),
    Protocol(
        "ghn",
        "CIFAR-10",
        "Zhang, Ren and Urtasun, Graph HyperNetworks (ICLR 2019), section 5; no augmentation is stated",
        10,
        50_000,
        10_000,
        validation=0.1,
    ),
    Protocol(
        "oneshot_nas_gcn",
        "ImageNet",
        "Chen et al., One-Shot NAS with GCN (2020), experiments; which 100 classes is not published, "
        "no augmentation is stated",
        1000,
        None,
        None,
        validation=0.1,
        drawn=100,
    ),
)
"""What is known. Protocols of one name differ in the number of classes."""


def of_name(name: str) -> tuple[Protocol, ...]:
    """Returns the protocols of a study, one a data set.

    Raises:
        UnknownNameError: Listing the names there are.
    """
    named = tuple(protocol for protocol in PROTOCOLS if protocol.name == name)
    if not named:
        raise UnknownNameError(
            "protocol",
            expected=f"one of {', '.join(dict.fromkeys(protocol.name for protocol in PROTOCOLS))}",
            received=repr(name),
        )
    return named


def data_of(name: str) -> str:
    """Returns the data sets of a study, for people.

    Raises:
        UnknownNameError: If there is no such protocol.
    """
    return " or ".join(f"{protocol.data} ({protocol.classes} classes)" for protocol in of_name(name))


def get(name: str, classes: int) -> Protocol:
    """Returns the protocol of a study for data of so many classes.

    Raises:
        UnknownNameError: Listing the names there are.
        DataError: If the study has no data set of so many classes.
    """
    for protocol in of_name(name):
        if protocol.classes == classes:
            return protocol
    raise DataError(
        f"data for protocol {name!r}",
        expected=data_of(name),
        received=f"{classes} classes",
        remedy="Take that data set, or give fractions instead of a protocol.",
    )
