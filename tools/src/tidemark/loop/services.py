"""Which function of a local environment each service is."""

from collections.abc import Mapping

from infra_cdk.images import SERVICES
from tidemark.errors import CommandError


def service_of(text: str, variable: str = "FN") -> str:
    """Return the service that a variable of make names, in any spelling. CommandError lists the services."""
    service = text.strip().lower().replace("_", "-")
    if service not in SERVICES:
        raise CommandError(f"{variable}={text} is no function: it is one of {', '.join(SERVICES)}")
    return service


def function_name(service: str, variables: Mapping[str, str]) -> str:
    """Return the name of a service's function from the environment's variables."""
    return variables[f"TIDEMARK_{service.replace('-', '_').upper()}_FUNCTION"]
