/** Documents that fit, and documents with one thing wrong each, with its place. */

export const good: Record<string, string> = {
  nothing: "",
  "a comment only": "# nothing yet\n",
  "an explicit null": "~\n",
  "an empty map": "{}\n",
  "a document's start and end": "---\nparallel: 3\n...\n",
  "a byte order mark": "\uFEFFparallel: 3\n",
  "Windows line ends": "parallel: 3\r\ntimeout: 5m\r\n",
  "null sections": "python:\nquality:\nimages:\n",
  "a null map": "images:\n  replace:\n",
  everything: `version: 1
name: upscaler-api
python:
  version: "3.11"
  requirements: [requirements.txt, "dev/requirements.txt"]
  index: https://pypi.example.com/simple
quality:
  checks: [mypy, black]
  paths:
    - src
    - tests
parallel: 4
timeout: 1h
images:
  prefix: mirror.example.com:5000/hub
  replace:
    python: registry.example.com/python:3.11-slim
    git: alpine/git@sha256:${"0123456789abcdef".repeat(4)}
`,
  "a number as version": "python: {version: 3.11}\n",
  "version 3.9 as a number": "python: {version: 3.9}\n",
  "version 3.10 in quotes": 'python: {version: "3.10"}\n',
  "no requirements": "python: {requirements: []}\n",
  "an index with a port": "python: {index: 'http://localhost:3141/root/pypi/+simple/?a=b@c'}\n",
  "an index by IPv6": "python: {index: 'http://[::1]:3141/'}\n",
  "a registry by port": "images: {prefix: 'localhost:5000'}\n",
  "a registry by localhost": "images: {prefix: localhost/hub}\n",
  "a registry alone": "images: {prefix: mirror.example.com}\n",
  "a tag without registry": "images: {replace: {python: 'python:3.11'}}\n",
  "a registry's port and a tag": "images: {replace: {python: 'localhost:5000/a/b:c'}}\n",
  "the longest name": `name: ${"a".repeat(63)}\n`,
  "dots in a path": "quality: {paths: [a..b, ..c, d.., ./x, .]}\n",
  "a path with a space": "quality: {paths: ['a b/ü 😀.py']}\n",
  "the least parallel": "parallel: 1\n",
  "the most parallel": "parallel: 64\n",
  "a whole float": "parallel: 4.0\n",
  "the longest timeouts": "timeout: 9999m\n",
  "indented comments": `parallel: 3\n${" ".repeat(150)}# far right\n`,
}

/** By what is wrong: the text, and each problem as `line:column: path: message`. */
export const bad: Record<string, [text: string, ...problems: string[]]> = {
  // keys
  "a key of a section": ["checks: 1\n", '1:1: checks: unknown key here; it belongs below "quality"'],
  "a wrong letter": ["quality:\n  chekcs: []\n", '2:3: quality.chekcs: unknown key; did you mean "checks"?'],
  "a wrong case": ["Parallel: 1\n", '1:1: Parallel: unknown key; did you mean "parallel"?'],
  "nothing near": [
    "images:\n  colour: red\n",
    "2:3: images.colour: unknown key; expected one of prefix, replace",
  ],
  "a key of another section": [
    "images:\n  paths: [a]\n",
    '2:3: images.paths: unknown key here; it belongs below "quality"',
  ],
  "a key of the top": [
    "quality:\n  timeout: 5m\n",
    "2:3: quality.timeout: unknown key here; it belongs at the top of the file",
  ],
  "an unknown role": [
    "images: {replace: {pyhton: 'a:1'}}\n",
    '1:20: images.replace.pyhton: unknown key; did you mean "python"?',
  ],
  "a key that stands twice": [
    "parallel: 1\ntimeout: 1m\nparallel: 2\n",
    "3:1: parallel: the key stands twice, first on line 1",
  ],
  "a key of several words": [
    '"a b\\n": 1\n',
    '1:1: "a b\\n": unknown key; expected one of version, name, python, quality, parallel, timeout, images',
  ],
  "a number as key": [
    "1: x\n",
    "1:1: 1: unknown key; expected one of version, name, python, quality, parallel, timeout, images",
  ],
  "a list as key": ["? [a]\n: 1\n", "1:3: expected a name as key, received a list"],
  "no key": ["quality: {: 1}\n", "1:11: quality: expected a name as key, received nothing"],
  // types
  "a list at the root": ["- a\n", "1:1: expected a map of keys, received a list"],
  "a text at the root": ["slipway\n", '1:1: expected a map of keys, received "slipway"'],
  "a text that looks like an anchor": ["--- |\n&a\n", '1:5: expected a map of keys, received "&a\\n"'],
  "a text as section": ["quality: black\n", '1:10: quality: expected a map of keys, received "black"'],
  "a list as map": [
    "images: {replace: []}\n",
    "1:19: images.replace: expected a map with the keys python, git, received a list",
  ],
  "a text as list": ["quality: {paths: src}\n", '1:18: quality.paths: expected a list, received "src"'],
  "nothing as list": ["quality:\n  paths:\n", "2:9: quality.paths: expected a list, received nothing"],
  "a map as text": ["name: {a: 1}\n", "1:7: name: expected a text, received a map"],
  "nothing as text": ["name:\n", "1:6: name: expected a text, received nothing"],
  "a number as text": [
    "name: 123\n",
    "1:7: name: expected a text, received the number 123; put it in quotes",
  ],
  "a boolean as text": [
    "name: true\n",
    "1:7: name: expected a text, received the boolean true; put it in quotes",
  ],
  "nothing in a list": [
    "quality:\n  checks:\n    - black\n    -\n",
    "4:6: quality.checks[1]: expected one of black, isort, flake8, mypy, bandit, received nothing",
  ],
  // values
  "an unknown version": ["version: 2\n", "1:10: version: expected 1, received the number 2"],
  "a version in quotes": ['version: "1"\n', '1:10: version: expected 1, received "1"'],
  "an upper-case name": ["name: Api\n", label("1:7: name", "Api")],
  "a name that is too long": [`name: ${"a".repeat(64)}\n`, label("1:7: name", "a".repeat(64))],
  "a name that ends in a dash": ["name: api-\n", label("1:7: name", "api-")],
  "a name with a line's end": ['name: "api\\n"\n', label("1:7: name", "api\\n")],
  "Python 3.10 without quotes": [
    "python:\n  version: 3.10\n",
    "2:12: python.version: expected a text, received the number 3.10; YAML reads it as 3.1, so put it in quotes",
  ],
  "Python 3.1": [
    "python: {version: 3.1}\n",
    '1:19: python.version: expected a Python version from "3.9" to "3.19", such as "3.11", received the number 3.1; put it in quotes',
  ],
  "Python 2": [
    'python: {version: "2.7"}\n',
    '1:19: python.version: expected a Python version from "3.9" to "3.19", such as "3.11", received "2.7"',
  ],
  "an index by file": ["python: {index: 'file:///etc'}\n", url("1:17", "file:///etc")],
  "an index without host": ["python: {index: 'https://'}\n", url("1:17", "https://")],
  "an index with a space": ["python: {index: 'https://a/b c'}\n", url("1:17", "https://a/b c")],
  "a password in the index": [
    "python: {index: 'https://me:secret@pypi.example.com/simple'}\n",
    '1:17: python.index: expected a URL without user name and password, which a secret has to carry, received "https://***@pypi.example.com/simple"',
  ],
  "an unknown check": [
    "quality: {checks: [blakc]}\n",
    '1:20: quality.checks[0]: expected one of black, isort, flake8, mypy, bandit, received "blakc"; did you mean "black"?',
  ],
  "no checks": [
    "quality: {checks: []}\n",
    "1:19: quality.checks: expected at least one entry, received an empty list",
  ],
  "no paths": [
    "quality: {paths: []}\n",
    "1:18: quality.paths: expected at least one entry, received an empty list",
  ],
  "a check twice": [
    "quality:\n  checks:\n    - black\n    - mypy\n    - black\n",
    '5:7: quality.checks[2]: "black" stands in the list twice, first on line 3',
  ],
  "an absolute path": [
    "quality: {paths: [/etc]}\n",
    `1:19: quality.paths[0]: expected a path relative to the service's folder, received "/etc"`,
  ],
  "an empty path": ["quality: {paths: ['']}\n", printable("1:19: quality.paths[0]", "")],
  "a path with a NUL": ['quality: {paths: ["a\\0b"]}\n', printable("1:19: quality.paths[0]", "a\\u0000b")],
  "a path of two lines": ['quality: {paths: ["a\\nb"]}\n', printable("1:19: quality.paths[0]", "a\\nb")],
  "a path with a terminal's escape": [
    'quality: {paths: ["a\\x9bb"]}\n',
    printable("1:19: quality.paths[0]", "a\\u009bb"),
  ],
  "a path like an option": [
    "quality: {paths: [--config=x]}\n",
    '1:19: quality.paths[0]: expected a path that doesn\'t begin with "-" (write "./-name"), received "--config=x"',
  ],
  "a path to the parent": ["quality: {paths: [..]}\n", inside("1:19: quality.paths[0]", "..")],
  "a path by way of the parent": [
    "quality: {paths: [a/../../b]}\n",
    inside("1:19: quality.paths[0]", "a/../../b"),
  ],
  "a path that ends in the parent": [
    "python: {requirements: [a/..]}\n",
    inside("1:25: python.requirements[0]", "a/.."),
  ],
  "parallel by none": ["parallel: 0\n", whole("1:11", "0")],
  "parallel by too many": ["parallel: 65\n", whole("1:11", "65")],
  "parallel by a half": ["parallel: 1.5\n", whole("1:11", "1.5")],
  "parallel without end": ["parallel: .inf\n", whole("1:11", ".inf")],
  "parallel by a text": [
    "parallel: many\n",
    '1:11: parallel: expected a whole number from 1 to 64, received "many"',
  ],
  "a timeout without unit": ["timeout: 600\n", time("the number 600; put it in quotes")],
  "a timeout of nothing": ["timeout: 0s\n", time('"0s"')],
  "a timeout that is too long": ["timeout: 100h\n", time('"100h"')],
  "a timeout of two units": ["timeout: 1h30m\n", time('"1h30m"')],
  "a prefix with a scheme": [
    "images: {prefix: 'https://mirror.example.com'}\n",
    '1:18: images.prefix: expected a registry and a path, without scheme or "/" at the end, such as "mirror.example.com/hub", received "https://mirror.example.com"',
  ],
  "a prefix with a slash": [
    "images: {prefix: mirror.example.com/}\n",
    '1:18: images.prefix: expected a registry and a path, without scheme or "/" at the end, such as "mirror.example.com/hub", received "mirror.example.com/"',
  ],
  "a prefix without registry": [
    "images: {prefix: hub/x}\n",
    '1:18: images.prefix: expected a registry first, such as "mirror.example.com/hub" or "localhost:5000", received "hub/x"',
  ],
  "an image without tag": [
    "images: {replace: {git: 'localhost:5000/git'}}\n",
    '1:25: images.replace.git: expected an image reference with a tag or digest, such as "python:3.11-slim", received "localhost:5000/git"',
  ],
  "an image in upper case": [
    "images: {replace: {git: 'a/Git:1'}}\n",
    '1:25: images.replace.git: expected an image reference such as "registry.example.com/python:3.11-slim", received "a/Git:1"',
  ],
}

function label(place: string, value: string): string {
  return `${place}: expected a DNS label: up to 63 of a-z, 0-9 and -, with a letter or digit at both ends, received "${value}"`
}

function url(place: string, value: string): string {
  return `${place}: python.index: expected an http or https URL such as "https://pypi.example.com/simple", received "${value}"`
}

function printable(place: string, value: string): string {
  return `${place}: expected a text on one line, not empty, without control characters, received "${value}"`
}

function inside(place: string, value: string): string {
  return `${place}: expected a path that stays inside the service's folder, without "..", received "${value}"`
}

function whole(place: string, value: string): string {
  return `${place}: parallel: expected a whole number from 1 to 64, received the number ${value}`
}

function time(value: string): string {
  return `1:10: timeout: expected a duration: 1 to 9999 seconds or minutes, or 1 to 99 hours, such as "30s", "10m" or "1h", received ${value}`
}
