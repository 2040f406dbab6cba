"""Measuring architectures by training their networks."""
