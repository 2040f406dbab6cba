"""Learning by REINFORCE, for any generator. Importing this loads no TensorFlow; making a `Learner` does."""

from tfnas.models.reinforce.config import LearningConfig
from tfnas.models.reinforce.replay import ReplayBuffer
from tfnas.models.reinforce.schedule import Schedule

__all__ = ["LearningConfig", "ReplayBuffer", "Schedule"]
