"""Recipes on NAS-Bench-201."""
