/**
 * Prometheus' remote write, version 1: a message of Protocol Buffers in a block of Snappy.
 * https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
import type { Metric } from "./metrics.js"

export const REMOTE_WRITE_HEADERS = {
  "content-encoding": "snappy",
  "content-type": "application/x-protobuf",
  "x-prometheus-remote-write-version": "0.1.0",
} as const

/** The body of a request that writes these metrics. */
export const remoteWrite = (metrics: readonly Metric[]): Uint8Array<ArrayBuffer> =>
  snappy(Buffer.concat(metrics.map((metric) => field(1, series(metric)))))

/** Labels have to be sorted by their names; those without a value mustn't be there. */
function series({ labels, samples }: Metric): Buffer {
  const sorted = Object.entries(labels)
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return Buffer.concat([
    ...sorted.map(([name, value]) =>
      field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
    ),
    ...samples.map((sample) => field(2, sampleOf(sample))),
  ])
}

function sampleOf({ at, value }: Metric["samples"][number]): Buffer {
  const double = Buffer.alloc(9)
  double[0] = (1 << 3) | 1
  double.writeDoubleLE(value, 1)
  return Buffer.concat([double, Buffer.from([2 << 3]), varint(at)])
}

/** A field with a length, as all but numbers have it. */
const field = (number: number, content: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from([(number << 3) | 2]), varint(content.length), content])

/** A whole number, seven bits a byte, the lowest first. Times in milliseconds have more than 32 bits. */
function varint(number: number): Buffer {
  const bytes: number[] = []
  let left = BigInt(Math.max(0, Math.trunc(number)))
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
  return Buffer.from([...bytes, Number(left)])
}

const CHUNK = 65_536

/** Snappy's block format with nothing but literals: valid, and no smaller. https://github.com/google/snappy/blob/main/format_description.txt */
export function snappy(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [varint(content.length)]
  for (let from = 0; from < content.length; from += CHUNK) {
    const chunk = content.subarray(from, from + CHUNK)
    const length = chunk.length - 1
    // 61 says that two bytes tell the length.
    parts.push(Buffer.from([61 << 2, length & 255, length >> 8]), chunk)
  }
  return Buffer.concat(parts)
}
