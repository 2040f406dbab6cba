"""Recipes on the space `nasbench201`."""
