import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CreateAssociationCommand, SSMClient, UpdateAssociationCommand } from '@aws-sdk/client-ssm'
import { putNodes } from '../../fleet/nodes.test-support.ts'
import { startServer, type TestServer } from '../../testing/server.ts'

const DOCUMENT = 'arn:aws:ssm:us-east-1::document/AWS-RunShellScript'
const NODES = 'arn:aws:ssm:us-east-1:111122223333:managed-instance'
const ASSOCIATIONS = 'arn:aws:ssm:us-east-1:111122223333:association/*'
const BY_TAG = [{ Key: 'tag:Env', Values: ['dev'] }]
const EVERY = [{ Key: 'InstanceIds', Values: ['*'] }]

type Targets = { Key: string; Values: string[] }[]

function allow(Resource: string | string[], others: object = {}) {
  const Action = ['ssm:CreateAssociation', 'ssm:UpdateAssociation']
  return { Effect: 'Allow', Action, Resource, ...others }
}

async function start() {
  const server = await startServer()
  const ids = await putNodes(server, { tags: { Env: 'dev' } }, { tags: { Env: 'prod' } })
  return { server, ids, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

/** Tries to make an association as a user with these statements. */
async function attempt(server: TestServer, statements: readonly object[], Targets: Targets) {
  const client = server.sdk(SSMClient, await server.user(...statements))
  const input = { Name: 'AWS-RunShellScript', Parameters: { commands: ['id'] }, Targets }
  return client.send(new CreateAssociationCommand(input)).then(
    () => 'made',
    (error: Error) => `${error.name} ${error.message}`,
  )
}

describe('who may make an association', () => {
  test('it takes leave for the document and for each node that is named', async () => {
    await using scene = await start()
    const [dev = '', prod = ''] = scene.ids
    const named = (...Values: string[]) => [{ Key: 'InstanceIds', Values }]
    const mine = [allow(DOCUMENT), allow(`${NODES}/${dev}`)]
    assert.equal(await attempt(scene.server, mine, named(dev)), 'made')
    assert.match(await attempt(scene.server, [allow(DOCUMENT)], named(dev)), /AccessDenied.*managed-instance/)
    assert.match(
      await attempt(scene.server, [allow(`${NODES}/*`)], named(dev)),
      /AccessDenied.*RunShellScript/,
    )
    assert.match(await attempt(scene.server, mine, named(dev, prod)), new RegExp(`AccessDenied.*${prod}`))
    const gone = 'mi-0000000000000ffff'
    assert.match(await attempt(scene.server, mine, named(dev, gone)), new RegExp(`AccessDenied.*${gone}`))
  })

  test('what reaches nodes by a tag takes leave for all that may come to have it', async () => {
    await using scene = await start()
    const [dev = ''] = scene.ids
    const tagged = (value: string) =>
      allow(`${NODES}/*`, { Condition: { StringEquals: { 'aws:ResourceTag/Env': value } } })
    assert.equal(await attempt(scene.server, [allow(DOCUMENT), tagged('dev')], BY_TAG), 'made')
    assert.equal(await attempt(scene.server, [allow([DOCUMENT, `${NODES}/*`])], BY_TAG), 'made')
    // It is the only one there is today.
    assert.match(await attempt(scene.server, [allow([DOCUMENT, `${NODES}/${dev}`])], BY_TAG), /AccessDenied/)
    assert.match(await attempt(scene.server, [allow(DOCUMENT), tagged('prod')], BY_TAG), /AccessDenied/)
    const both = [{ Key: 'tag:Env', Values: ['dev', 'prod'] }]
    assert.match(await attempt(scene.server, [allow(DOCUMENT), tagged('dev')], both), /AccessDenied/)
    assert.match(await attempt(scene.server, [allow(DOCUMENT), tagged('dev')], EVERY), /AccessDenied/)
    const future = [{ Key: 'tag:Env', Values: ['future'] }]
    assert.match(await attempt(scene.server, [allow([DOCUMENT, `${NODES}/${dev}`])], future), /AccessDenied/)
  })

  test('a node that is excepted stays out of reach', async () => {
    await using scene = await start()
    const [dev = ''] = scene.ids
    const but = { ...allow(`${NODES}/${dev}`), Effect: 'Deny' }
    const all = allow([DOCUMENT, `${NODES}/*`])
    assert.match(await attempt(scene.server, [all, but], EVERY), new RegExp(`AccessDenied.*${dev}`))
    assert.match(await attempt(scene.server, [all, but], BY_TAG), new RegExp(`AccessDenied.*${dev}`))
  })

  test('an update asks for all of that again, and for the association', async () => {
    await using scene = await start()
    const [dev = ''] = scene.ids
    const admin = scene.server.sdk(SSMClient, scene.server.admin)
    const Parameters = { commands: ['id'] }
    const made = await admin.send(
      new CreateAssociationCommand({ Name: 'AWS-RunShellScript', Targets: BY_TAG, Parameters }),
    )
    const AssociationId = made.AssociationDescription?.AssociationId
    const update = async (...statements: readonly object[]) => {
      const client = scene.server.sdk(SSMClient, await scene.server.user(...statements))
      return client.send(new UpdateAssociationCommand({ AssociationId, Parameters })).then(
        () => 'written',
        (error: Error) => `${error.name} ${error.message}`,
      )
    }
    assert.equal(await update(allow([DOCUMENT, `${NODES}/*`, ASSOCIATIONS])), 'written')
    assert.match(await update(allow([DOCUMENT, `${NODES}/*`])), /AccessDenied.*association/)
    assert.match(await update(allow([`${NODES}/*`, ASSOCIATIONS])), /AccessDenied.*document/)
    assert.match(
      await update(allow([DOCUMENT, `${NODES}/${dev}`, ASSOCIATIONS])),
      /AccessDenied.*managed-instance/,
    )
  })
})
