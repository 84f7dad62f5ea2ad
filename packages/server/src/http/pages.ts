import type { ServerResponse } from 'node:http'

/** What the pages tell of the house. */
export interface PageDoors {
  health(): Promise<Health>
  metrics(): string
  /** The certificate, PEM, of whoever signed notices under an id. */
  certificate(id: string): Promise<string | undefined>
}

interface Health {
  readonly healthy: boolean
  readonly page: { readonly status: string; readonly checks: Readonly<Record<string, string>> }
}

/** A page outside the AWS protocols. */
export type Page = (response: ServerResponse) => Promise<void>

/** Where notices say that the certificate of their signature is. */
const CERTIFICATE_PATH = /^\/SimpleNotificationService-([0-9a-f]{32})\.pem$/

/** The certificate that a path names, for everybody; no page where there is none. */
export async function certificatePage(doors: PageDoors, path: string): Promise<Page | undefined> {
  const id = CERTIFICATE_PATH.exec(path)?.[1]
  const pem = id === undefined ? undefined : await doors.certificate(id)
  if (pem === undefined) return undefined
  return async (response) => {
    response.writeHead(200, {
      'content-type': 'application/x-pem-file',
      'cache-control': 'public, max-age=86400',
    })
    response.end(pem)
  }
}

/**
 * The pages by their path.
 * @param isLeaving whether the server has been asked to stop
 */
export function pagesOf(doors: PageDoors, isLeaving: () => boolean): ReadonlyMap<string, Page> {
  function send(
    response: ServerResponse,
    status: number,
    { type, text }: { type: string; text: string },
  ): void {
    if (isLeaving()) response.shouldKeepAlive = false
    response.writeHead(status, { 'content-type': type })
    response.end(text)
  }

  return new Map<string, Page>([
    [
      '/healthz',
      async (response) => {
        const health = await doors.health()
        const { healthy, page } = isLeaving() ? leaving(health) : health
        send(response, healthy ? 200 : 503, { type: 'application/json', text: `${JSON.stringify(page)}\n` })
      },
    ],
    [
      '/metrics',
      async (response) => {
        send(response, 200, { type: 'text/plain; version=0.0.4', text: doors.metrics() })
      },
    ],
  ])
}

/** Red whatever the checks say, so that a balancer sends its calls elsewhere while these are still answered. */
function leaving({ page: { checks } }: Health): Health {
  const server = 'The server was asked to stop and will take no more calls soon.'
  return { healthy: false, page: { status: 'stopping', checks: { ...checks, server } } }
}
