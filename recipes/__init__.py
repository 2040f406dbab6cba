"""Searches to run and to copy from: ``python -m recipes.<space>.<method> --help``.

Every recipe has a frozen `Config`, a function ``main(config)``, and ``--smoke``, which shows in seconds
that it runs.
"""
