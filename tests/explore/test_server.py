"""The server answers this machine's browser with its token, and nobody else."""

import json
import socket
from http.client import HTTPConnection
from typing import Any

import pytest

from augment.core.errors import AugmentError
from augment.explore.playground import Playground
from augment.explore.server import HOST, Server, open_server
from augment.synthesis.picks import FILE
from tests.explore.conftest import LABELS


def request(
    server: Server, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, str], str]:
    connection = HTTPConnection(HOST, server.server_port, timeout=30)
    content = body if isinstance(body, str | None) else json.dumps(body)
    connection.request(method, path, content, headers or {})
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read().decode()
    connection.close()
    return found


def ask(server: Server, question: str, values: Any, **headers: str) -> tuple[int, Any]:
    status, _, text = request(server, "POST", question, values, {"X-Token": server.token, **headers})
    return status, json.loads(text) if text.startswith("{") else text


def test_it_listens_on_this_machine_alone(server: Server) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"
    assert server.address.startswith(f"http://127.0.0.1:{server.server_port}/?token=")


def test_the_page_is_whole_escaped_and_bound_to_its_own_script(server: Server) -> None:
    status, headers, html = request(server, "GET", f"/?token={server.token}")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
    assert html.count(f'nonce="{nonce}"') == html.count("<script") + html.count("<style")
    assert "{{" not in html
    assert LABELS[0] not in html
    state = json.loads(html.split('id="state"')[1].split(">", 1)[1].split("</script>")[0])
    assert [one["label"] for one in state["classes"]] == LABELS
    assert [one["images"] for one in state["classes"]] == [16, 24, 6]
    again = request(server, "GET", f"/?token={server.token}")[1]["Content-Security-Policy"]
    assert again != policy, "a nonce is used once"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),
        ("/?token=", {}),
        ("/?token=wrong", {}),
        ("/?token=%C3%A9", {}),
        ("/?token=TOKEN", {"Host": "evil.example"}),
        ("/?token=TOKEN", {"Host": "127.0.0.1"}),
        ("/?token=TOKEN", {"Host": "127.0.0.1.evil.example:PORT"}),
    ],
)
def test_others_are_refused(server: Server, path: str, headers: dict[str, str]) -> None:
    headers = {name: value.replace("PORT", str(server.server_port)) for name, value in headers.items()}
    status, _, text = request(server, "GET", path.replace("TOKEN", server.token), None, headers)
    assert status == 403
    assert "augment explore" in text
    assert server.token not in text


def test_a_question_needs_the_token_in_its_header(server: Server, playground: Playground) -> None:
    pick = {"label": 1, "seed": 3, "number": 0, "choice": "rejected"}
    for path, headers in (
        ("/choose", {}),
        (f"/choose?token={server.token}", {}),
        ("/choose", {"X-Token": "wrong"}),
        ("/choose", {"X-Token": server.token, "Host": "evil.example"}),
    ):
        assert request(server, "POST", path, pick, headers)[0] == 403, (path, headers)
    assert not playground.folder.exists()
    assert ask(server, "/choose", pick) == (200, {"picks": [[0, 0], [0, 1], [0, 0]]})
    assert json.loads((playground.folder / FILE).read_text())["classes"] == {
        "majority": {"kept": [], "rejected": [[3, 0]]}
    }


def test_questions_are_answered(server: Server) -> None:
    status, found = ask(server, "/samples", {"label": 2, "seed": 0, "number": 3, "count": 2})
    assert status == 200
    assert [one["number"] for one in found["samples"]] == [3, 4]
    status, found = ask(server, "/closer", {"label": 0, "seed": 0, "number": 0, "moves": [1.5, -2]})
    assert status == 200
    assert len(found["nearest"]) == 5


@pytest.mark.parametrize(
    ("question", "values", "status", "words"),
    [
        ("/closer", {"label": 9, "seed": 0, "number": 0}, 409, "there are 3 classes"),
        ("/closer", {"label": -1, "seed": 0, "number": 0}, 400, "label"),
        ("/closer", {"label": "../../etc/passwd", "seed": 0, "number": 0}, 400, "label"),
        ("/closer", {"label": 0, "seed": 0, "number": 2**60}, 400, "number"),
        ("/closer", {"label": 0, "seed": 0, "number": 0, "moves": [1e300]}, 400, "moves"),
        ("/closer", '{"label": 0, "seed": 0, "number": 0, "moves": [NaN]}', 400, "moves"),
        ("/closer", {"label": 0, "seed": 0, "number": 0, "moves": [0] * 99}, 400, "moves"),
        ("/closer", {"label": 0, "seed": 0, "number": 0, "file": "x"}, 400, "file"),
        ("/samples", {"label": 0, "seed": 0, "number": 0, "count": 10**9}, 400, "count"),
        ("/choose", {"label": 0, "seed": 0, "number": 0, "choice": "sold"}, 400, "choice"),
        ("/closer", "[" * 5000, 400, "JSON"),
        ("/closer", "nonsense", 400, "JSON"),
        ("/closer", "9" * 20_000, 400, "length"),
        ("/../../etc/passwd", {"label": 0, "seed": 0, "number": 0}, 404, "no such question"),
    ],
)
def test_a_question_that_makes_no_sense_is_a_sentence(
    server: Server, question: str, values: Any, status: int, words: str
) -> None:
    found, answer = ask(server, question, values)
    assert (found, list(answer)) == (status, ["error"])
    assert words in answer["error"]
    assert ask(server, "/samples", {"label": 0, "seed": 0, "number": 0, "count": 1})[0] == 200, "it goes on"


def test_no_path_names_a_file(server: Server) -> None:
    for path in ("/style.css", "/../params.yaml", "/%2e%2e/params.yaml", "//etc/passwd"):
        assert request(server, "GET", f"{path}?token={server.token}")[0] == 404, path


def test_an_idle_connection_holds_nobody_up(server: Server) -> None:
    with socket.create_connection((HOST, server.server_port)):
        assert ask(server, "/samples", {"label": 0, "seed": 0, "number": 0, "count": 1})[0] == 200


def test_a_port_in_use_is_one_message(playground: Playground) -> None:
    with socket.create_server((HOST, 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AugmentError, match=f"--port {port}: in use by another program.*name another, or 0"):
            open_server(playground, port)
