"""What every command that works on a deployment shares: the deployment itself, the caller, and refusals explained."""
