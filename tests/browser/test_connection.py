"""The API goes away and comes back; and the page behind `make dashboard`, which signs for it."""

import socket
from contextlib import suppress

import pytest
from playwright.sync_api import expect

from tests.servers import running
from tidemark.aws.deployment import Deployment
from tidemark.aws.signing import Api
from tidemark.page.serve import PageServer


class EndingServer(PageServer):
    """Ends as its process would: the connections that a browser keeps open end with it."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.connections = []

    def process_request(self, request, client_address):
        self.connections.append(request)
        super().process_request(request, client_address)

    def server_close(self):
        super().server_close()
        for connection in self.connections:
            with suppress(OSError):  # the browser has ended it before
                connection.shutdown(socket.SHUT_RDWR)


def serving(api, port=0, secret=None):
    server = EndingServer(port, api)
    server.secret = secret or server.secret
    return running(server)


@pytest.fixture
def api(environment):
    endpoint = environment.api_url.partition("/_aws/")[0]
    return Api.of(Deployment("local", endpoint))


def test_the_page_behind_make_dashboard_is_the_same(open_page, api, environment, upload):
    with serving(api) as server:
        dashboard = open_page(server.url)
        dashboard.expect_bucket(environment.data_bucket)

        upload("through-the-server", 777)

        expect(dashboard.rows("changes").first).to_contain_text("through-the-server")


def test_it_survives_the_api_going_away_and_coming_back(open_page, api, environment, upload):
    with serving(api) as server:
        dashboard = open_page(server.url)
        dashboard.expect_state("Live")
        known = dashboard.exact
        port, secret = server.server_port, server.secret

    dashboard.expect_state("Connection lost")
    dashboard.expect_banner("The API does not answer. The page shows the state of")
    assert dashboard.exact == known
    held = dashboard.page.inner_text("#as-of")
    dashboard.page.wait_for_timeout(2500)
    assert dashboard.page.inner_text("#as-of") == held
    upload("while-away", 4321)
    environment.wait_until_quiet()

    with serving(api, port, secret):
        dashboard.expect_state("Live")
        dashboard.expect_no_banner()
        expect(dashboard.rows("changes").first).to_contain_text("while-away")
        assert dashboard.exact != known


def test_an_api_that_cannot_be_reached_behind_the_server_is_said_to_be_so(open_page, api, environment):
    with serving(api) as server:
        dashboard = open_page(server.url)
        dashboard.expect_state("Live")
        port, secret = server.server_port, server.secret
    nowhere = Api("http://127.0.0.1:9/", region="us-east-1", credentials=api.credentials, proxies={})

    with serving(nowhere, port, secret):
        dashboard.expect_banner("Could not connect to the endpoint URL")
        dashboard.expect_state("Connection lost")
    with serving(api, port, secret):
        dashboard.expect_state("Live")
        dashboard.expect_no_banner()


def test_a_page_of_another_origin_reads_nothing_through_the_server(open_page, api, environment):
    with serving(api) as server:
        dashboard = open_page("about:blank")
        elsewhere = dashboard.page
        elsewhere.goto(f"{environment.api_url}health")  # another origin, and without a policy of its own
        read = "url => fetch(url).then(() => 'read', () => 'refused')"
        blind = "url => fetch(url, {mode: 'no-cors'}).then(() => 'sent', () => 'refused')"

        assert elsewhere.evaluate(read, f"{environment.api_url}count") == "read"
        assert elsewhere.evaluate(read, f"{server.url}count") == "refused"
        assert elsewhere.evaluate(blind, f"{server.url}count") == "refused"
        assert any("CORS" in fault for fault in dashboard.faults)
        dashboard.faults.clear()  # the browser's own complaints of what it refused
