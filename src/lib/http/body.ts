import { TOO_LARGE } from "./unanswered.js"

/** Reads an answer's body as text. Rejects if it breaks off or exceeds the limit in bytes. */
export async function readBody(body: AsyncIterable<Uint8Array>, limit: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.byteLength
    // Leaving the loop closes the connection.
    if (size > limit)
      throw Object.assign(new Error(`its answer has more than ${limit} bytes`), { code: TOO_LARGE })
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
