import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { crc32 } from "node:zlib"
import { hostAddress } from "./dagger.js"

/**
 * Serves a package index with one wheel, for one user and password, during a callback, which receives the index's
 * address and host.
 */
export async function privateIndex<T>(
  wheel: { name: string; module: string },
  login: { user: string; password: string },
  use: (index: { url: string; host: string }) => Promise<T>,
): Promise<T> {
  const file = `${wheel.name.replaceAll("-", "_")}-1.0-py3-none-any.whl`
  const content = zip(wheelFiles(wheel))
  const allowed = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}`
  const server = createServer(({ url = "", headers }, response) => {
    if (headers.authorization !== allowed) response.writeHead(401, { "www-authenticate": "Basic" }).end()
    else if (url === `/simple/${wheel.name}/`)
      response
        .writeHead(200, { "content-type": "text/html" })
        .end(`<!DOCTYPE html><a href="/files/${file}">${file}</a>`)
    else if (url === `/files/${file}`) response.end(content)
    else response.writeHead(404).end()
  })
  const host = hostAddress()
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  try {
    return await use({ url: `http://${host}:${(server.address() as AddressInfo).port}/simple`, host })
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

function wheelFiles({ name, module }: { name: string; module: string }): Record<string, string> {
  const info = `${name.replaceAll("-", "_")}-1.0.dist-info`
  const files = {
    [`${module}/__init__.py`]: 'NAME: str = "private"\n',
    [`${module}/py.typed`]: "",
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  }
  const record = [...Object.keys(files), `${info}/RECORD`].map((path) => `${path},,\n`).join("")
  return { ...files, [`${info}/RECORD`]: record }
}

/** An archive of these files, uncompressed. */
function zip(files: Record<string, string>): Buffer {
  const [bodies, entries]: [Buffer[], Buffer[]] = [[], []]
  let offset = 0
  for (const [path, text] of Object.entries(files)) {
    const [name, data] = [Buffer.from(path), Buffer.from(text)]
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(0x21, 8) // the first day that the format knows
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(data.length, 18)
    common.writeUInt16LE(name.length, 22)
    const body = Buffer.concat([Buffer.from("PK\x03\x04"), common, name, data])
    const end = Buffer.alloc(14)
    end.writeUInt32LE(0o100644 * 0x10000, 6)
    end.writeUInt32LE(offset, 10)
    const versions = Buffer.from([20, 3])
    entries.push(Buffer.concat([Buffer.from("PK\x01\x02"), versions, common, end, name]))
    bodies.push(body)
    offset += body.length
  }
  const directory = Buffer.concat(entries)
  const end = Buffer.alloc(22)
  end.write("PK\x05\x06", "latin1")
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...bodies, directory, end])
}
