import { wouldHaveSucceeded } from './errors.ts'

interface DryRunInput {
  readonly DryRun?: boolean | undefined
}

/**
 * Ends a call that only asks whether it is permitted: what has come so far is.
 *
 * @throws AwsError DryRunOperation
 */
export function endDryRun({ DryRun }: DryRunInput): void {
  if (DryRun) throw wouldHaveSucceeded()
}
