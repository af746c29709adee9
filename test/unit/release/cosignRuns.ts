import type { ToolRun } from "../../../src/lib/run/finding.js"

/** Returns the output of `cosign verify-attestation` for verified predicates: an empty line, then one for each. */
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

/** Returns a failed run of cosign, which prints its error twice. */
export const failure = (error: string): ToolRun => ({
  exitCode: 1,
  stdout: "",
  stderr: `Error: ${error}\nerror during command execution: ${error}\n`,
})
