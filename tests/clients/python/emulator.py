"""What the tests know of the emulator: its default world, its control calls, and a receiver of its webhooks."""

import atexit
import base64
import http.server
import os
import threading
import time
import urllib.parse

import httpx
from pywa import WhatsApp

try:
    BASE = os.environ["TISARA_EMULATOR"]
except KeyError:
    raise SystemExit("TISARA_EMULATOR is not set: start these tests with tests/clients/run") from None

TOKEN = "EAAemulator"
APP = "670843887433847"
PORTFOLIO = "2729063490586005"
WABA = "102290129340398"
NUMBER = "106540352242922"
# A catalog of the default world, with sku-1 and sku-2.
CATALOG = "194836987003835"
# A published flow of the default world; its first screen is WELCOME.
FLOW = "884127190345671"
SECRET = "emulator-app-secret"
VERIFY_TOKEN = "emulator-verify-token"

# A PNG of one pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def client() -> WhatsApp:
    """A pywa client that talks to the emulator instead of Meta; pywa has no setting for that."""
    wa = WhatsApp(
        phone_id=NUMBER,
        token=TOKEN,
        waba_id=WABA,
        business_portfolio_id=PORTFOLIO,
        app_id=APP,
        app_secret=SECRET,
        verify_token=VERIFY_TOKEN,
    )
    version = wa.api._session.base_url.path.strip("/")
    wa.api._session.base_url = f"{BASE}/{version}"
    atexit.register(wa.api._session.close)
    return wa


def control(path: str, body: dict | None = None) -> dict:
    """Calls `/_emulator/{path}`: a POST when there is a body."""
    url = f"{BASE}/_emulator/{path}"
    answer = httpx.get(url) if body is None else httpx.post(url, json=body)
    assert answer.is_success, f"{path}: {answer.text}"
    return answer.json()


def open_window(phone: str) -> None:
    """Makes a user who may be written to freely."""
    control("users", {"phone": phone, "window_open": True})


def seen(wamid: str, to: str) -> dict:
    """What the emulator keeps of an accepted message, which must not be one that fails."""
    messages = control(f"messages?limit=1000&to={urllib.parse.quote(to)}")["data"]
    found = next((m for m in messages if m["id"] == wamid), None)
    assert found is not None, f"the emulator has no message {wamid}"
    assert found["error"] is None, found["error"]
    return found


class Receiver:
    """Takes webhooks and gives each to pywa's own signature check and parser; keeps what pywa makes of it."""

    def __init__(self, wa: WhatsApp) -> None:
        self.wa = wa
        self.updates = []
        self.refused = []
        self._changed = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
                answer, status = wa.webhook_challenge_handler(
                    vt=query["hub.verify_token"], ch=query["hub.challenge"]
                )
                self._answer(status, answer)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refusal = wa.webhook_update_validator(body, self.headers.get("X-Hub-Signature-256"))
                if refusal is not None:
                    receiver.refused.append(refusal)
                else:
                    wa.webhook_update_handler(body)
                # 200 all the same: a repetition would only say the same again.
                self._answer(200, "ok")

            def _answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_args) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def keep(self, _wa: WhatsApp, update: object) -> None:
        """A handler for pywa: keeps the update."""
        with self._changed:
            self.updates.append(update)
            self._changed.notify_all()

    def next(self, what: str, fits):
        """The first update that fits, already here or still to come."""
        until = time.monotonic() + 10
        with self._changed:
            while True:
                found = next((u for u in self.updates if fits(u)), None)
                if found is not None:
                    return found
                left = until - time.monotonic()
                assert left > 0, f"no webhook came: {what}; there are {self.updates}; refused {self.refused}"
                self._changed.wait(left)

    def stop(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()
