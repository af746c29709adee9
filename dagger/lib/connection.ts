import { connect } from "node:net"

/** Where a server listens: at a socket's path, or at a port of a host. */
export type Endpoint = { path: string } | { host: string; port: number }

/** Connects once. Returns what is wrong, if anything: also no answer within so many milliseconds, unless they are 0. */
export const connectionProblem = (endpoint: Endpoint, milliseconds = 0): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ ...endpoint, timeout: milliseconds })
    const end = (problem?: string) => {
      socket.destroy()
      resolve(problem)
    }
    socket.once("connect", () => {
      end()
    })
    socket.once("timeout", () => {
      end(`no answer within ${milliseconds / 1000} s`)
    })
    socket.once("error", (error) => {
      end(error.message)
    })
  })

/** True if somebody takes connections there. */
export const takesConnections = async (endpoint: Endpoint): Promise<boolean> =>
  (await connectionProblem(endpoint)) === undefined
