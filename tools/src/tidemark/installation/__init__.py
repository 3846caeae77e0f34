"""What `make install` does: fills the virtual environments, each from its lock."""
