import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  AddTagsToResourceCommand,
  CreateDocumentCommand,
  type CreateDocumentCommandInput,
  DeleteDocumentCommand,
  DescribeDocumentCommand,
  DescribeDocumentPermissionCommand,
  GetDocumentCommand,
  ListDocumentsCommand,
  ListDocumentVersionsCommand,
  ListTagsForResourceCommand,
  ModifyDocumentPermissionCommand,
  SSMClient,
  UpdateDocumentCommand,
  UpdateDocumentDefaultVersionCommand,
} from '@aws-sdk/client-ssm'
import { OTHER_ACCOUNT, startServer, TEST_ACCOUNT } from '../../testing/server.ts'

const ARN = `arn:aws:ssm:us-east-1:${TEST_ACCOUNT}:document/greet`

function content(word = 'hello', changes: object = {}): string {
  return JSON.stringify({
    schemaVersion: '2.2',
    description: 'greets',
    parameters: {
      name: { type: 'String', default: 'you', description: 'whom' },
      list: { type: 'StringList', default: ['a'] },
    },
    mainSteps: [
      { action: 'aws:runShellScript', name: 'run', inputs: { runCommand: [`echo ${word} {{ name }}`] } },
    ],
    ...changes,
  })
}

async function start() {
  const server = await startServer()
  const client = server.sdk(SSMClient, server.admin)
  const create = (changes: Partial<CreateDocumentCommandInput> = {}) =>
    client.send(new CreateDocumentCommand({ Name: 'greet', Content: content(), ...changes }))
  const update = (word: string, changes: object = {}) =>
    client.send(
      new UpdateDocumentCommand({
        Name: 'greet',
        Content: content(word),
        DocumentVersion: '$LATEST',
        ...changes,
      }),
    )
  return { server, client, create, update, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

function named(name: string, message?: RegExp) {
  return message ? { name, message } : { name }
}

describe('documents', () => {
  test('a document that was made is described, and found by its ARN, too', async () => {
    await using scene = await start()
    const { DocumentDescription } = await scene.create({
      ...{
        VersionName: 'one',
        DisplayName: 'Greeter',
        TargetType: '/AWS::EC2::Instance',
        DocumentType: 'Command',
      },
      Tags: [{ Key: 'team', Value: 'a' }],
    })
    assert.deepEqual(
      { ...DocumentDescription, Hash: undefined, CreatedDate: undefined },
      {
        ...{ Name: 'greet', Owner: TEST_ACCOUNT, DocumentVersion: '1', DocumentFormat: 'JSON' },
        ...{ VersionName: 'one', DisplayName: 'Greeter', TargetType: '/AWS::EC2::Instance' },
        ...{
          Hash: undefined,
          HashType: 'Sha256',
          CreatedDate: undefined,
          Status: 'Active',
          Description: 'greets',
        },
        Parameters: [
          { Name: 'name', Type: 'String', Description: 'whom', DefaultValue: 'you' },
          { Name: 'list', Type: 'StringList', Description: '', DefaultValue: '["a"]' },
        ],
        ...{ PlatformTypes: ['Linux', 'MacOS'], DocumentType: 'Command', SchemaVersion: '2.2' },
        ...{ LatestVersion: '1', DefaultVersion: '1', Tags: [{ Key: 'team', Value: 'a' }] },
      },
    )
    for (const Name of ['greet', ARN]) {
      const { Document } = await scene.client.send(new DescribeDocumentCommand({ Name }))
      assert.deepEqual(Document, DocumentDescription)
    }
  })

  test('versions are added, the default stays until it is moved, and each is found in every way', async () => {
    await using scene = await start()
    await scene.create()
    const { DocumentDescription } = await scene.update('moin', { VersionName: 'north' })
    assert.equal(DocumentDescription?.DocumentVersion, '2')
    const get = async (asked: object = {}) =>
      (await scene.client.send(new GetDocumentCommand({ Name: 'greet', ...asked }))).Content
    assert.equal(await get(), content())
    for (const asked of [{ DocumentVersion: '2' }, { DocumentVersion: '$LATEST' }, { VersionName: 'north' }])
      assert.equal(await get(asked), content('moin'))
    const moved = await scene.client.send(
      new UpdateDocumentDefaultVersionCommand({ Name: 'greet', DocumentVersion: '2' }),
    )
    assert.deepEqual(moved.Description, { Name: 'greet', DefaultVersion: '2', DefaultVersionName: 'north' })
    assert.equal(await get(), content('moin'))
    const first = await scene.client.send(new ListDocumentVersionsCommand({ Name: 'greet', MaxResults: 1 }))
    const { DocumentVersions } = await scene.client.send(
      new ListDocumentVersionsCommand({ Name: 'greet', NextToken: first.NextToken }),
    )
    assert.deepEqual(
      [...(first.DocumentVersions ?? []), ...(DocumentVersions ?? [])].map((each) => [
        each.DocumentVersion,
        each.IsDefaultVersion,
      ]),
      [
        ['2', true],
        ['1', false],
      ],
    )
    for (const asked of [
      { DocumentVersion: '3' },
      { VersionName: 'south' },
      { DocumentVersion: '1', VersionName: 'north' },
    ])
      await assert.rejects(get(asked), named('InvalidDocumentVersion'))
  })

  test('YAML is kept as it was written, and read in either format', async () => {
    await using scene = await start()
    const yaml =
      "schemaVersion: '2.2'\n# a comment\nmainSteps:\n- {action: 'aws:runShellScript', name: run, inputs: {runCommand: [id]}}\n"
    await scene.create({ Content: yaml, DocumentFormat: 'YAML' })
    const get = (DocumentFormat?: 'YAML' | 'JSON') =>
      scene.client.send(new GetDocumentCommand({ Name: 'greet', DocumentFormat }))
    assert.equal((await get()).Content, yaml)
    assert.equal((await get('YAML')).Content, yaml)
    const json = await get('JSON')
    assert.equal(json.DocumentFormat, 'JSON')
    assert.equal(JSON.parse(json.Content ?? '').mainSteps[0].name, 'run')
  })

  test('what cannot be a document is refused', async () => {
    await using scene = await start()
    await assert.rejects(scene.create({ Content: '{' }), named('InvalidDocumentContent'))
    await assert.rejects(
      scene.create({ Content: content('x', { surprise: 1 }) }),
      named('InvalidDocumentContent'),
    )
    await assert.rejects(scene.create({ DocumentType: 'Automation' }), named('InvalidDocumentContent'))
    await assert.rejects(scene.create({ DocumentFormat: 'TEXT' }), named('InvalidDocumentContent'))
    await assert.rejects(scene.create({ Requires: [{ Name: 'other' }] }), named('InvalidDocumentContent'))
    await assert.rejects(
      scene.create({ Content: content('x', { schemaVersion: '0.3' }) }),
      named('InvalidDocumentSchemaVersion'),
    )
    await assert.rejects(
      scene.create({ Content: content('x'.repeat(70_000)) }),
      named('MaxDocumentSizeExceeded'),
    )
    for (const Name of ['AWS-RunShellScript', 'AWS-Mine', 'Amazon-x', 'aws-x', 'amzn-x'])
      await assert.rejects(scene.create({ Name }), named('ValidationException', /reserved/))
    await assert.rejects(scene.create({ Name: 'a b' }), named('ValidationException'))
    await scene.create()
    await assert.rejects(
      scene.create(),
      named('DocumentAlreadyExists', /^Document with same name greet already exists$/),
    )
  })

  test('what cannot be a further version is refused', async () => {
    await using scene = await start()
    await assert.rejects(
      scene.update('x'),
      named('InvalidDocument', /^Document with name greet does not exist.$/),
    )
    await scene.create({ VersionName: 'one' })
    await assert.rejects(scene.update('hello'), named('DuplicateDocumentContent'))
    await assert.rejects(scene.update('x', { VersionName: 'one' }), named('DuplicateDocumentVersionName'))
    for (const DocumentVersion of ['2', '$DEFAULT'])
      await assert.rejects(scene.update('x', { DocumentVersion }), named('InvalidDocumentVersion'))
    await assert.rejects(scene.update('x', { Content: '{' }), named('InvalidDocumentContent'))
    await scene.update('x')
    await assert.rejects(scene.update('hello'), named('DuplicateDocumentContent'))
    await assert.rejects(
      scene.client.send(new UpdateDocumentDefaultVersionCommand({ Name: 'greet', DocumentVersion: '9' })),
      named('InvalidDocumentVersion'),
    )
    const runtimeConfig = { 'aws:runShellScript': { properties: [{ runCommand: ['id'] }] } }
    const Content = JSON.stringify({ schemaVersion: '1.2', runtimeConfig })
    await assert.rejects(scene.update('', { Content }), named('InvalidDocumentSchemaVersion'))
  })

  test('what Amazon owns is seen by everyone and changed by nobody', async () => {
    await using scene = await start()
    const Name = 'AWS-RunShellScript'
    for (const asked of [Name, `arn:aws:ssm:us-east-1::document/${Name}`]) {
      const { Document } = await scene.client.send(new DescribeDocumentCommand({ Name: asked }))
      assert.deepEqual([Document?.Owner, Document?.SchemaVersion, Document?.Name], ['Amazon', '1.2', Name])
    }
    const { DocumentVersions } = await scene.client.send(new ListDocumentVersionsCommand({ Name }))
    assert.equal(DocumentVersions?.length, 1)
    await assert.rejects(
      scene.client.send(new UpdateDocumentCommand({ Name, Content: content() })),
      named('InvalidDocumentOperation'),
    )
    await assert.rejects(
      scene.client.send(new UpdateDocumentDefaultVersionCommand({ Name, DocumentVersion: '1' })),
      named('InvalidDocumentOperation'),
    )
    await assert.rejects(
      scene.client.send(new DeleteDocumentCommand({ Name })),
      named('InvalidDocumentOperation'),
    )
    const tagging = { ResourceType: 'Document', ResourceId: Name } as const
    await assert.rejects(
      scene.client.send(new AddTagsToResourceCommand({ ...tagging, Tags: [{ Key: 'a', Value: 'b' }] })),
      named('InvalidResourceId'),
    )
  })

  test('lists show own documents and Amazon’s by name, filtered, in pages', async () => {
    await using scene = await start()
    for (const Name of ['zeta', 'Alpha', 'beta'])
      await scene.create({ Name, ...(Name === 'beta' && { Tags: [{ Key: 'team', Value: 'a' }] }) })
    const list = async (asked: object = {}) => {
      const names: (string | undefined)[] = []
      let NextToken: string | undefined
      do {
        const page = await scene.client.send(new ListDocumentsCommand({ ...asked, MaxResults: 2, NextToken }))
        names.push(...(page.DocumentIdentifiers ?? []).map((each) => each.Name))
        NextToken = page.NextToken
      } while (NextToken !== undefined)
      return names
    }
    const filter = (Key: string, ...Values: string[]) => ({ Filters: [{ Key, Values }] })
    assert.deepEqual(await list(), ['AWS-RunShellScript', 'Alpha', 'beta', 'zeta'])
    assert.deepEqual(await list(filter('Owner', 'Self')), ['Alpha', 'beta', 'zeta'])
    assert.deepEqual(await list(filter('Owner', 'Amazon')), ['AWS-RunShellScript'])
    assert.deepEqual(await list(filter('Owner', 'Private')), [])
    assert.deepEqual(await list(filter('Name', 'be', 'ze')), ['beta', 'zeta'])
    assert.deepEqual(await list(filter('DocumentType', 'Automation')), [])
    assert.deepEqual(await list(filter('PlatformTypes', 'Windows')), [])
    assert.deepEqual(await list(filter('tag:team', 'a')), ['beta'])
    assert.deepEqual(await list({ DocumentFilterList: [{ key: 'Name', value: 'z' }] }), ['zeta'])
    await assert.rejects(list(filter('Colour', 'red')), named('InvalidFilterKey'))
    await assert.rejects(
      scene.client.send(new ListDocumentsCommand({ NextToken: 'x' })),
      named('InvalidNextToken'),
    )
  })

  test('a version goes unless it is the default, and a document goes with all of them', async () => {
    await using scene = await start()
    await scene.create()
    await scene.update('two')
    await scene.update('three')
    const remove = (asked: object = {}) =>
      scene.client.send(new DeleteDocumentCommand({ Name: 'greet', ...asked }))
    await assert.rejects(remove({ DocumentVersion: '1' }), named('InvalidDocumentOperation'))
    await assert.rejects(remove({ DocumentVersion: '7' }), named('InvalidDocumentVersion'))
    await remove({ DocumentVersion: '3' })
    const { Document } = await scene.client.send(new DescribeDocumentCommand({ Name: 'greet' }))
    assert.equal(Document?.LatestVersion, '2')
    await scene.update('three')
    await remove()
    for (const command of [
      new DescribeDocumentCommand({ Name: 'greet' }),
      new GetDocumentCommand({ Name: 'greet' }),
    ])
      await assert.rejects(scene.client.send(command), named('InvalidDocument'))
    await assert.rejects(remove(), named('InvalidDocument'))
  })

  test('documents are tagged like other resources', async () => {
    await using scene = await start()
    await scene.create()
    const tagging = { ResourceType: 'Document', ResourceId: 'greet' } as const
    await scene.client.send(new AddTagsToResourceCommand({ ...tagging, Tags: [{ Key: 'a', Value: 'b' }] }))
    const { TagList } = await scene.client.send(new ListTagsForResourceCommand(tagging))
    assert.deepEqual(TagList, [{ Key: 'a', Value: 'b' }])
  })

  test('a document is its account’s alone, and sharing it is refused', async () => {
    await using scene = await start()
    await scene.create()
    const share = { Name: 'greet', PermissionType: 'Share' } as const
    await assert.rejects(
      scene.client.send(new ModifyDocumentPermissionCommand({ ...share, AccountIdsToAdd: [OTHER_ACCOUNT] })),
      named('DocumentPermissionLimit'),
    )
    await scene.client.send(
      new ModifyDocumentPermissionCommand({ ...share, AccountIdsToRemove: [OTHER_ACCOUNT] }),
    )
    const permission = await scene.client.send(new DescribeDocumentPermissionCommand(share))
    assert.deepEqual(permission.AccountIds, [])
    const other = scene.server.sdk(SSMClient, scene.server.otherAdmin)
    for (const Name of ['greet', ARN]) await assert.rejects(other.send(new GetDocumentCommand({ Name })))
    await assert.rejects(other.send(new GetDocumentCommand({ Name: 'greet' })), named('InvalidDocument'))
  })

  test('each call asks for its own action on the document, and who may not see it learns nothing', async () => {
    await using scene = await start()
    await scene.create()
    const user = await scene.server.user({
      Effect: 'Allow',
      Action: ['ssm:GetDocument', 'ssm:CreateDocument'],
      Resource: [ARN, 'arn:aws:ssm:us-east-1:*:document/mine'],
    })
    const client = scene.server.sdk(SSMClient, user)
    assert.ok(await client.send(new GetDocumentCommand({ Name: 'greet' })))
    const denied = async (run: Promise<unknown>) =>
      run.then(
        () => assert.fail('was allowed'),
        (error: Error) => `${error.name} ${error.message}`.replaceAll('other', 'greet'),
      )
    const describe = (Name: string) => denied(client.send(new DescribeDocumentCommand({ Name })))
    assert.match(await describe('greet'), /^AccessDeniedException .*ssm:DescribeDocument/)
    assert.equal(await describe('other'), await describe('greet'))
    const aws = new GetDocumentCommand({ Name: 'AWS-RunShellScript' })
    assert.match(await denied(client.send(aws)), /us-east-1::document\/AWS-RunShellScript/)
    const tagged = { Name: 'mine', Content: content(), Tags: [{ Key: 'a', Value: 'b' }] }
    assert.match(await denied(client.send(new CreateDocumentCommand(tagged))), /ssm:AddTagsToResource/)
    assert.ok(await client.send(new CreateDocumentCommand({ ...tagged, Tags: [] })))
  })
})
