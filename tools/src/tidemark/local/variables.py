"""The variables by which tools and tests find a local environment: a public interface (`make -s env`)."""

from collections.abc import Mapping

from tidemark.aws.emulator import KEY_ID, REGION, SECRET
from tidemark.errors import CommandError

FROM_OUTPUTS = {
    "TIDEMARK_API_URL": "ApiUrl",
    "TIDEMARK_DATA_BUCKET": "DataBucketName",
    "TIDEMARK_PLOT_BUCKET": "PlotBucketName",
    "TIDEMARK_HISTORY_TABLE": "HistoryTableName",
    "TIDEMARK_LEDGER_TABLE": "LedgerTableName",
    "TIDEMARK_QUEUE_URL": "QueueUrl",
    "TIDEMARK_DLQ_URL": "DlqUrl",
    "TIDEMARK_RULE_DLQ_URL": "RuleDlqUrl",
    "TIDEMARK_SIZE_TRACKING_FUNCTION": "SizeTrackingFunctionName",
    "TIDEMARK_PLOTTING_FUNCTION": "PlottingFunctionName",
    "TIDEMARK_DRIVER_FUNCTION": "DriverFunctionName",
}
"""Which of the stacks' outputs each variable holds."""

FUNCTIONS = ("TIDEMARK_SIZE_TRACKING_FUNCTION", "TIDEMARK_PLOTTING_FUNCTION", "TIDEMARK_DRIVER_FUNCTION")

_MISLEADING = frozenset(
    {"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN"}
    | {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"}
)


def variables_of(endpoint: str, outputs: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of an environment, in the order in which they are printed.

    Raises CommandError if the stacks lack an output.
    """
    if missing := [output for output in FROM_OUTPUTS.values() if output not in outputs]:
        raise CommandError(f"the stacks have no output {', '.join(missing)}: make local-down local-up")
    return aws_variables(endpoint) | {name: outputs[output] for name, output in FROM_OUTPUTS.items()}


def aws_variables(endpoint: str) -> dict[str, str]:
    """Return the variables that lead AWS's own tools to a LocalStack."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
    }


def export_lines(variables: Mapping[str, str]) -> str:
    """Return lines for `eval` in a POSIX shell: `export NAME='value'`, each value in quotes, as scripts rely on that."""
    quoted = {name: "'" + value.replace("'", "'\\''") + "'" for name, value in variables.items()}
    return "".join(f"export {name}={value}\n" for name, value in quoted.items())


def merged(environ: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """Return a shell's environment with the variables, without what would lead AWS clients elsewhere.

    A proxy is of no use on the loopback interface, so that is excepted from it.
    """
    exempt = ",".join(
        part for part in (environ.get("NO_PROXY") or environ.get("no_proxy"), "127.0.0.1") if part
    )
    kept = {
        name: value
        for name, value in environ.items()
        if name not in _MISLEADING and not name.startswith("AWS_ENDPOINT_URL")
    }
    return {**kept, "NO_PROXY": exempt, "no_proxy": exempt, **variables}
