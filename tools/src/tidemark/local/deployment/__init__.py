"""How the CDK app gets into LocalStack: its templates, what is to be done with each stack, and the doing."""
