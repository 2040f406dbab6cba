"""Recipes on the space `ghn_block`."""
