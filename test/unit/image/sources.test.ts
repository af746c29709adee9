import { describe, expect, it } from "vitest"
import { healthCheck, excludedFromImage, withUser } from "../../../src/lib/image/sources.js"

describe("excludedFromImage", () => {
  it("keeps packages of any name", () => {
    expect(excludedFromImage(new Set(["app"]))).toContain("deploy")
    expect(excludedFromImage(new Set(["deploy"]))).not.toContain("deploy")
  })

  it("excludes files with passwords even in packages", () => {
    expect(excludedFromImage(new Set([".env"]))).toContain("**/.*")
  })
})

describe("withUser", () => {
  it("adds a line, also behind a last line without a break", () => {
    const line = "app:x:10001:10001::/tmp:/usr/sbin/nologin\n"
    expect(withUser("passwd", "root:x:0:0:root:/root:/bin/sh\n")).toBe(
      `root:x:0:0:root:/root:/bin/sh\n${line}`,
    )
    expect(withUser("passwd", "root:x:0:0:root:/root:/bin/sh")).toBe(`root:x:0:0:root:/root:/bin/sh\n${line}`)
    expect(withUser("passwd", "")).toBe(line)
    expect(withUser("group", "root:x:0:\n")).toBe("root:x:0:\napp:x:10001:\n")
  })

  it("leaves a text unchanged in which the number has a name", () => {
    const passwd = "service:x:10001:10001::/:/bin/false\n"
    expect(withUser("passwd", passwd)).toBe(passwd)
  })
})

describe("healthCheck", () => {
  it("requests the path at the port", () => {
    const [python, options, script] = healthCheck(9000, '/health?full="1"')
    expect([python, options]).toEqual(["python", "-ISc"])
    expect(script).toContain('("127.0.0.1", 9000)')
    expect(script).toContain(String.raw`b"GET /health?full=\"1\" HTTP/1.0\r\nHost: localhost\r\n\r\n"`)
  })
})
