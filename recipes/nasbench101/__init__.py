"""Recipes on the space `nasbench101`."""
