"""The main job, `tfnas search`: data in, a searched, retrained, exported and reported network out."""

from tfnas.job.config import CONFIG_FILE, SearchConfig, read_config
from tfnas.job.evaluator import make_evaluator
from tfnas.job.running import BASELINE_FOLDER, Watch, resume, start
from tfnas.job.tables import with_table

__all__ = [
    "BASELINE_FOLDER",
    "CONFIG_FILE",
    "SearchConfig",
    "Watch",
    "make_evaluator",
    "read_config",
    "resume",
    "start",
    "with_table",
]
