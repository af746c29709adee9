import { inside } from "./complaints.js"

/** Samples of `load`: valid documents, and documents with one problem each, with its place. */

export const good: Record<string, string> = {
  "a load without parts": "load:\n",
  "one ramp": "load: {load: {ramps: ['30s:1']}}\n",
  "a ramp that stands twice": "load: {load: {ramps: ['1m:5', '1m:5']}}\n",
  "users who never wait": "load: {pause: 0}\n",
  "a remote write": "load: {prometheus: 'http://prometheus.monitoring:9090/api/v1/write'}\n",
}

const ramp = (text: string) =>
  `1:24: load.load.ramps[0]: expected a duration and the number of users at its end, such as "5m:20", received "${text}"`

/** Invalid documents by their problem: the text, and each problem as `line:column: path: message`. */
export const bad: Record<string, [text: string, ...problems: string[]]> = {
  "a ramp without users": ["load: {load: {ramps: [ '5m']}}\n", ramp("5m")],
  "a ramp of no time": ["load: {load: {ramps: [ '0s:5']}}\n", ramp("0s:5")],
  "too many users": ["load: {load: {ramps: [ '1m:10000']}}\n", ramp("1m:10000")],
  "no ramps": [
    "load: {stress: {ramps: []}}\n",
    "1:24: load.stress.ramps: expected at least one entry, received an empty list",
  ],
  "a script of the parent": ["load: {script: ../load.js}\n", inside("1:16: load.script", "../load.js")],
  "a password in an address": [
    "load: {influxdb: 'http://me:secret@influx:8086/api/v2/write'}\n",
    '1:18: load.influxdb: expected a URL without user name and password, which a secret has to carry, received "http://***@influx:8086/api/v2/write"',
  ],
  "a minimum for everyday traffic": [
    "load: {load: {minimumUsers: 5}}\n",
    '1:15: load.load.minimumUsers: unknown key here; it belongs below "load.stress"',
  ],
}
