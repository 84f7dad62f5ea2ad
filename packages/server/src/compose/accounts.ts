import { partitionOf } from '@lockstep/wire'
import { type Config, ConfigError } from '../config.ts'
import { newAccessKeyId, newSecretAccessKey } from '../gateway/session-token.ts'
import type { Keyring } from '../keyring/keyring.ts'
import { type Random, randomText } from '../platform/random.ts'
import { bootstrapAccount } from '../services/iam/bootstrap-account.ts'
import type { Store } from '../store/store.ts'
import type { Doors } from './doors.ts'

/** Held by a server that looks whether it is the first. */
const START = { account: '', region: '', name: 'start' }

/**
 * The account that this installation began with: the configured one at the first start, else a random one.
 * @throws ConfigError where another is configured later: every ARN that was given out would be another's.
 */
export async function homeAccount({ accountId }: Config, store: Store, random: Random): Promise<string> {
  const chosen = accountId ?? `${1 + random.below(9)}${randomText(random, '0123456789', 11)}`
  const account = await store.write(async ({ installation }) => {
    const known = await installation.fact('account')
    if (known === undefined) await installation.setFact('account', chosen)
    return known ?? chosen
  }, START)
  if (accountId === undefined || accountId === account) return account
  throw new ConfigError([
    `--account-id (LOCKSTEP_ACCOUNT_ID): ${accountId} is not the account ${account} that this installation was made for; --accounts adds further ones`,
  ])
}

/** Makes the accounts that do not exist yet, each with its administrator. */
export async function makeAccounts(
  ids: readonly string[],
  made: { readonly config: Config; readonly store: Store; readonly keyring: Keyring; readonly doors: Doors },
): Promise<void> {
  const { config, store, keyring, doors } = made
  const { clock, random } = doors
  for (const id of new Set(ids)) {
    if (await store.read.principals.account(id)) continue
    const key = (id === ids[0] && config.adminKey) || newAdminKey(random)
    // Kept first: a crash after this makes another key, a crash before an account nobody can enter.
    doors.keepAdministrator({ account: id, accessKeyId: key.id, secretAccessKey: key.secret })
    const account = {
      account: id,
      partition: partitionOf(config.region),
      now: clock.now(),
      keyring,
      random,
      key,
    }
    const isOurs = await store.write(async (tx) => {
      if (await tx.principals.account(id)) return false
      await bootstrapAccount(tx, account)
      return true
    })
    if (!isOurs) doors.dropAdministrator(id)
  }
}

function newAdminKey(random: Random): { readonly id: string; readonly secret: string } {
  return { id: newAccessKeyId('AKIA', random), secret: newSecretAccessKey(random) }
}
