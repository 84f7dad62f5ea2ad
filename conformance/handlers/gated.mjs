/**
 * A rotation function that asks the test in SITE before and after each step's work, which may keep it waiting or have
 * it fail. Its secrets are `{"count":n}`: each rotation adds one to what is current.
 */
import { request } from 'node:http'
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'

const MIB = 1024 * 1024
let secrets

/** Asks for `what`, and answers what the test says once it says it. */
function ask(what, { Step, SecretId, ClientRequestToken }) {
  const query = new URLSearchParams({ step: Step, secret: SecretId, token: ClientRequestToken })
  return new Promise((resolve, reject) => {
    const sent = request(`${process.env.SITE}/${what}?${query}`, { agent: false }, async (answer) => {
      let text = ''
      for await (const chunk of answer.setEncoding('utf8')) text += chunk
      resolve(JSON.parse(text))
    })
    sent.on('error', reject)
    sent.end()
  })
}

const faults = {
  throw() {
    throw new TypeError('asked to')
  },
  hang() {
    setInterval(() => {}, 1000)
    return new Promise(() => {})
  },
  exit() {
    process.exit(3)
  },
  async leak() {
    const kept = []
    for (;;) {
      kept.push(Buffer.alloc(8 * MIB, 1))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  },
  kill() {
    process.kill(process.pid, 'SIGKILL')
    return new Promise(() => {})
  },
}

async function valueOf(SecretId, where) {
  const answer = await secrets.send(new GetSecretValueCommand({ SecretId, ...where }))
  return JSON.parse(answer.SecretString)
}

const steps = {
  async createSecret({ SecretId, ClientRequestToken, RotationToken }) {
    const { count } = await valueOf(SecretId, { VersionStage: 'AWSCURRENT' })
    try {
      await valueOf(SecretId, { VersionId: ClientRequestToken })
    } catch (error) {
      if (error.name !== 'ResourceNotFoundException') throw error
      const SecretString = JSON.stringify({ count: count + 1 })
      const VersionStages = ['AWSPENDING']
      await secrets.send(
        new PutSecretValueCommand({ SecretId, ClientRequestToken, RotationToken, SecretString, VersionStages }),
      )
    }
  },
  async setSecret({ SecretId, ClientRequestToken }) {
    await valueOf(SecretId, { VersionId: ClientRequestToken })
  },
  async testSecret({ SecretId, ClientRequestToken }) {
    await valueOf(SecretId, { VersionId: ClientRequestToken })
  },
  async finishSecret({ SecretId, ClientRequestToken }) {
    const { VersionIdsToStages } = await secrets.send(new DescribeSecretCommand({ SecretId }))
    const current = Object.keys(VersionIdsToStages).find((id) => VersionIdsToStages[id].includes('AWSCURRENT'))
    if (current === ClientRequestToken) return
    const moved = { MoveToVersionId: ClientRequestToken, RemoveFromVersionId: current }
    await secrets.send(new UpdateSecretVersionStageCommand({ SecretId, VersionStage: 'AWSCURRENT', ...moved }))
  },
}

export const handler = async (event) => {
  // Never answered: its end is this process's.
  ask('alive', event).catch(() => {})
  const { fault, aheadMs } = await ask('begin', event)
  await faults[fault]?.()
  secrets = new SecretsManagerClient({ systemClockOffset: aheadMs })
  await steps[event.Step](event)
  const after = await ask('done', event)
  await faults[after.fault]?.()
}
