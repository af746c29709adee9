import type { ToolRun } from "../../../src/lib/run/finding.js"

/** What `cosign verify-attestation` prints where these predicates hold: a line for each, after an empty one. */
export const attestation = (...predicates: unknown[]): ToolRun => ({
  exitCode: 0,
  stdout: ["", ...predicates.map(envelope), ""].join("\n"),
  stderr: "",
})

function envelope(predicate: unknown): string {
  const statement = {
    _type: "https://in-toto.io/Statement/v0.1",
    subject: [{ name: "registry:5000/audio/upscaler", digest: { sha256: "ab".repeat(32) } }],
    predicateType: "https://example.com/predicate",
    predicate,
  }
  return JSON.stringify({
    payloadType: "application/vnd.in-toto+json",
    payload: Buffer.from(JSON.stringify(statement)).toString("base64"),
    signatures: [{ sig: "MEUCIQ==" }],
  })
}

/** A run of cosign's that failed: it says why twice. */
export const failure = (error: string): ToolRun => ({
  exitCode: 1,
  stdout: "",
  stderr: `Error: ${error}\nerror during command execution: ${error}\n`,
})
