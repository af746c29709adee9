"""Combines the coverage of several suites, of all their processes, and writes it as JSON, XML and HTML."""

import inspect
import sys
from pathlib import Path

import coverage

out, config, omit, *paths = sys.argv[1:]
data = [str(file) for path in map(Path, paths) for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
measured = coverage.Coverage(data_file=f"{out}/coverage.data", config_file=config or True)
measured.set_option("run:source", None)
# Names in the reports are relative to the source's root, where CI hosts look for them; before coverage 5.5, which doesn't
# translate those of the data, they are so anyway. It deletes the data too: this container's own copy.
is_old = "keep" not in inspect.signature(measured.combine).parameters
measured.set_option("run:relative_files", not is_old)
measured.set_option("report:ignore_errors", True)  # a file that is no longer there
if omit:
    measured.set_option("report:omit", omit.split(","))
measured.combine(data, **({} if is_old else {"keep": True}))
measured.save()
measured.json_report(outfile=f"{out}/coverage.json")
measured.xml_report(outfile=f"{out}/coverage.xml")
measured.html_report(directory=f"{out}/html")
