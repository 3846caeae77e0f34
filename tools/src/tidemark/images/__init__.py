"""The container images: how they are built (`make images`) and pushed to a registry (`make push-images`)."""
