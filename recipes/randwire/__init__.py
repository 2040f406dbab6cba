"""Recipes on the space `randwire`."""
