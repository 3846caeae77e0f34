"""Commands for whoever runs a deployment, on AWS or locally: reconcile, track another bucket, redrive."""
