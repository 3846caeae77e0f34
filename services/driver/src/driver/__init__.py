"""A demonstration: it changes objects, waits for a sample of each change, and requests a plot of them."""
