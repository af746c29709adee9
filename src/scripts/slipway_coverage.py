"""Combines the coverage of several suites, of all their processes, and writes it as JSON, XML and HTML."""

import inspect
import sys
from pathlib import Path

import coverage

out, config, omit, *paths = sys.argv[1:]
data = [str(file) for path in map(Path, paths) for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
measured = coverage.Coverage(data_file=f"{out}/coverage.data", config_file=config or True)
# Names in the reports are then relative to the source's root, where CI hosts look for them.
measured.set_option("run:source", None)
measured.set_option("run:relative_files", True)
measured.set_option("report:ignore_errors", True)  # a file that is no longer there
if omit:
    measured.set_option("report:omit", omit.split(","))
# Before coverage 5.5 the data was deleted, which is this container's own copy.
keep = {"keep": True} if "keep" in inspect.signature(measured.combine).parameters else {}
measured.combine(data, **keep)
measured.save()
measured.json_report(outfile=f"{out}/coverage.json")
measured.xml_report(outfile=f"{out}/coverage.xml")
measured.html_report(directory=f"{out}/html")
