"""The commands of the local target: what `make` calls to install, start, look at and stop it."""
