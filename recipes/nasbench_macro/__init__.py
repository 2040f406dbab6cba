"""Recipes on the space `nasbench_macro`."""
