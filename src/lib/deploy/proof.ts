import { findingLine } from "../migration/exemptions.js"
import type { Proof, ProofStep } from "../migration/proof.js"
import { StepFailure } from "./stepFailure.js"

/** Says whether the previous version is proven to work on the new schema, for reports of a rollback. */
export const schemaText = (previous: string, proof?: Proof): string =>
  proof?.proven
    ? `the schema stays as it was migrated, on which ${previous} was proven to work`
    : `the schema stays as it was migrated; whether ${previous} works with it was not proven`

/** Throws StepFailure unless proven, with the failed steps and the statements without an exemption. */
export function demandProof(proof: Proof, previous: string, environment: string): void {
  if (proof.proven) return
  const open = proof.statements.filter(({ exemption }) => exemption === undefined)
  const failed = proof.steps.filter(({ status }) => status === "failed")
  throw new StepFailure(
    `it is not proven that ${previous} works on the new schema, as ${environment} requires: ${proof.reason}; the database was not touched`,
    [...failed.map(stepLine), ...open.map(findingLine)],
  )
}

const stepLine = ({ name, reason }: ProofStep): string => `${name}: ${reason}`

/** Returns a proof's log: its steps, and the statements allowed by exemptions. */
export const proofLines = ({ steps, statements }: Proof): string[] => [
  ...steps.map(stepLine),
  ...statements.map(
    ({ revision = "?", rule, table, exemption }) =>
      `${revision}: ${rule} ${table}, allowed by ${exemption?.owner ?? "nobody"}: ${exemption?.reason ?? ""}`,
  ),
]
