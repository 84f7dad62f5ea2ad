import { SigningKeys } from '@lockstep/wire'
import type { Logger } from '../platform/logger.ts'
import type { Metrics } from '../platform/metrics.ts'
import { answer } from './answer.ts'
import { authenticate } from './authenticate.ts'
import { authorize } from './authorize.ts'
import type { Permitted, Received, Reply } from './call.ts'
import type { CredentialFinder } from './credential.ts'
import { decode } from './decode.ts'
import { identify } from './identify.ts'
import type { Registry } from './operation.ts'
import { record } from './record.ts'
import { pipeline } from './step.ts'
import type { Throttle } from './throttle.ts'
import { type Rooms, transact } from './transact.ts'

/** What the gateway is made of; the composition root hands it over. */
export interface GatewayParts extends Rooms {
  readonly registry: Registry
  readonly credentials: CredentialFinder
  readonly throttle: Throttle
  readonly logger: Logger
  readonly metrics: Metrics
}

/**
 * The life of an AWS call, in order. Each room may end it with an error; `answer`, around them all, turns
 * whatever comes out into the protocol's bytes.
 */
export function gateway(parts: GatewayParts): (received: Received) => Promise<Reply> {
  const { bus, random, logger, registry, credentials, throttle, regions } = parts
  const rooms = pipeline(
    [
      record({ bus, random, logger, home: parts.home }),
      throttle.byAddress,
      identify(registry, throttle),
      authenticate({ credentials, throttle, regions, signingKeys: new SigningKeys() }),
      decode,
      transact(parts),
      authorize,
    ],
    run,
  )
  return answer(rooms, parts)
}

/** The operation itself, which by now needs to know nothing of all this. */
function run({ bound, resource }: Permitted): Promise<object> {
  return bound.run(resource)
}
