import { posix } from "node:path"
import { type Description, HEADER } from "./description.js"
import { SCRIPT } from "./script.js"

/** The commands of the script, in the order of its help. */
const commandsFor = (environments: readonly string[]) => {
  const [first = "", last = ""] = [environments[0], environments.at(-1)]
  return {
    deploy: `deploy --tag VERSION [--environment ${first}]`,
    rollback: `rollback [--version VERSION] [--environment ${last}]`,
    status: `status [--environment ${last}]`,
    logs: `logs [--environment ${last}]`,
  }
}

/**
 * The script by which people deploy, roll back, and see what runs, from any folder; `path` is its own in the repository.
 *
 * It calls Slipway in the version that CI hosts call.
 */
export const deployScript = (
  path: string,
  { environments }: Pick<Description, "environments">,
): string => `#!/bin/sh
# ${HEADER}
# Deploys, rolls back, and shows status and logs. All other commands: sh ${SCRIPT} --help
set -eu

usage() {
  cat <<'USAGE'
${Object.values(commandsFor(environments))
  .map((command, index) => `${index === 0 ? "usage:" : "      "} ${posix.basename(path)} ${command}`)
  .join("\n")}
USAGE
}

case "\${1-}" in
  ${Object.keys(commandsFor(environments)).join(" | ")}) ;;
  help | -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 4 ;;
esac
command=$1
shift
root=$(cd "$(dirname "$0")" && cd '${posix.relative(posix.dirname(path), ".") || "."}' && pwd)
exec sh "$root/${SCRIPT}" "$command" --source="$root" "$@"
`
