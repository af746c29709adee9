/** Samples of `dast`: valid documents, and documents with one problem each, with its place. */

export const good: Record<string, string> = {
  "parts of a scan without content": "dast: {active: }\n",
  "one environment that is attacked": "dast: {active: {staging: true}}\n",
  "everything that fails": "dast: {risk: informational}\n",
  "a header with odd characters": "dast: {header: X-Api_Key.1}\n",
}

/** Invalid documents by their problem: the text, and each problem as `line:column: path: message`. */
export const bad: Record<string, [text: string, ...problems: string[]]> = {
  "an attack on what isn't known": [
    "dast: {active: {test: true}}\n",
    "1:17: dast.active.test: unknown key; expected one of staging, production",
  ],
  "an attack that is neither": [
    "dast: {active: {staging: maybe}}\n",
    '1:26: dast.active.staging: expected one of true, false, received "maybe"',
  ],
  "a risk of Trivy's": [
    "dast: {risk: critical}\n",
    '1:14: dast.risk: expected one of informational, low, medium, high, received "critical"',
  ],
  "a pattern that is no path": [
    "dast: {exclude: ['**/logout']}\n",
    '1:18: dast.exclude[0]: expected the path of a URL, such as "/health", received "**/logout"',
  ],
  "a header with its value": [
    "dast: {header: 'X-Key: 1'}\n",
    '1:16: dast.header: expected the name of a header, such as Authorization, received "X-Key: 1"',
  ],
}
