"""The item schema that the writer and the readers of the size history share."""
