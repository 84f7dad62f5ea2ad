import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { Agent } from './agent.ts'
import { DEFAULT_CONFIG, DEFAULT_STATE, readAgentConfig, writeAgentConfig } from './config.ts'
import { enrol } from './enrol.ts'
import { factsOf } from './facts.ts'
import { NetworkProcess } from './network.ts'
import { systemDoors } from './platform.ts'
import { PACKAGED_USER, packagedUser } from './users.ts'

const HELP = `lockstep-agent: makes this machine a node of Lockstep, and obeys it

  lockstep-agent enrol --endpoint URL --activation-id ID --server-key SHA256:… [options] < CODE
      --activation-code-file FILE   the activation code; without it, standard input is read
      --ca FILE                     who signs the server's certificate, where the system does not know
      --state DIR                   where the agent keeps what it knows (${DEFAULT_STATE})
      --network-user USER           who speaks with the network, where the agent runs as root (${PACKAGED_USER},
                                    where there is such a user)
      --hostname NAME --ip-address ADDRESS --ssh-port PORT --host-key FILE…
                                    what to tell the server instead of what the system says
  lockstep-agent run
  both: --config FILE               (${DEFAULT_CONFIG})

Examples:
  lockstep-agent enrol --endpoint https://lockstep.example:4600 --activation-id 5f0c… --server-key SHA256:9w… < code
  lockstep-agent run --config /etc/lockstep/agent.json
`

const STANDARD_INPUT = 0

const OPTIONS = {
  config: { type: 'string', default: DEFAULT_CONFIG },
  endpoint: { type: 'string' },
  'activation-id': { type: 'string' },
  'activation-code-file': { type: 'string' },
  'server-key': { type: 'string' },
  ca: { type: 'string' },
  state: { type: 'string', default: DEFAULT_STATE },
  'network-user': { type: 'string' },
  hostname: { type: 'string' },
  'ip-address': { type: 'string' },
  'ssh-port': { type: 'string' },
  'host-key': { type: 'string', multiple: true },
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Flags = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

class Usage extends Error {
  override readonly name = 'Usage'
}

/** The program. Answers its exit status: 0 done, 1 failed, 2 wrong usage. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
    if (values.help) {
      process.stdout.write(HELP)
      return 0
    }
    const [verb, ...others] = positionals
    if (others.length > 0) throw new Usage(`what is ${others[0]}?`)
    if (verb === 'enrol') return await enrolled(values)
    if (verb === 'run') return await running(values.config)
    throw new Usage('enrol or run?')
  } catch (error) {
    const isUsage = error instanceof Usage || (error instanceof TypeError && 'code' in error)
    process.stderr.write(`lockstep-agent: ${error instanceof Error ? error.message : String(error)}\n`)
    if (isUsage) process.stderr.write('(--help shows what is possible)\n')
    return isUsage ? 2 : 1
  }
}

async function enrolled(flags: Flags): Promise<number> {
  const port = flags['ssh-port']
  const networkUser = flags['network-user'] ?? packagedUser()
  const config = await enrol(
    {
      endpoint: needed(flags.endpoint, '--endpoint'),
      activationId: needed(flags['activation-id'], '--activation-id'),
      // Never an argument: every user of the machine can read those.
      activationCode: readFileSync(flags['activation-code-file'] ?? STANDARD_INPUT, 'utf8').trim(),
      serverFingerprint: needed(flags['server-key'], '--server-key'),
      stateDirectory: flags.state,
      ...(flags.ca !== undefined && { caFile: flags.ca }),
      ...(networkUser !== undefined && { networkUser }),
      ...(flags.hostname !== undefined && { hostname: flags.hostname }),
      ...(flags['ip-address'] !== undefined && { ipAddress: flags['ip-address'] }),
      ...(port !== undefined && { sshPort: Number(port) }),
      ...(flags['host-key'] !== undefined && { hostKeyFiles: flags['host-key'] }),
    },
    systemDoors,
  )
  writeAgentConfig(flags.config, config)
  process.stdout.write(`${config.instanceId}\n`)
  return 0
}

async function running(path: string): Promise<number> {
  const config = readAgentConfig(path)
  using agent = new Agent({ config, doors: systemDoors, facts: () => factsOf(config, systemDoors) })
  using network = new NetworkProcess(config, agent, systemDoors)
  agent.start(network)
  systemDoors.log('agent.ready', { node: config.instanceId })
  const { promise, resolve } = Promise.withResolvers<void>()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  await promise
  return 0
}

function needed(value: string | undefined, flag: string): string {
  if (value === undefined) throw new Usage(`${flag} is missing`)
  return value
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
