import type { Config } from "../config/config.js"
import type { Environment } from "../config/environments.js"
import type { Link } from "./notification.js"

interface Subject {
  environment: Environment
  version: string
  sha: string
  run: string
  /** Address of the run, from the CI host. */
  runUrl: string
  /** In milliseconds since 1970. */
  startedAt: number
}

/** The dashboard starts this long before a deployment, for comparison. */
const BEFORE = 15 * 60_000

/** Links to run, commit, service and dashboard, as far as known. */
export function linksOf({ notify, monitoring, deploy }: Config, subject: Subject): Link[] {
  const { environment, version, sha, run, runUrl, startedAt } = subject
  const values = { environment, version, sha, run }
  const grafana = monitoring.grafana[environment]?.replace(/(?<!\/)\/+$/, "")
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

/** True for an http(s) URL without credentials. */
export function isWebAddress(url: string): boolean {
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return false
  const { username, password } = new URL(url)
  return username === "" && password === ""
}

/** Fills a link pattern with URL-encoded values. */
export const linkTo = (pattern: string, values: Readonly<Record<string, string>>): string =>
  pattern.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values[name] ?? ""))
