/** Every variable that could turn an AWS or PostgreSQL client, or a server started here, to somewhere else. */
const FOREIGN =
  /^(AWS_|LOCKSTEP_|BOTO_|PG[A-Z]+$|NODE_OPTIONS$|NODE_EXTRA_CA_CERTS$|REQUESTS_CA_BUNDLE$|SSL_CERT_|https?_proxy$|all_proxy$)/i

export type Environment = Readonly<Record<string, string>>

/** @throws Error for any endpoint that another machine could answer. */
export function demandLoopback(endpoint: string): string {
  const { hostname } = new URL(endpoint)
  if (!/^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(hostname)) {
    throw new Error(`Conformance tests speak to loopback only, and ${endpoint} is not.`)
  }
  return endpoint
}

/** This process's environment without what belongs to the AWS account, server or proxy of whoever runs it. */
export function cleanEnvironment(home: string): Environment {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !FOREIGN.test(entry[0]),
  )
  return { ...Object.fromEntries(kept), HOME: home }
}

/** The endpoints that an environment sends AWS clients to. */
export function endpointsIn(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    /^AWS_ENDPOINT_URL(_|$)/.test(name) && value ? [value] : [],
  )
}
