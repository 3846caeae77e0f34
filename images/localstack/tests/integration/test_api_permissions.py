"""Methods of REST APIs that demand signatures demand a permission too."""

import json

import pytest
import requests
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from callers import ACCOUNT, allow, not_allowed

from harness import REGION, SECONDS


@pytest.fixture(scope="module")
def api(localstack):
    """A REST API with two methods of which one demands signatures. Returns its id."""
    client = localstack.client("apigateway")
    api = client.create_rest_api(name="permissions")["id"]
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    for path, authorization in (("signed", "AWS_IAM"), ("open", "NONE")):
        resource = client.create_resource(restApiId=api, parentId=root, pathPart=path)["id"]
        where = {"restApiId": api, "resourceId": resource, "httpMethod": "GET"}
        client.put_method(**where, authorizationType=authorization)
        client.put_integration(
            **where, type="MOCK", requestTemplates={"application/json": '{"statusCode": 200}'}
        )
        client.put_method_response(**where, statusCode="200")
        client.put_integration_response(**where, statusCode="200")
    client.create_deployment(restApiId=api, stageName="stage")
    return api


def call(localstack, api, path, credentials=None):
    """Call a method and return status and body."""
    url = f"{localstack.url}/restapis/{api}/stage/_user_request_/{path}"
    request = AWSRequest("GET", url)
    if credentials:
        SigV4Auth(credentials, "execute-api", REGION).add_auth(request)
    answer = requests.get(url, headers=dict(request.headers), timeout=SECONDS)
    return answer.status_code, answer.text


def test_a_rest_api_refuses_what_a_role_may_not_invoke(caller, api):
    resource = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/stage/GET/signed"
    credentials = caller.session.get_credentials()

    status, body = call(caller.localstack, api, "signed", credentials)
    assert (status, json.loads(body)) == (
        403,
        {"Message": not_allowed(caller, "execute-api:Invoke", resource)},
    )
    caller.may(allow("execute-api:Invoke", resource))
    assert call(caller.localstack, api, "signed", credentials)[0] == 200


def test_a_method_without_authorization_and_unsigned_calls_are_free(caller, api):
    assert call(caller.localstack, api, "open", caller.session.get_credentials())[0] == 200
    assert call(caller.localstack, api, "signed")[0] == 200
