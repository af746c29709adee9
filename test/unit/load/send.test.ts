import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, describe, expect, it } from "vitest"
import { influxLines } from "../../../src/lib/load/influx.js"
import { metricsOf, timed } from "../../../src/lib/load/metrics.js"
import { remoteWrite, snappy } from "../../../src/lib/load/remoteWrite.js"
import { sendFigures } from "../../../src/lib/load/send.js"
import type { Second } from "../../../src/lib/load/series.js"

const BEGUN = 1_767_225_600_000

const SECONDS: Second[] = [
  { at: 0, users: 1, requests: 0, errors: 0 },
  { at: 1, users: 2, requests: 5, errors: 1, p50: 1.5, p95: 250 },
]

/** Reads a number of seven bits a byte; returns it and where it ends. */
function varint(bytes: Uint8Array, from: number): [bigint, number] {
  let value = 0n
  for (let at = from, shift = 0n; ; at++, shift += 7n) {
    const byte = bytes[at] ?? 0
    value |= BigInt(byte & 127) << shift
    if (byte < 128) return [value, at + 1]
  }
}

/** A decoder of Snappy's blocks, for all kinds of literals. */
function unsnappy(block: Uint8Array): Uint8Array {
  const [length, begin] = varint(block, 0)
  const parts: Uint8Array[] = []
  for (let at = begin; at < block.length;) {
    const tag = (block[at] ?? 0) >> 2
    expect((block[at] ?? 0) & 3).toBe(0)
    const more = Math.max(0, tag - 59)
    const size = more === 0 ? tag : Buffer.from(block.subarray(at + 1, at + 1 + more)).readUIntLE(0, more)
    at += 1 + more
    parts.push(block.subarray(at, at + size + 1))
    at += size + 1
  }
  const content = Buffer.concat(parts)
  expect(content).toHaveLength(Number(length))
  return content
}

type Field = [number: number, value: bigint | Uint8Array]

/** A decoder of Protocol Buffers' three kinds of fields that are used here. */
function fieldsOf(message: Uint8Array): Field[] {
  const found: Field[] = []
  for (let at = 0; at < message.length;) {
    const key = message[at] ?? 0
    at += 1
    if ((key & 7) === 1) {
      found.push([key >> 3, message.subarray(at, at + 8)])
      at += 8
      continue
    }
    const [value, end] = varint(message, at)
    at = end
    if ((key & 7) === 0) found.push([key >> 3, value])
    else {
      found.push([key >> 3, message.subarray(at, at + Number(value))])
      at += Number(value)
    }
  }
  return found
}

const bytes = ([, value]: Field): Uint8Array => value as Uint8Array

function decoded(body: Uint8Array) {
  return fieldsOf(unsnappy(body)).map((series) => {
    const parts = fieldsOf(bytes(series))
    const labels = parts
      .filter(([number]) => number === 1)
      .map((label) => fieldsOf(bytes(label)).map((part) => Buffer.from(bytes(part)).toString()))
    const samples = parts
      .filter(([number]) => number === 2)
      .map((sample) => {
        const [value, time] = fieldsOf(bytes(sample))
        return [Buffer.from(bytes(value as Field)).readDoubleLE(), Number(time?.[1])]
      })
    return { labels, samples }
  })
}

const LABELS = { version: "", environment: "staging", kind: "löad" }

describe("Prometheus' remote write", () => {
  it("holds every metric with sorted labels, its values and times", () => {
    const series = decoded(remoteWrite(metricsOf(timed(SECONDS, BEGUN), LABELS)))
    expect(series).toHaveLength(5)
    expect(series[0]).toEqual({
      labels: [
        ["__name__", "slipway_load_users"],
        ["environment", "staging"],
        ["kind", "löad"],
      ],
      samples: [
        [1, BEGUN],
        [2, BEGUN + 1000],
      ],
    })
    expect(series[4]).toEqual({
      labels: [
        ["__name__", "slipway_load_duration_seconds"],
        ["environment", "staging"],
        ["kind", "löad"],
        ["quantile", "0.95"],
      ],
      samples: [[0.25, BEGUN + 1000]],
    })
  })

  it.each([0, 1, 60, 65_536, 65_537, 200_000])("keeps %i bytes as they were", (length) => {
    const content = Uint8Array.from({ length }, (_, index) => index % 251)
    expect(Buffer.compare(unsnappy(snappy(content)), content)).toBe(0)
  })
})

describe("InfluxDB's line protocol", () => {
  it("has a line for each second, without what wasn't measured", () => {
    expect(influxLines(timed(SECONDS, BEGUN), LABELS)).toBe(
      `slipway_load,environment=staging,kind=löad users=1i,requests=0i,errors=0i ${BEGUN}000000\n` +
        `slipway_load,environment=staging,kind=löad users=2i,requests=5i,errors=1i,p50=1.5,p95=250 ${BEGUN + 1000}000000\n`,
    )
  })

  it("keeps a label from making lines or tags of its own", () => {
    const [line] = influxLines(timed(SECONDS, BEGUN), { version: "a b,c=d\nx y=1\\" }).split("\n")
    expect(line).toMatch(/^slipway_load,version=a\\ b\\,c\\=d\\ x\\ y\\=1 users=/)
  })
})

describe("sending", () => {
  let close = () => {}
  afterEach(() => close())

  async function receiver(status: number) {
    const seen: { request: IncomingMessage; body: Buffer }[] = []
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on("data", (chunk: Buffer) => chunks.push(chunk))
      request.on("end", () => {
        seen.push({ request, body: Buffer.concat(chunks) })
        response.writeHead(status).end("told why")
      })
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    close = () => void server.close()
    return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
  }

  const figures = { seconds: SECONDS, begun: BEGUN, labels: LABELS }

  it("reaches both, each with its own token", async () => {
    const { seen, url } = await receiver(204)
    const to = { influxdb: `${url}/write?db=a`, influxdbToken: "i\n", prometheus: `${url}/api/v1/write` }
    expect(await sendFigures(figures, { ...to, prometheusToken: "p" })).toEqual([])
    const [influx, prometheus] = [...seen].sort((a, b) =>
      (a.request.url ?? "") < (b.request.url ?? "") ? 1 : -1,
    )
    expect(influx?.request.headers).toMatchObject({ authorization: "Token i" })
    expect(influx?.body.toString()).toContain("slipway_load,environment=staging")
    expect(prometheus?.request.headers).toMatchObject({
      authorization: "Bearer p",
      "content-encoding": "snappy",
    })
    expect(decoded(prometheus?.body ?? new Uint8Array())).toHaveLength(5)
  })

  it("says what was refused, without the token", async () => {
    const { url } = await receiver(401)
    expect(await sendFigures(figures, { influxdb: url, influxdbToken: "s3cret" })).toEqual([
      `the figures did not reach InfluxDB at ${url}: it answered 401: told why`,
    ])
    expect(await sendFigures(figures, {})).toEqual([])
  })
})
