#!/bin/sh
exec /usr/local/bin/python3 -m pip "$@"
