"""deploy/nginx.conf in front of a real system: a chat through it, and what it keeps out."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from http.client import HTTPConnection
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from deploy.local.settings import CHECKOUT, free_port
from deploy.local.tied import tied
from tests.live.client import Crowd
from tests.live.system import System, eventually
from tests.live.town import Town

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(NGINX is None, reason="there is no nginx here: apt-get install nginx-light"),
]


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    with System(tmp_path_factory.mktemp("system"), web=1, TRUSTED_PROXIES=1) as system:
        yield system


@pytest.fixture(scope="module")
def port(system, tmp_path_factory):
    """Where nginx listens, in front of the system."""
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    site = (CHECKOUT / "deploy/nginx.conf").read_text()
    assert "listen 80;" in site and "web:8000" in site
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};")
    site = site.replace("web:8000", system.url.removeprefix("http://"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {folder}/body;"
        f" proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fcgi;"
        f" uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;\n{site}\n}}\n"
    )
    command = [NGINX, "-p", str(folder), "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
    process = subprocess.Popen(tied(command))
    try:
        eventually(lambda: _status(port, "/readyz") == 200, within=10)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def test_two_people_talk_through_it(system, port):
    town = Town(system)
    with Crowd() as crowd:
        ada, bob = town.gather(crowd, "lobby", 2, on=[f"http://127.0.0.1:{port}"])

        crowd.write(ada, "is anybody there?")

        eventually(lambda: [line.body for line in bob.room.screen], within=10)
        assert bob.room.screen[0].body == "is anybody there?"


def test_it_keeps_the_figures_to_those_who_run_the_server(port):
    assert _status(port, "/metrics") == 403


def test_what_a_client_says_of_its_own_address_does_not_get_through(system, port):
    ada = system.demo()["people"][0]
    browser = build_opener(HTTPCookieProcessor())
    browser.addheaders = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Host", "evil.test")]
    address = f"http://127.0.0.1:{port}"
    page = browser.open(f"{address}/sign-in", timeout=10).read().decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    form = {"workspace": "demo", "email": ada["email"], "password": ada["password"]}
    fields = urlencode({**form, "csrf_token": token[1]}).encode()
    assert browser.open(f"{address}/sign-in", fields, timeout=10).url.startswith(address)

    sessions = json.load(browser.open(f"{address}/api/v1/sessions", timeout=10))

    assert [each["address"] for each in sessions["data"]["items"]] == ["127.0.0.1"]


def _status(port: int, path: str, **headers: str) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()
