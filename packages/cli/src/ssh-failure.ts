import { SshError } from '@lockstep/workers/ssh/connect'
import { HostError } from '@lockstep/workers/ssh/find-host'
import { KeyError } from '@lockstep/workers/ssh/secret-key'
import { CommandFailure, EXIT, type ExitCode } from './exit-codes.ts'

const EXIT_OF: Readonly<Record<SshError['kind'], ExitCode>> = {
  denied: EXIT.denied,
  'host-key': EXIT.failed,
  key: EXIT.failed,
  unreachable: EXIT.unreachable,
}

/** What to do next, for whoever reads it. */
const ADVICE: Readonly<Record<SshError['kind'], string>> = {
  denied:
    'Is USER the account that the rotation names (the secret\'s tag lockstep:ssh-user)? "lockstep rotation doctor" tells more.',
  'host-key':
    'Nothing was sent to it. Where its keys were changed on purpose, remove the node and register it anew, or give --host-key.',
  key: 'The PrivateKey of the secret is none that SSH knows, or has a passphrase.',
  unreachable: 'Is its sshd running, and does a firewall let this machine in?',
}

/** An error of SSH's as a sentence with an exit code; any other as it is. */
export function sshFailure(error: unknown, host: string): unknown {
  if (error instanceof SshError) {
    return new CommandFailure(EXIT_OF[error.kind], `${host}: ${error.message}. ${ADVICE[error.kind]}`)
  }
  if (error instanceof HostError) {
    return new CommandFailure(error.kind === 'not-found' ? EXIT.notFound : EXIT.wrongUsage, error.message)
  }
  if (error instanceof KeyError) return new CommandFailure(EXIT.failed, error.message)
  return error
}
