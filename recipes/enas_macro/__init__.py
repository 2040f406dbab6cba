"""Recipes on the space `enas_macro`."""
