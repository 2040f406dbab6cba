"""Recipes on the space `fairnas`."""
