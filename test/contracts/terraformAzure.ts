/**
 * Facts of the azurerm backend, which holds and locks the state in Azure's storage. The backend needs that storage:
 * test/engine/azure.test.ts tries Terraform 1.5.7 and OpenTofu with Azurite; here each fact says how to see it by hand.
 *
 * Sources: "azurerm" is internal/backend/remote-state/azure of hashicorp/terraform at 1.6.0, 1.9.0, 1.11.0, 1.13.3 and
 * 1.14.0, all of them opened; "storage" is https://learn.microsoft.com/rest/api/storageservices/.
 */
import type { TerraformFact } from "./terraformRuns.js"

const CLIENT = "azurerm, client.go"
const CODES = "storage, blob-service-error-codes"
const READ = "azurerm at the five versions"
const LEASED = "az storage blob show -c CONTAINER -n KEY --query '[properties.lease, metadata]'"

export const TERRAFORM_AZURE: readonly TerraformFact[] = [
  {
    id: "azurerm-lease",
    fact: "The lock is a lease of the state's blob without an end, whose id is the lock's; a blob that isn't there is created empty for it.",
    sources: [`${CLIENT}: Lock`],
    read: READ,
    byHand: `plan with an unanswered question, then ${LEASED}`,
  },
  {
    id: "azurerm-metadata",
    fact: "Its details are JSON as base64 in the blob's metadata terraformlockid, in lower case, and are written after the lease is taken.",
    sources: [`${CLIENT}: writeLockInfo, lockInfoMetaKey`],
    read: READ,
    byHand: LEASED,
  },
  {
    id: "azurerm-locked",
    fact: 'A leased blob is refused with "state blob is already locked" and the holder\'s details.',
    sources: [`${CLIENT}: Lock`, "hashicorp/terraform#25818: with 1.9.5"],
    read: READ,
    byHand: "plan while another plan waits",
  },
  {
    id: "azurerm-locked-unknown",
    fact: 'If the holder hasn\'t written its details yet, or was killed before, the message has blob metadata "terraformlockid" was empty besides, and names nobody.',
    sources: [`${CLIENT}: getLockInfo`, "hashicorp/terraform-provider-azurerm#8819"],
    read: READ,
    byHand: "az storage blob lease acquire -c CONTAINER -b KEY, then plan",
  },
  {
    id: "azurerm-locked-just-then",
    fact: "If another run takes the lease after it was looked for, the storage's own 409 is the message: LeaseAlreadyPresent, There is already a lease present.",
    sources: [`${CLIENT}: Lock`, CODES, "hashicorp/terraform-provider-azuread#39: with 0.11"],
    read: READ,
    byHand: "many plans at once",
  },
  {
    id: "azurerm-force-unlock",
    fact: "force-unlock needs the id that the metadata holds, and those details: without them it fails with failed to retrieve lock info, and the lease must be broken in Azure.",
    sources: [`${CLIENT}: Unlock`, "terraform 1.13.3, internal/command/unlock.go"],
    read: READ,
    byHand: "az storage blob lease acquire -c CONTAINER -b KEY, then force-unlock with its id: it fails",
  },
  {
    id: "azurerm-force-unlock-other",
    fact: 'Another id is refused: lock id "ID" does not match existing lock.',
    sources: [`${CLIENT}: Unlock`],
    read: READ,
    byHand: "force-unlock -force 00000000-0000-0000-0000-000000000000 on a locked state",
  },
  {
    id: "azurerm-lease-lost",
    fact: "A write whose lease was freed or taken is answered with 412, LeaseNotPresentWithBlobOperation, LeaseIdMismatchWithBlobOperation or LeaseLost, and first by a HEAD, whose answer has no body.",
    sources: [`${CLIENT}: Put`, CODES],
    read: READ,
    byHand: "break the lease while an apply runs",
  },
  {
    id: "azurerm-lease-lost-text",
    fact: "Of that answer Terraform says StatusCode=412 alone.",
    sources: ["Azure/go-autorest, as giovanni 0.15.1 uses it; seen with 1.5.7"],
    until: "1.11.0",
    byHand: "break the lease while an apply runs",
  },
  {
    id: "azurerm-lease-lost-text-new",
    fact: "Since 1.11 it says: executing request: unexpected status 412 (412 …) received with no body.",
    sources: [
      "jackofallops/giovanni 0.28.0, storage/2023-11-03/blob/blobs/properties_get.go",
      "hashicorp/go-azure-sdk sdk 0.20250131.1134653, client/client.go",
    ],
    read: "both at these versions; seen in a log of a public repository",
    since: "1.11.0",
    byHand: "break the lease while an apply runs",
  },
  {
    id: "azurerm-errored",
    fact: 'A state that can\'t be saved is the diagnostic "Failed to save state", and lies in errored.tfstate.',
    sources: ["terraform 1.13.3, internal/backend/local/backend_apply.go: backupStateForError"],
    read: "terraform 1.13.3",
    byHand: "break the lease while an apply runs",
  },
  {
    id: "azurerm-workspaces",
    fact: "A workspace's state is the blob KEYenv:NAME.",
    sources: ["azurerm 1.13.3, backend_state.go: keyEnvPrefix"],
    read: READ,
    byHand: "az storage blob list -c CONTAINER",
  },
]
