"""Stands where a team's Slack and Grafana would: keeps what it is told, and answers as they do."""

import http.server
import json
import threading

RECEIVED = []
LOCK = threading.Lock()


class Listener(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with LOCK:
            self.answer("application/json", json.dumps(RECEIVED))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with LOCK:
            RECEIVED.append({"method": self.command, "path": self.path, "body": json.loads(body)})
            number = len(RECEIVED)
        if self.path.startswith("/api/annotations"):
            self.answer("application/json", json.dumps({"id": number, "message": "Annotation added"}))
        else:
            self.answer("text/plain", "ok")

    do_PATCH = do_POST

    def answer(self, kind, text):
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", 8000), Listener).serve_forever()
