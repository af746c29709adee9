/**
 * What Slipway relies on of Azure: the login of Microsoft Entra, its registries (ACR) and its clusters (AKS).
 *
 * Sources: "docs" is https://learn.microsoft.com/.
 */
import type { Fact } from "./contract.js"

const CREDENTIALS = "docs, entra/identity-platform/v2-oauth2-client-creds-grant-flow"
/** Its pages as MicrosoftDocs/entra-docs had them. */
const GRANT = "entra-docs at 03033ebd93, v2-oauth2-client-creds-grant-flow.md"
const ACR = "Azure/acr, docs/AAD-OAuth.md"
const AKS = "docs, rest/api/aks/managed-clusters/list-cluster-user-credentials at 2025-10-01"
const TOKEN =
  "curl https://login.microsoftonline.com/$TENANT/oauth2/v2.0/token -d grant_type=client_credentials"
const EXCHANGE = "curl https://$REGISTRY/oauth2/exchange -d grant_type=access_token -d service=$REGISTRY"
const LIST = "az rest --method post --url …/listClusterUserCredential?api-version=2025-10-01&format=exec"

export const AZURE_LOGIN_FACTS: readonly Fact[] = [
  {
    id: "token",
    fact: "POST https://login.microsoftonline.com/TENANT/oauth2/v2.0/token, a form of client_id, scope, grant_type=client_credentials and client_secret, answers 200 with access_token.",
    sources: [CREDENTIALS],
    read: GRANT,
    byHand: `${TOKEN} -d client_id=… -d client_secret=… -d scope=https://management.azure.com/.default`,
  },
  {
    id: "assertion",
    fact: "client_assertion_type urn:ietf:params:oauth:client-assertion-type:jwt-bearer with client_assertion, a CI host's token, takes the secret's place.",
    sources: [`${CREDENTIALS}: access token request with a federated credential`],
    read: GRANT,
    byHand: `${TOKEN} with client_assertion in a job that has a token`,
  },
  {
    id: "audience",
    fact: "The federated credential's default audience is api://AzureADTokenExchange; issuer and subject must be the same in letters and case.",
    sources: ["docs, entra/workload-id/workload-identity-federation"],
    read: "entra-docs at 0219e6dad1, federated-credential-configuration-considerations.md",
    byHand: "change the subject's case: AADSTS700213",
  },
  {
    id: "scope",
    fact: "A scope is a resource and /.default.",
    sources: [CREDENTIALS],
    read: GRANT,
    byHand: `${TOKEN} with scope=https://management.azure.com`,
  },
  {
    id: "errors",
    fact: 'Errors are 400 or 401 with error and error_description, which begins with AADSTS and a number, and whose lines or "Trace ID:" end what people need.',
    sources: ["docs, entra/identity-platform/reference-error-codes", CREDENTIALS],
    read: `${GRANT}: 400; reference-error-codes.md at 04f6554862`,
    byHand: `${TOKEN} with a wrong secret`,
  },
]

export const ACR_FACTS: readonly Fact[] = [
  {
    id: "exchange",
    fact: "POST https://REGISTRY/oauth2/exchange, a form of grant_type=access_token, service, tenant and access_token, answers 200 with refresh_token.",
    sources: [ACR],
    read: "Azure/acr at 81b818e, docs/AAD-OAuth.md",
    byHand: `${EXCHANGE} -d tenant=… -d access_token=…`,
  },
  {
    id: "user",
    fact: "With the user 00000000-0000-0000-0000-000000000000 that refresh token is the password of a docker login.",
    sources: [`${ACR}: authenticating docker with an ACR refresh token`],
    read: "Azure/acr at 81b818e, docs/AAD-OAuth.md",
    byHand: "docker login -u 00000000-0000-0000-0000-000000000000 $REGISTRY",
  },
  {
    id: "validity",
    fact: "It is valid for three hours.",
    sources: ["docs, azure/container-registry/container-registry-authentication: individual sign-in"],
    read: "azure-management-docs at 1241142f45, container-registry-authentication.md",
    byHand: "decode its exp and iat",
  },
  {
    id: "audience",
    fact: "The token is to be for https://containerregistry.azure.net; one for the management API is taken unless the registry's policy azureADAuthenticationAsArmPolicy forbids it.",
    sources: ["docs, azure/container-registry/container-registry-disable-authentication-as-arm"],
    read: "azure-docs at 06499c1f00, container-registry-disable-authentication-as-arm.md; not the address",
    byHand: `${EXCHANGE} with a token for each`,
  },
  {
    id: "errors",
    fact: "Errors are 400, 401 or 403 with errors, each with code and message, as of a registry.",
    sources: [ACR, "opencontainers/distribution-spec: error codes"],
    read: "Azure/acr at 81b818e, docs/AAD-OAuth.md: the body of a 401",
    byHand: `${EXCHANGE} -d access_token=none`,
  },
  {
    id: "challenge",
    fact: "/v2/ answers 401 with Bearer, whose realm is https://REGISTRY/oauth2/token and whose service is the registry.",
    sources: [ACR],
    read: "Azure/acr at 81b818e, docs/AAD-OAuth.md",
    byHand: "curl -i https://$REGISTRY/v2/",
  },
]

export const AKS_FACTS: readonly Fact[] = [
  {
    id: "credential",
    fact: "POST …/managedClusters/NAME/listClusterUserCredential answers 200 with kubeconfigs, whose first has a kubeconfig as base64 in value.",
    sources: [AKS],
    read: "in December 2026",
    byHand: LIST,
  },
  {
    id: "format",
    fact: "format=exec makes the kubeconfig of a cluster with Entra run kubelogin with --server-id; azure gives the older plugin with apiserver-id.",
    sources: [AKS],
    read: "in December 2026",
    byHand: LIST,
  },
  {
    id: "server",
    fact: "The application of all such clusters' API servers is 6dae42f8-4368-4678-94ff-3960e28e3630; a token for its scope opens them.",
    sources: ["Azure/kubelogin, docs: server-id", "docs, azure/aks/kubelogin-authentication"],
    read: "azure-aks-docs at fb060abe6, kubelogin-authentication.md; kubelogin at 6678496",
    byHand: "kubelogin get-token --server-id 6dae42f8-4368-4678-94ff-3960e28e3630",
  },
  {
    id: "permission",
    fact: "It needs Microsoft.ContainerService/managedClusters/listClusterUserCredential/action, of the role Azure Kubernetes Service Cluster User.",
    sources: ["docs, azure/aks/control-kubeconfig-access"],
    read: "azure-aks-docs at fb060abe6, control-kubeconfig-access.md",
    byHand: "ask without that role: 403 AuthorizationFailed",
  },
  {
    id: "errors",
    fact: "Errors have error with code and message, such as ResourceNotFound (404) and AuthorizationFailed (403).",
    sources: ["docs, azure/azure-resource-manager/troubleshooting/common-deployment-errors", AKS],
    read: "azure-docs at 0af0f2eff2, common-deployment-errors.md, and at 09c559f710, error-not-found.md: the codes, not the statuses",
    byHand: "ask for a cluster that isn't there",
  },
]
