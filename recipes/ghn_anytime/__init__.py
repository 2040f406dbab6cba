"""Recipes on the space `ghn_anytime`."""
