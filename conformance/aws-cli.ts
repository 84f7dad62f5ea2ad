import assert from 'node:assert/strict'
import { AWS } from './components.ts'
import { cleanEnvironment, demandLoopback, type Environment, endpointsIn } from './loopback.ts'
import { finish } from './process.ts'
import type { Keys } from './sdk.ts'

type Parameter = string | number | true | readonly string[] | object

/** `{ name: 'x', tags: [{ Key: 'k' }] }` becomes `--name x --tags '[{"Key":"k"}]'`; `true` is a bare flag. */
export type Parameters = Readonly<Record<string, Parameter>>

/** An error of the service, as `aws` tells of it. */
export interface Refusal {
  readonly code: string
  readonly message: string
}

/** The real `aws` command, kept to one loopback endpoint and away from every file of whoever runs this. */
export class AwsCli {
  readonly #env: Environment

  constructor(administrator: Environment) {
    this.#env = administrator
  }

  /** The same as somebody else. */
  as({ accessKeyId, secretAccessKey, sessionToken }: Keys): AwsCli {
    const { AWS_SESSION_TOKEN: _, ...env } = this.#env
    return new AwsCli({
      ...env,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
    })
  }

  /** `aws secretsmanager create-secret …`, which has to succeed; answers its JSON. */
  async run<Output>(command: string, parameters: Parameters = {}): Promise<Output> {
    const { code, stdout, stderr } = await this.call(command, parameters)
    assert.equal(code, 0, `aws ${command}: ${stderr}`)
    return JSON.parse(stdout.trim() || '{}') as Output // the service's own JSON, or nothing
  }

  /** The same, and the service has to refuse. */
  async refused(command: string, parameters: Parameters = {}): Promise<Refusal> {
    const { code, stdout, stderr } = await this.call(command, parameters)
    assert.notEqual(code, 0, `aws ${command} succeeded: ${stdout}`)
    const told = /An error occurred \(([\w.]+)\) when calling the \w+ operation[^:]*: ?([\s\S]*)/.exec(stderr)
    assert.ok(told, `aws ${command} failed without an answer of the service: ${stderr}`)
    return { code: told[1] ?? '', message: (told[2] ?? '').trim() }
  }

  call(command: string, parameters: Parameters = {}) {
    const env = {
      ...cleanEnvironment('/nonexistent'),
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_MAX_ATTEMPTS: '1',
      AWS_PAGER: '',
      ...this.#env,
      AWS_EC2_METADATA_DISABLED: 'true',
    }
    const endpoints = endpointsIn(env)
    assert.ok(endpoints.length > 0, 'without an endpoint aws would go to Amazon')
    endpoints.map(demandLoopback)
    const args = Object.entries(parameters).flatMap(([name, value]) => [`--${name}`, ...argumentsOf(value)])
    return finish(AWS, [...command.split(' '), '--output', 'json', ...args], { env })
  }
}

function argumentsOf(value: Parameter): readonly string[] {
  if (value === true) return []
  if (typeof value === 'string' || typeof value === 'number') return [String(value)]
  const isWords = Array.isArray(value) && value.every((word) => typeof word === 'string')
  return isWords ? value.map(String) : [JSON.stringify(value)]
}
