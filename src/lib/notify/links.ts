import type { Config } from "../config/config.js"
import type { Environment } from "../config/deploy.js"
import type { Link } from "./notification.js"

interface Subject {
  environment: Environment
  version: string
  sha: string
  run: string
  /** What the CI host says of where the run is shown. */
  runUrl: string
  /** In milliseconds since 1970. */
  startedAt: number
}

/** So long before a deployment its dashboard begins, for a comparison. */
const BEFORE = 15 * 60_000

/** Where to look next: the run, the commit, the service, the dashboard; as far as they are known. */
export function linksOf({ notify, monitoring, deploy }: Config, subject: Subject): Link[] {
  const { environment, version, sha, run, runUrl, startedAt } = subject
  const values = { environment, version, sha, run }
  const grafana = monitoring.grafana[environment]?.replace(/\/+$/, "")
  const { dashboard } = monitoring
  const links: [name: string, url: string | undefined][] = [
    ["Run", notify.run === undefined ? runUrl : linkTo(notify.run, values)],
    ["Commit", notify.commit === undefined || sha === "" ? undefined : linkTo(notify.commit, values)],
    ["Service", deploy.url[environment]],
    [
      "Dashboard",
      grafana === undefined || dashboard === undefined
        ? undefined
        : `${grafana}/d/${dashboard}?from=${startedAt - BEFORE}&to=now`,
    ],
  ]
  return links.flatMap(([name, url]) => (url === undefined || !isWebAddress(url) ? [] : [{ name, url }]))
}

/** The CI host's word isn't to be trusted, and neither is a password in it to be told. */
export function isWebAddress(url: string): boolean {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username === "" && password === ""
}

/** Fills a link's pattern; what stands for something in it can't lead elsewhere. */
export const linkTo = (pattern: string, values: Readonly<Record<string, string>>): string =>
  pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""))
