"""What a person reads when an account, a region or a permission is in the way: one line that names it and the fix."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    InvalidRegionError,
    NoAuthTokenError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
    WaiterError,
)
from botocore.exceptions import ConnectionError as Unreachable

_LOCAL = 'for the local environment run: eval "$(make -s env)"'
_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    NoAuthTokenError,
    SSOError,
    TokenRetrievalError,
)
_BAD_CREDENTIALS = {
    "ExpiredToken": "they have expired: sign in again",
    "ExpiredTokenException": "they have expired: sign in again",
    "InvalidAccessKeyId": "AWS does not know the access key",
    "InvalidClientTokenId": "AWS does not know the access key, or the region is not enabled for the account",
    "SignatureDoesNotMatch": "the secret key does not fit the access key, or this machine's clock is wrong",
    "UnrecognizedClientException": "AWS does not know the access key, or the region is not enabled for the account",
}
_REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403"}


def explained(
    error: BotoCoreError | ClientError | ValueError, *, region: str | None, endpoint: str | None
) -> str:
    """Return one line for the user: what is wrong, and what to do about it."""
    match error:
        case ProfileNotFound():
            line = f"{error}: choose another AWS_PROFILE, or none; {_LOCAL}"
        case NoRegionError():
            line = "no region is chosen: set AWS_REGION or give --region"
        case InvalidRegionError():
            line = f"'{region}' is no region: they look like us-east-1"
        case _ if isinstance(error, _NO_CREDENTIALS):
            line = f"no AWS credentials ({error}): sign in, or set AWS_PROFILE; {_LOCAL}"
        case Unreachable() if endpoint:
            line = f"nothing answers at {endpoint} (AWS_ENDPOINT_URL): run make local-up, or unset it for AWS"
        case Unreachable():
            line = f"{error}: is there a network, and is '{region}' a region?"
        case WaiterError():
            line = f"{error}: repeat the command; what is there stays"
        case ClientError():
            line = _refusal(error)
        case _:
            line = str(error)
    return line


def code_of(error: ClientError) -> str:
    """Return an answer's error code: a name, or the HTTP status of an answer without a body."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _refusal(error: ClientError) -> str:
    code = code_of(error)
    said = error.response.get("Error", {}).get("Message", "")
    if code in _BAD_CREDENTIALS:
        return f"the AWS credentials are refused ({code}): {_BAD_CREDENTIALS[code]}"
    if code in _REFUSED:
        return (
            f"these credentials may not do {error.operation_name} ({said or code}): allow it, or use others"
        )
    if code in {"TooManyBuckets", "LimitExceededException"}:
        return (
            f"the account's limit is reached ({said or code}): delete what is not needed, or ask AWS for more"
        )
    return f"{error.operation_name} failed: {code}: {said}"
