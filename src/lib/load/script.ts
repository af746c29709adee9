import type { Ask } from "./openapi.js"

/**
 * Generates a k6 script whose users send the requests in turn.
 *
 * Content of a document is embedded as JSON, which is JavaScript as well: none of it can be code.
 */
export const madeScript = (asks: readonly Ask[], pauseMilliseconds: number): string => `\
import { check, sleep } from "k6"
import http from "k6/http"

const asks = ${JSON.stringify(asks, null, 2)}
const authorization = __ENV.LOAD_AUTHORIZATION ? { Authorization: __ENV.LOAD_AUTHORIZATION } : {}

export default function () {
  // Each user begins with another one.
  const { name, path, headers } = asks[(__VU + __ITER) % asks.length]
  const response = http.get(\`\${__ENV.BASE_URL}\${path}\`, {
    headers: { ...headers, ...authorization },
    // A tag of its own: a name would replace the URL, which says whether the service redirects elsewhere.
    tags: { operation: name },
  })
  check(response, { "answered with a status below 400": ({ status }) => status > 0 && status < 400 })
  sleep(${pauseMilliseconds / 1000})
}
`

/** A GET request for a path. */
export const plainAsk = (path: string): Ask => ({ name: `GET ${path}`, path, headers: {}, secured: false })
