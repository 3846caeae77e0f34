"""The local environment: the commands that start, show and stop it, and what they are made of."""
