const SIGNALS = ["SIGINT", "SIGTERM"] as const

type Handler = (signal: NodeJS.Signals) => void
const handlers: Handler[] = []

/** Handles Ctrl-C and a CI host's cancellation during `work`; of nested handlers, only the innermost runs. */
export async function onInterrupt<T>(handler: Handler, work: () => Promise<T>): Promise<T> {
  const listen = (signal: NodeJS.Signals) => {
    if (handlers.at(-1) === handler) handler(signal)
  }
  handlers.push(handler)
  for (const signal of SIGNALS) process.on(signal, listen)
  try {
    return await work()
  } finally {
    handlers.splice(handlers.indexOf(handler), 1)
    for (const signal of SIGNALS) process.removeListener(signal, listen)
  }
}
