"""IAM for the sessions of roles: what their policies allow is done, and everything else is refused as on AWS."""
