"""Packaging. ``recipes/`` and ``saved_models/`` are installed as ``tfnas.recipes`` and ``tfnas.saved_models``."""

import pathlib
import re

from setuptools import find_packages, setup

ROOT = pathlib.Path(__file__).parent
VERSION = re.search(r'__version__ = "([^"]+)"', (ROOT / "tfnas" / "__init__.py").read_text("utf-8"))[1]
RECIPES = ["recipes", *(f"recipes.{name}" for name in find_packages("recipes"))]
TABLES = ["analog-nasbench==0.1.3"]  # NAS-Bench-201's accuracies; it states no licence, so it is not in the core
BOHB = ["optuna>=5.0,<6"]  # a baseline of recipes alone

setup(
    name="tfnas",
    version=VERSION,
    description="Graph-based neural architecture search for Keras",
    long_description=(ROOT / "README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11,<3.14",
    packages=[
        *find_packages(include=["tfnas", "tfnas.*"]),
        *(f"tfnas.{name}" for name in RECIPES),
        "tfnas.saved_models",
    ],
    package_dir={"tfnas.recipes": "recipes", "tfnas.saved_models": "saved_models"},
    package_data={
        "tfnas.autoencoding": ["*.jinja", "*.js"],
        "tfnas.report": ["*.jinja"],
        "tfnas.saved_models": ["**/*"],
    },
    install_requires=[
        # training and saving candidate networks
        "tensorflow>=2.21,<2.22",
        "keras>=3.15,<3.16",
        # keras-tuner imports tensorboard in every trial, and TensorFlow no longer installs it
        "keras-tuner==1.4.8",
        "tensorboard>=2.21,<2.22",
        # graph models: TF-GNN and TFP run on Keras 2
        "tf-keras>=2.21,<2.22",
        "tensorflow-gnn==1.0.3",
        "tensorflow-probability==0.25.0",
        "protobuf>=6.31.1,<7",  # what TF-GNN and TensorFlow agree on
        "setuptools>=82,<83",  # TFP imports distutils
        # numbers, statistics, the embedded data
        "numpy>=1.26,<2.5",
        "scipy>=1.17,<2",
        "scikit-learn>=1.9,<2",
        "pillow>=12.3,<13",
        # downloads, checksums of NAS-Bench-101's records
        "google-crc32c>=1.9,<2",
        "requests>=2.34,<3",
        # command line, progress, pictures, reports, versions
        "click>=8.5,<9",
        "rich>=15,<16",
        "matplotlib>=3.11,<4",
        "jinja2>=3.1.6,<4",
        "packaging>=26,<27",
    ],
    extras_require={
        "tables": TABLES,
        "bohb": BOHB,
        "test": [
            *TABLES,
            *BOHB,
            "pytest>=9.2,<10",
            "pytest-xdist>=3.8,<4",
            "hypothesis>=6.170,<7",
            "psutil>=7.2,<8",
        ],
    },
    entry_points={"console_scripts": ["tfnas=tfnas.cli:main"]},
    classifiers=[
        "License :: OSI Approved :: Apache Software License",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
