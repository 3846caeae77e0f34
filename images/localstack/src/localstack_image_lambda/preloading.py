"""Loads services in the background once LocalStack is ready, so that their first request need not wait.

LocalStack loads a service with its first request, which takes up to seconds. While a deployment is still being
prepared, there is time to load them.
"""

import logging
import os
import threading

from localstack.services.plugins import SERVICE_PLUGINS

from localstack_image_lambda import catalog

LOG = logging.getLogger(__name__)

SERVICES_VARIABLE = "PRELOAD_SERVICES"


def start() -> None:
    """Load the index of AWS's services, then the services that PRELOAD_SERVICES lists (`s3,lambda`), in this order."""
    names = [name.strip() for name in os.environ.get(SERVICES_VARIABLE, "").split(",") if name.strip()]
    threading.Thread(target=_load, args=(names,), name="preload-services", daemon=True).start()


def _load(names: list[str]) -> None:
    catalog.store()
    for name in names:
        try:
            SERVICE_PLUGINS.require(name)
        except Exception as error:  # noqa: BLE001 the first request will fail in the same way and show the error
            LOG.warning("%s: cannot load %r: %s", SERVICES_VARIABLE, name, error)
