"""Autoencoders in folders: training, cards, evaluation. Importing this loads no TensorFlow."""

from tfnas.autoencoding.card import Card, graphs_again, held_out, read_card
from tfnas.autoencoding.catalogue import Entry, catalogue
from tfnas.autoencoding.evaluation import EVALUATION, Evaluation, Measure, evaluate, read_evaluation
from tfnas.autoencoding.graphs import GraphSet, graphs_of
from tfnas.autoencoding.job import TrainingJob
from tfnas.autoencoding.mapping import draw_map
from tfnas.autoencoding.training import MODEL, TrainedEpoch, train

__all__ = [
    "EVALUATION",
    "MODEL",
    "Card",
    "Entry",
    "Evaluation",
    "GraphSet",
    "Measure",
    "TrainedEpoch",
    "TrainingJob",
    "catalogue",
    "draw_map",
    "evaluate",
    "graphs_again",
    "graphs_of",
    "held_out",
    "read_card",
    "read_evaluation",
    "train",
]
