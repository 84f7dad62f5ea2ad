import { RotationError } from './rotation-error.ts'
import type { RotationRun } from './rotator.ts'
import { changeStage, describeVersions, type SecretVersions } from './secret-versions.ts'

/**
 * finishSecret as nearly every rotator wants it: readers of AWSCURRENT get the pending version from here on, and
 * the version that they got so far becomes AWSPREVIOUS. Secrets Manager leaves AWSPENDING where it was, and
 * while it is there no other rotation can start, so it is taken off; a repetition does what is left of that.
 */
export async function finishRotation(run: RotationRun): Promise<void> {
  const token = run.clientRequestToken
  const before = await describeVersions(run)
  const current = holderOf(before, 'AWSCURRENT')
  if (current !== token) {
    // Only what still is the version that was tested may become what everybody reads.
    if (holderOf(before, 'AWSPENDING') !== token) {
      throw new RotationError('The version of this ClientRequestToken is no longer AWSPENDING.')
    }
    await changeStage(run, { stage: 'AWSCURRENT', from: current, to: token })
  }
  // Asked again rather than assumed: to take off a label that is not there is an error.
  const after = current === token ? before : await describeVersions(run)
  if (holderOf(after, 'AWSPENDING') === token) await changeStage(run, { stage: 'AWSPENDING', from: token })
}

function holderOf({ stages }: SecretVersions, stage: string): string | undefined {
  for (const [version, held] of stages) if (held.includes(stage)) return version
  return undefined
}
