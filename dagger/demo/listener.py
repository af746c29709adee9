"""Replaces Slack and Grafana: records requests and responds like them."""

import http.server
import json
import threading
import urllib.parse

RECEIVED = []
ANNOTATIONS = {}
LOCK = threading.Lock()


class Listener(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        tags = urllib.parse.parse_qs(query).get("tags", [])
        with LOCK:
            found = [each for each in ANNOTATIONS.values() if set(tags) <= set(each["tags"])]
            self.answer(found if path == "/api/annotations" else RECEIVED)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        with LOCK:
            RECEIVED.append({"method": self.command, "path": self.path, "body": body})
            if self.path == "/api/annotations":
                number = len(ANNOTATIONS) + 1
                ANNOTATIONS[number] = {"id": number, "timeEnd": body.get("time"), **body}
                self.answer({"id": number, "message": "Annotation added"})
            elif self.path.startswith("/api/annotations/"):
                ANNOTATIONS[int(self.path.rsplit("/", 1)[1])].update(body)
                self.answer({"message": "Annotation patched"})
            else:
                self.answer("ok")

    do_PATCH = do_POST

    def answer(self, content):
        data = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("", 8000), Listener).serve_forever()
