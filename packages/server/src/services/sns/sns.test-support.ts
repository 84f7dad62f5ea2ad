import {
  ConfirmSubscriptionCommand,
  CreateTopicCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns'
import type { Received, Reply } from '../../gateway/call.ts'
import type { Values } from '../../settings.ts'
import { MailReceiver } from '../../testing/mail-receiver.ts'
import { startServer, type TestServer, type TestServerOptions } from '../../testing/server.ts'
import { WebReceiver } from '../../testing/web-receiver.ts'

/** Everything that a topic's tests want: a server that may send to loopback, and who listens there. */
export interface Scene extends AsyncDisposable {
  readonly server: TestServer
  readonly sns: SNSClient
  readonly topicArn: string
  readonly web: WebReceiver
  readonly mail: MailReceiver
  /** Delivers whatever is due. */
  settle(): Promise<void>
  /** The same, `seconds` later. */
  pass(seconds: number): Promise<void>
  /** A confirmed subscription of {@link web}, or of another URL there; its ARN. */
  subscribeWeb(attributes?: Record<string, string>, url?: string): Promise<string>
  /** Follows a link of a notice. */
  follow(link: string, changes?: Partial<Received>): Promise<Reply>
}

export async function startScene(options: TestServerOptions = {}): Promise<Scene> {
  await using parts = new AsyncDisposableStack()
  const web = parts.use(await WebReceiver.open())
  const mail = parts.use(await MailReceiver.open())
  const settings: Values = {
    'allow-outbound': '127.0.0.0/8',
    'smtp-url': mail.url,
    'mail-from': 'lockstep@example.com',
    'public-url': 'https://lockstep.example.com',
    ...options.settings,
  }
  const server = parts.use(await startServer({ ...options, settings }))
  const sns = server.sdk(SNSClient, server.admin)
  const { TopicArn: topicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'alerts' }))
  const built = parts.move()
  const settle = () => server.house.scheduler.settle()
  return {
    server,
    sns,
    topicArn,
    web,
    mail,
    settle,
    async pass(seconds) {
      server.clock.advance(seconds)
      await settle()
    },
    async subscribeWeb(attributes = {}, url = web.url) {
      await sns.send(
        new SubscribeCommand({ TopicArn: topicArn, Protocol: 'http', Endpoint: url, Attributes: attributes }),
      )
      await settle()
      const question = web.messages('SubscriptionConfirmation').at(-1)
      const confirmed = await sns.send(
        new ConfirmSubscriptionCommand({ TopicArn: topicArn, Token: question?.Token ?? '' }),
      )
      return confirmed.SubscriptionArn ?? ''
    },
    follow: (link, changes = {}) => server.call({ ...visitOf(server, link), ...changes }),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  }
}

/** What a browser sends. */
function visitOf(server: TestServer, link: string): Received {
  const { pathname, search, host } = new URL(link)
  return {
    requestId: '11111111-2222-4333-8444-555555555555',
    receivedAt: server.clock.now(),
    method: 'GET',
    path: pathname,
    query: search.slice(1),
    headers: ['host', host, 'user-agent', 'Mozilla/5.0'],
    body: new Uint8Array(),
    remoteAddress: '198.51.100.7',
  }
}

export function textOf(reply: Reply): string {
  return new TextDecoder().decode(reply.body)
}
