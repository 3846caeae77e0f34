"""Runs container-image Lambda functions for any emulator.

It needs the standard library only. `container_sandbox` also needs the package `docker`.
"""
