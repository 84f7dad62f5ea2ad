/** As much of Systems Manager and EC2 as the rotation asks for, whose agents are real shells beside real sshd's. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { EC2Client } from '@aws-sdk/client-ec2'
import { SSMClient } from '@aws-sdk/client-ssm'
import type { Sshd } from './sshd.test-support.ts'

export interface TestNode {
  /** `mi-…` or `i-…`. */
  readonly id: string
  readonly sshd: Sshd
  readonly tags: Map<string, string>
  isOnline: boolean
  /** What the server has on record; absent: what the sshd has. Empty: nothing. */
  hostKeys?: readonly string[]
}

interface Invocation {
  InstanceId: string
  Status: string
  StatusDetails: string
  CommandPlugins: { Output: string }[]
}

interface Command {
  readonly CommandId: string
  readonly Comment: string
  readonly Targets: readonly { readonly Key: string; readonly Values: readonly string[] }[]
  readonly InstanceIds: readonly string[]
  readonly Parameters: { readonly commands: readonly string[] }
  readonly DocumentName: string
  readonly MaxErrors: string
  readonly invocations: Map<string, Invocation>
}

type Input = Readonly<Record<string, unknown>>

export class AwsDouble implements AsyncDisposable {
  readonly nodes: TestNode[] = []
  readonly commands: Command[] = []
  /** Every call's service and action, as the wire says them. */
  readonly calls: string[] = []
  association: (Input & { readonly AssociationId: string }) | undefined
  /** Makes the next call of that name fail, after it has done its work. */
  breakAfter: string | undefined
  /** How many items a page has. */
  pageSize = 2
  readonly ssm: SSMClient
  readonly ec2: EC2Client
  readonly #server: ReturnType<typeof createServer>

  private constructor(server: ReturnType<typeof createServer>, endpoint: string) {
    this.#server = server
    const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' }
    const options = { endpoint, region: 'us-east-1', credentials, maxAttempts: 1 }
    this.ssm = new SSMClient(options)
    this.ec2 = new EC2Client(options)
  }

  static async start(): Promise<AwsDouble> {
    const server = createServer()
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : 0
    const double = new AwsDouble(server, `http://127.0.0.1:${port}`)
    server.on('request', async (request, response) => {
      const { status, body } = await double.#answer(request)
      response.writeHead(status, {
        'content-type': body.startsWith('<') ? 'text/xml' : 'application/x-amz-json-1.1',
      })
      response.end(body)
    })
    return double
  }

  add(id: string, sshd: Sshd, tags: Readonly<Record<string, string>> = { RotateSSHKeys: 'True' }): TestNode {
    const node: TestNode = { id, sshd, tags: new Map(Object.entries(tags)), isOnline: true }
    this.nodes.push(node)
    return node
  }

  /** A node that was away is back: its associations run, and then, which is the worst order, what waits for it. */
  async return(node: TestNode): Promise<void> {
    node.isOnline = true
    await this.#converge([node])
    for (const command of this.commands)
      if (command.invocations.get(node.id)?.Status === 'Pending') await this.#execute(node, command)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ssm.destroy()
    this.ec2.destroy()
    await new Promise((done) => this.#server.close(done))
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: string }> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const text = Buffer.concat(chunks).toString()
    const target = request.headers['x-amz-target']
    if (target === undefined) {
      const form = new URLSearchParams(text)
      this.calls.push(`ec2:${form.get('Action')}`)
      return { status: 200, body: this.#describeInstances(form) }
    }
    const action = String(target).replace('AmazonSSM.', '')
    this.calls.push(`ssm:${action}`)
    const output = await this.#ssm(action, JSON.parse(text))
    if (this.breakAfter === action) {
      this.breakAfter = undefined
      return { status: 500, body: '{"__type":"InternalServerError"}' }
    }
    return output === undefined
      ? { status: 400, body: '{"__type":"UnknownOperation"}' }
      : { status: 200, body: JSON.stringify(output) }
  }

  async #ssm(action: string, input: Input): Promise<object | undefined> {
    switch (action) {
      case 'DescribeInstanceInformation':
        return this.#page(this.#describeNodes(input), input, 'InstanceInformationList')
      case 'SendCommand':
        return { Command: this.#send(input) }
      case 'ListCommands':
        return this.#page(this.#list(input), input, 'Commands')
      case 'ListCommandInvocations': {
        const command = this.commands.find(({ CommandId }) => CommandId === input.CommandId)
        return this.#page([...(command?.invocations.values() ?? [])], input, 'CommandInvocations')
      }
      case 'CancelCommand': {
        const command = this.commands.find(({ CommandId }) => CommandId === input.CommandId)
        for (const invocation of command?.invocations.values() ?? [])
          if (invocation.Status === 'Pending') invocation.Status = invocation.StatusDetails = 'Cancelled'
        return {}
      }
      case 'ListAssociations':
        return { Associations: this.association ? [this.association] : [] }
      case 'DescribeAssociation':
        return { AssociationDescription: this.association }
      case 'CreateAssociation':
      case 'UpdateAssociation':
        this.association = { ...input, AssociationId: this.association?.AssociationId ?? randomUUID() }
        await this.#converge(this.nodes.filter(({ isOnline }) => isOnline))
        return { AssociationDescription: this.association }
      default:
        return undefined
    }
  }

  #page(items: readonly unknown[], { NextToken }: Input, name: string): object {
    const from = Number(NextToken ?? 0)
    const to = from + this.pageSize
    return { [name]: items.slice(from, to), ...(to < items.length ? { NextToken: String(to) } : {}) }
  }

  #describeNodes({ Filters }: Input): readonly object[] {
    const [filter] = Filters as { Key: string; Values: string[] }[]
    return this.#tagged(filter?.Key ?? '', filter?.Values ?? []).map(({ id, isOnline }) => ({
      InstanceId: id,
      PingStatus: isOnline ? 'Online' : 'ConnectionLost',
      IPAddress: '127.0.0.1',
    }))
  }

  #tagged(key: string, values: readonly string[]): readonly TestNode[] {
    return this.nodes.filter(({ tags }) => values.includes(tags.get(key.replace('tag:', '')) ?? ''))
  }

  #send(input: Input): Command {
    const { Targets = [], InstanceIds = [] } = input as unknown as Command
    const [tag] = Targets
    const nodes = tag
      ? this.#tagged(tag.Key, tag.Values)
      : this.nodes.filter(({ id }) => InstanceIds.includes(id))
    const command = {
      ...(input as unknown as Command),
      CommandId: randomUUID(),
      Targets,
      InstanceIds,
      invocations: new Map<string, Invocation>(),
    }
    this.commands.push(command)
    for (const node of nodes) {
      const invocation = {
        InstanceId: node.id,
        Status: 'Pending',
        StatusDetails: 'Pending',
        CommandPlugins: [],
      }
      command.invocations.set(node.id, invocation)
      if (node.isOnline) void this.#execute(node, command)
    }
    return command
  }

  async #execute({ id, sshd }: TestNode, command: Command): Promise<void> {
    const { code, output } = await sshd.run(command.Parameters.commands)
    const Status = code === 0 ? 'Success' : 'Failed'
    const CommandPlugins = [{ Output: output.slice(0, 2500) }]
    command.invocations.set(id, { InstanceId: id, Status, StatusDetails: Status, CommandPlugins })
  }

  #list({ CommandId, Filters }: Input): readonly object[] {
    const [filter] = (Filters ?? []) as { key: string; value: string }[]
    if (filter && (filter.key !== 'ExecutionStage' || filter.value !== 'Executing'))
      throw new Error('another filter')
    return this.commands
      .filter((each) => CommandId === undefined || each.CommandId === CommandId)
      .map(({ invocations, ...rest }) => ({ ...rest, ...countedIn([...invocations.values()]) }))
      .filter(({ Status }) => !filter || Status === 'InProgress')
  }

  async #converge(nodes: readonly TestNode[]): Promise<void> {
    const { Targets, Parameters } = (this.association ?? {}) as unknown as Partial<Command>
    const [tag] = Targets ?? []
    for (const node of this.#tagged(tag?.Key ?? '', tag?.Values ?? [])) {
      if (nodes.includes(node)) await node.sshd.run(Parameters?.commands ?? [])
    }
  }

  /** With the tags that Lockstep's server makes for its own nodes. */
  #describeInstances(form: URLSearchParams): string {
    const ids = [...form].filter(([name]) => name.startsWith('Filter.1.Value.')).map(([, value]) => value)
    const items = this.nodes
      .filter(({ id }) => ids.includes(id.replace(/^mi-/, 'i-')))
      .map(({ id, sshd, hostKeys = [sshd.hostKey] }) => {
        const tags = [
          ['lockstep:ssh-port', sshd.port],
          ...hostKeys.map((key, n) => [`lockstep:host-key-${n + 1}`, key]),
        ]
        const tagSet = tags
          .map(([key, value]) => `<item><key>${key}</key><value>${value}</value></item>`)
          .join('')
        return `<item><instancesSet><item><instanceId>${id.replace(/^mi-/, 'i-')}</instanceId><privateIpAddress>127.0.0.1</privateIpAddress><tagSet>${tagSet}</tagSet></item></instancesSet></item>`
      })
    return `<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId><reservationSet>${items.join('')}</reservationSet></DescribeInstancesResponse>`
  }
}

function countedIn(invocations: readonly Invocation[]) {
  const isPending = ({ Status }: Invocation) => Status === 'Pending'
  const CompletedCount = invocations.filter((each) => !isPending(each)).length
  return { Status: statusOf(invocations), CompletedCount }
}

function statusOf(invocations: readonly Invocation[]): string {
  if (invocations.some(({ Status }) => Status === 'Pending')) return 'InProgress'
  return invocations.some(({ Status }) => Status === 'Failed') ? 'Failed' : 'Success'
}
