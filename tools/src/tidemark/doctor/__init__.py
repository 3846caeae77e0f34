"""`make doctor`: what on this machine, or of an environment on it, is not as it should be, and the fix."""
