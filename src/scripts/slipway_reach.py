"""Asks a service for some paths and for its OpenAPI document, before ZAP is started on it.

Takes {"url", "paths", "document", "header", "seconds"} as JSON, and the header's value, if any, in a file. Follows
redirects within the service alone. Prints one line of JSON: what each path came to, and the document.
"""

import json
import pathlib
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

LIMIT = 20_000_000


class Within(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, request, *others):
        origin = urllib.parse.urlsplit(request.full_url)[:2]
        if urllib.parse.urlsplit(others[-1])[:2] != origin:
            raise urllib.error.URLError(f"it redirects to {others[-1]}")
        return super().redirect_request(request, *others)


opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Within())


def ask(url, headers):
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            end = urllib.parse.urlsplit(answer.url)
            path = urllib.parse.urlunsplit(("", "", end.path, end.query, ""))
            return {"path": path or "/", "status": answer.status}, answer.read(LIMIT).decode("utf-8", "replace")
    except urllib.error.HTTPError as error:
        return {"path": urllib.parse.urlsplit(url).path, "status": error.code}, ""
    except Exception as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        return {"path": urllib.parse.urlsplit(url).path, "status": 0, "problem": reason}, ""


def main():
    settings = json.loads(sys.argv[1])
    secret = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
    headers = {settings["header"]: secret.read_text("utf-8")} if secret else {}
    url = settings["url"]
    deadline = time.monotonic() + settings["seconds"]
    while True:
        answers = [ask(url + path, headers)[0] for path in settings["paths"]]
        # A pod that is just starting, or a port that is not yet forwarded.
        if any(answer["status"] for answer in answers) or time.monotonic() > deadline:
            break
        time.sleep(1)
    answer, text = ask(url + settings["document"], headers)
    # What answers everything with a page has no document.
    tells = answer["status"] == 200 and text.lstrip()[:1] != "<" and ("openapi" in text or "swagger" in text)
    document = {"document": text} if tells else {}
    print(json.dumps({"answers": answers, **document}))


main()
