"""The container images: how they are built (`tidemark build-images`) and pushed to a registry (`make push-images`)."""
