"""REST API to here to the plot bucket: the picture of a recent window."""
