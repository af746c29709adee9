/** Samples of `cleanup`: valid documents, and documents with one problem each, with its place. */

export const good: Record<string, string> = {
  "a cleanup without parts": "cleanup:\n",
  "a cleanup that deletes": "cleanup: {apply: true}\n",
  "nothing asked what it runs": "cleanup: {environments: []}\n",
  "no minimum age": "cleanup: {minimumAge: 0d}\n",
  "nothing protected": "cleanup: {protect: []}\n",
  "patterns of tags": "cleanup: {protect: ['release-*', 'v?']}\n",
  "previews by a label with its value":
    "cleanup: {previews: {label: example.com/purpose=preview, age: 36h}}\n",
}

const age = 'expected an age: 0 to 9999 hours or days, such as "36h" or "14d"'

/** Invalid documents by their problem: the text, and each problem as `line:column: path: message`. */
export const bad: Record<string, [text: string, ...problems: string[]]> = {
  "a boolean in quotes": [
    'cleanup: {apply: "true"}\n',
    '1:18: cleanup.apply: expected one of true, false, received "true"; remove the quotes',
  ],
  "no release kept": [
    "cleanup: {releases: 0}\n",
    "1:21: cleanup.releases: expected a whole number from 1 to 10000, received the number 0",
  ],
  "an age in weeks": ["cleanup: {minimumAge: 2w}\n", `1:23: cleanup.minimumAge: ${age}, received "2w"`],
  "an age below zero": ["cleanup: {jobs: -1d}\n", `1:17: cleanup.jobs: ${age}, received "-1d"`],
  "a pattern with a slash": [
    "cleanup: {protect: [a/b]}\n",
    '1:21: cleanup.protect[0]: expected a name, in which "*" stands for any characters and "?" for one, such as "release-*", received "a/b"',
  ],
  "several labels": [
    "cleanup: {previews: {label: 'a,b'}}\n",
    '1:29: cleanup.previews.label: expected a label, with its value if that matters, such as "slipway.dev/preview" or "purpose=preview", received "a,b"',
  ],
  "an environment that isn't known, to be asked": [
    "cleanup: {environments: [test]}\n",
    '1:26: cleanup.environments[0]: expected one of staging, production, received "test"',
  ],
}
