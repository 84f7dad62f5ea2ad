import {
  checkScope,
  checkTime,
  expiredToken,
  type ParsedSignature,
  parseSignature,
  SignatureFailure,
  type SigningKeys,
  signatureError,
  verifySignature,
  verifyUnknown,
} from '@lockstep/wire'
import type { Authenticated, Identified, Received } from './call.ts'
import type { Credential, CredentialFinder } from './credential.ts'
import { isUnsignedGet, regionOfLink } from './link.ts'
import { ANONYMOUS } from './principal.ts'
import type { Step } from './step.ts'
import type { Throttle } from './throttle.ts'

/** Where the callers of IAM and STS sign for, whatever region they work in. */
const GLOBAL_SIGNING_REGION = 'us-east-1'

export interface Gatekeeper {
  readonly credentials: CredentialFinder
  readonly signingKeys: SigningKeys
  readonly throttle: Throttle
  readonly regions: readonly string[]
}

/**
 * SigV4 -> Principal. Scope and time are checked before the key is looked up, and an unknown key costs the
 * same work as a wrong signature.
 */
export function authenticate(gatekeeper: Gatekeeper): Step<Identified, Authenticated> {
  const everywhere = [...new Set([...gatekeeper.regions, GLOBAL_SIGNING_REGION])]

  async function prove(call: Identified): Promise<Authenticated> {
    const { received, service, facts } = call
    const parsed = parseSignature(received)
    facts.accessKeyId = parsed.accessKeyId
    const isGlobal = service.name === 'iam' || service.name === 'sts'
    checkScope(parsed, {
      service: service.signingName,
      // CloudTrail's too: it is there that the events of IAM and STS are looked up.
      regions: isGlobal || service.name === 'cloudtrail' ? everywhere : gatekeeper.regions,
    })
    facts.region = isGlobal ? GLOBAL_SIGNING_REGION : parsed.region
    checkTime(parsed, received.receivedAt)
    const { principal, expired } = await credentialOf(parsed, received, gatekeeper)
    facts.principal = principal
    if (expired) throw expiredToken()
    gatekeeper.credentials.used(principal, {
      at: received.receivedAt,
      region: facts.region,
      service: service.signingName,
    })
    return { ...call, principal, region: parsed.region }
  }

  function enterByLink(call: Identified): Authenticated {
    gatekeeper.throttle.byLink(call)
    const region = regionOfLink(call, gatekeeper.regions)
    call.facts.region = region
    return { ...call, principal: ANONYMOUS, region }
  }

  return async (call, next) => {
    if (call.operation.byLink && isUnsignedGet(call.received)) return next(enterByLink(call))
    let authenticated: Authenticated
    try {
      authenticated = await prove(call)
    } catch (error) {
      if (!(error instanceof SignatureFailure)) throw error
      gatekeeper.throttle.unproven(call)
      throw signatureError(error, call.service.protocol)
    }
    gatekeeper.throttle.byPrincipal(authenticated)
    return next(authenticated)
  }
}

/** The credential whose secret made the signature; an expired session is told so only once its signature held. */
async function credentialOf(
  parsed: ParsedSignature,
  { body, receivedAt }: Received,
  { credentials, signingKeys }: Gatekeeper,
): Promise<Credential> {
  const credential = await credentials.find(parsed.accessKeyId, parsed.sessionToken, receivedAt)
  if (!credential) return verifyUnknown(parsed, body)
  const key =
    signingKeys.get(parsed, credential.generation) ??
    signingKeys.add(parsed, credential.generation, credential.secret.reveal())
  verifySignature(parsed, body, key)
  return credential
}
