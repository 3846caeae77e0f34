"""A demonstration: objects change, each change becomes a sample, and the plot shows them."""
