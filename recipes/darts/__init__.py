"""Recipes on the space `darts`."""
