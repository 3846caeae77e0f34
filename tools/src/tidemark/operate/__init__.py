"""Keep a deployment right: track, reconcile, redrive and restore."""
