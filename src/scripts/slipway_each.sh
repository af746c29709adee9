#!/bin/sh
# Runs each line of a file as a command, whatever became of those before. Prints a line for each: its exit code, and in
# base64 what it printed and what it complained of.
set -u
while IFS= read -r command || [ -n "$command" ]; do
  sh -c "$command" > /tmp/stdout 2> /tmp/stderr < /dev/null
  echo "$? $(base64 < /tmp/stdout | tr -d '\n'):$(base64 < /tmp/stderr | tr -d '\n')"
done < "$1"
