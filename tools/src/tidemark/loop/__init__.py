"""The commands of the inner loop: reload, look, invoke, fill and empty, in an environment that is up."""
