import { inside } from "./complaints.js"

/** Samples of `notify` and `monitoring`: valid documents, and documents with one problem each, with its place. */

export const good: Record<string, string> = {
  "a notification without parts": "notify:\nmonitoring: {grafana: , alerts: , watch: }\n",
  "no channels and events": "notify: {channels: [], events: [], environments: []}\n",
  "a link without placeholders": "notify: {run: 'https://ci.example.com/latest'}\n",
  "no labels to distinguish instances": "monitoring: {by: []}\n",
  "uptime as a number": "monitoring: {alerts: {uptime: 99.9}}\n",
  "no errors before an alert": "monitoring: {alerts: {errors: 0}}\n",
}

export const bad: Record<string, [text: string, ...problems: string[]]> = {
  "a webhook among the settings": [
    "notify: {slack: 'https://hooks.slack.com/services/T/B/x'}\n",
    "1:10: notify.slack: unknown key; expected one of channels, events, environments, run, commit",
  ],
  "an unknown event": [
    "notify: {events: [finished]}\n",
    '1:19: notify.events[0]: expected one of started, succeeded, failed, rolled-back, held, alert, received "finished"',
  ],
  "a channel that doesn't exist": [
    "notify: {channels: [slak]}\n",
    '1:21: notify.channels[0]: expected one of slack, teams, webhook, received "slak"; did you mean "slack"?',
  ],
  "another brace in a link": [
    "notify: {run: 'https://ci.example.com/{id}'}\n",
    '1:15: notify.run: expected a URL with no other braces than {run}, {sha}, {environment} and {version}, received "https://ci.example.com/{id}"',
  ],
  "a password in a link": [
    "notify: {commit: 'https://me:pass@git.example.com/{sha}'}\n",
    '1:18: notify.commit: expected a URL without user name and password, which a secret has to carry, received "https://***@git.example.com/{sha}"',
  ],
  "a job with a quote": [
    "monitoring: {job: 'a\"}'}\n",
    '1:19: monitoring.job: expected a label\'s value without quotes, braces and backslashes, received "a\\"}"',
  ],
  "a label with a dash": [
    "monitoring: {by: [pod-name]}\n",
    '1:19: monitoring.by[0]: expected the name of a label in Prometheus, such as namespace, received "pod-name"',
  ],
  "a latency in minutes": [
    "monitoring: {alerts: {latency: 1m}}\n",
    '1:32: monitoring.alerts.latency: expected a time to answer, such as "500ms" or "2s", received "1m"',
  ],
  "an uptime of more than all": [
    "monitoring: {alerts: {uptime: '100'}}\n",
    '1:31: monitoring.alerts.uptime: expected per cent from "0" to "99.99", received "100"',
  ],
  "rules outside": [
    "monitoring: {alerts: {file: ../a.yaml}}\n",
    inside("1:29: monitoring.alerts.file", "../a.yaml"),
  ],
  "a policy that doesn't exist": [
    "monitoring: {watch: {policy: undo}}\n",
    '1:30: monitoring.watch.policy: expected one of alert, rollback, received "undo"',
  ],
}
