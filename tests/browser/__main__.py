"""The browser journey: a demo on ports of its own, and web/browser's journey through its screens.

Run as `python -m tests.browser` from the repository's root, with the web app built (make browser does both).
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
START_S = 60
JOURNEY_S = 300
PASSWORD = "plug-it-in"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="evgraph-browser-") as folder:
        port, panel_port = free_port(), free_port()
        log = Path(folder) / "demo.log"
        with log.open("w") as output:
            demo = subprocess.Popen(
                [
                    *(sys.executable, "-m", "evgraph", "demo"),
                    *("--port", str(port), "--panel-port", str(panel_port)),
                    *("--folder", folder, "--speed", "120"),
                ],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until_up(demo, f"http://127.0.0.1:{panel_port}/api/charge-points", log)
            journey = subprocess.run(
                ["npm", "run", "--silent", "browser"],
                cwd=ROOT / "web",
                env=os.environ
                | {
                    "EVGRAPH_URL": f"http://127.0.0.1:{port}",
                    "EVGRAPH_PANEL_URL": f"http://127.0.0.1:{panel_port}",
                    "EVGRAPH_EMAIL": "attendant@demo.test",
                    "EVGRAPH_PASSWORD": PASSWORD,
                    "EVGRAPH_OPERATOR_EMAIL": "operator@demo.test",
                    "EVGRAPH_OPERATOR_PASSWORD": PASSWORD,
                },
                timeout=JOURNEY_S,
                check=False,
            )
        finally:
            demo.send_signal(signal.SIGTERM)
            demo.wait(timeout=20)
        complaints = [line for line in log.read_text().splitlines() if "[error" in line or "Traceback" in line]
        if complaints:
            print("The server complained:", *complaints, sep="\n", file=sys.stderr)
        return journey.returncode or bool(complaints)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def wait_until_up(demo: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if demo.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit(f"The demo did not start:\n{log.read_text()}")


if __name__ == "__main__":
    sys.exit(main())
