import type {
  CreateActivationRequest,
  CreateActivationResult,
  RegistrationMetadataItem,
} from '@aws-sdk/client-ssm'
import { digestOfCode, newActivationCode } from '../../fleet/activation-code.ts'
import { writeOperation } from '../../gateway/operation.ts'
import type { Role } from '../../store/principals.ts'
import { expirationOutOfRange, unknownMetadata } from './errors.ts'
import { demandTrust, findRole, passRole } from './role.ts'
import { tagConditions, withTags } from './tags.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Where the caller gives no date, and the latest that may be given. */
const DEFAULT_LIFE_MS = DAY_MS
const MAX_LIFE_MS = 30 * DAY_MS
const DEFAULT_LIMIT = 1

// DIVERGENCE: AWS keeps registration metadata for itself. Here an activation with `lockstep:readmit` `true` lets a
// machine that is a node already register anew, in the place of the first, as after its disk was restored.
const READMIT = 'lockstep:readmit'

/**
 * Makes leave for machines to become nodes. The code is in this answer and nowhere else.
 *
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateActivation.html
 */
export const CreateActivation = writeOperation<
  CreateActivationRequest,
  CreateActivationResult,
  { readonly role: Role | undefined }
>({
  action: 'ssm:CreateActivation',
  resource: async ({ IamRole }, ctx) => ({ role: await findRole(ctx, IamRole) }),
  keys: ({ Tags }) => tagConditions(Tags),
  also: ({ IamRole }, ctx, { role }) => [passRole(ctx, IamRole, role)],

  async run(input, ctx, { role }) {
    const { IamRole, Description, DefaultInstanceName, RegistrationLimit = DEFAULT_LIMIT, Tags = [] } = input
    demandTrust(ctx, IamRole, role)
    const now = ctx.clock.now()
    const expiresAt = input.ExpirationDate ?? new Date(now.getTime() + DEFAULT_LIFE_MS)
    const lifeMs = expiresAt.getTime() - now.getTime()
    if (lifeMs <= 0 || lifeMs > MAX_LIFE_MS) throw expirationOutOfRange()
    const code = newActivationCode(ctx.random)
    const activation = {
      account: ctx.account,
      region: ctx.region,
      id: ctx.random.uuid(),
      codeDigest: digestOfCode(code),
      description: Description,
      defaultName: DefaultInstanceName,
      iamRole: IamRole,
      registrationLimit: RegistrationLimit,
      registrations: 0,
      expiresAt,
      tags: withTags({}, Tags),
      readmits: readmits(input.RegistrationMetadata ?? []),
      createdAt: now,
    }
    await ctx.store.nodes.insertActivation(activation)
    return { ActivationId: activation.id, ActivationCode: code }
  },
})

/** @throws InvalidParameters for metadata that would be ignored */
function readmits(metadata: readonly RegistrationMetadataItem[]): boolean {
  const unknown = metadata.find(
    ({ Key, Value }) => Key !== READMIT || !['true', 'false'].includes(Value ?? ''),
  )
  if (unknown) throw unknownMetadata(unknown.Key ?? '')
  return metadata.some(({ Value }) => Value === 'true')
}
