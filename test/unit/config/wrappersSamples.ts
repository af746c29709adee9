/** Samples of `wrappers`: valid documents, and documents with one problem each, with its place. */

const COMMIT = "0123456789abcdef0123456789abcdef01234567"

export const good: Record<string, string> = {
  "wrappers for every host": "wrappers: {hosts: [github, gitlab, azure, jenkins, circleci]}\n",
  "wrappers for no host": "wrappers: {hosts: []}\n",
  "a script for people": "wrappers: {deployScript: scripts/deploy.sh}\n",
  "wrappers that deliver hotfixes": "wrappers: {hotfixes: true}\n",
  "Slipway by ssh": `wrappers: {slipway: "ssh://git@git.example.com:22/team/slipway.git@${COMMIT}"}\n`,
}

const pinned = (value: string, quoted = value): [string, string] => [
  `wrappers: {slipway: "${value}"}\n`,
  `1:21: wrappers.slipway: expected a git address and a whole commit, such as "https://git.example.com/team/slipway@" and 40 digits, received "${quoted}"`,
]

const cron = (value: string): [string, string] => [
  `wrappers: {schedule: "${value}"}\n`,
  `1:22: wrappers.schedule: expected five fields of cron, minute first, such as "23 4 * * *", received "${value}"`,
]

/** Invalid documents by their problem: the text, and each problem as `line:column: path: message`. */
export const bad: Record<string, [text: string, ...problems: string[]]> = {
  "a host without wrappers": [
    "wrappers: {hosts: [buildkite]}\n",
    '1:20: wrappers.hosts[0]: expected one of github, gitlab, azure, jenkins, circleci, received "buildkite"',
  ],
  "Slipway in whatever version": pinned("https://git.example.com/team/slipway@main"),
  "Slipway without a version": pinned("https://git.example.com/team/slipway"),
  "Slipway that ends a quote": pinned(`https://git.example.com/'; rm -rf ~; '@${COMMIT}`),
  "a schedule of four fields": cron("4 * * *"),
  "a schedule that ends a quote": cron("23 4 * * *'; sh"),
  "a secret that is no name": [
    "wrappers: {secrets: [TOKEN=1]}\n",
    '1:22: wrappers.secrets[0]: expected the name of an environment variable, such as "DATABASE_URL", received "TOKEN=1"',
  ],
}
