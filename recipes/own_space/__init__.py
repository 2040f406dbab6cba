"""A search space of your own, and a recipe that searches it."""
