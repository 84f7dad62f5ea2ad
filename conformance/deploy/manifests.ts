import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Scratch } from '../server.ts'
import { DEPLOY, HELM, KUBERNETES, run } from './tools.ts'

const CHART = join(DEPLOY, 'helm/lockstep')
/** A version to render for: a helm that was built from source believes in a very old one. */
const KUBERNETES_VERSION = '1.31.0'

/** The members of a pod that are looked at. */
export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[]
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean
    readonly privileged?: boolean
    readonly readOnlyRootFilesystem?: boolean
    readonly runAsNonRoot?: boolean
    readonly runAsUser?: number
    readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
    readonly seccompProfile?: { readonly type: string }
  }
  readonly resources: { readonly limits?: Readonly<Record<string, string>> }
  readonly volumeMounts?: readonly {
    readonly name: string
    readonly mountPath: string
    readonly readOnly?: boolean
  }[]
  readonly startupProbe?: Probe
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
}

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string; readonly scheme: string }
  readonly tcpSocket?: { readonly port: string }
}

interface Volume {
  readonly name: string
  readonly emptyDir?: { readonly medium?: string; readonly sizeLimit?: string }
  readonly secret?: { readonly secretName: string }
  readonly projected?: { readonly sources: readonly { readonly secret: { readonly name: string } }[] }
}

export interface Pod {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes: readonly Volume[]
  readonly securityContext: {
    readonly runAsNonRoot?: boolean
    readonly runAsUser?: number
    readonly fsGroup?: number
  }
  readonly automountServiceAccountToken?: boolean
  readonly enableServiceLinks?: boolean
  readonly hostNetwork?: boolean
  readonly hostPID?: boolean
  readonly hostIPC?: boolean
  readonly terminationGracePeriodSeconds: number
  readonly topologySpreadConstraints?: readonly unknown[]
}

interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>
}

export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  readonly spec?: {
    readonly replicas?: number
    readonly strategy?: { readonly rollingUpdate?: { readonly maxUnavailable?: number | string } }
    readonly template?: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> }
      readonly spec: Pod
    }
    readonly maxUnavailable?: number
    readonly podSelector?: Selector
    readonly policyTypes?: readonly string[]
    readonly ingress?: readonly object[]
    readonly egress?: readonly object[]
    readonly ports?: readonly { readonly port: number; readonly targetPort: string }[]
  }
}

/** Arguments for `helm` from values by their dotted names. */
function setting(values: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(values).flatMap(([name, value]) => ['--set-json', `${name}=${JSON.stringify(value)}`])
}

export type Values = Readonly<Record<string, unknown>>

/** `helm lint --strict`. */
export function lint(values: Values) {
  return run(HELM, 'lint', '--strict', '--kube-version', KUBERNETES_VERSION, CHART, ...setting(values))
}

/** `helm template`. */
export function template(values: Values) {
  return run(HELM, 'template', 'house', CHART, '--kube-version', KUBERNETES_VERSION, ...setting(values))
}

/** What the chart makes of `values`, read strictly into the API's own types. */
export async function render(values: Values): Promise<readonly Manifest[]> {
  const rendered = await template(values)
  assert.equal(rendered.code, 0, rendered.stderr)
  using scratch = new Scratch()
  const file = join(scratch.path, 'manifests.yaml')
  writeFileSync(file, rendered.stdout)
  const { code, stdout, stderr } = await run(KUBERNETES, file)
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as Manifest[] // decoded
}

/** Every pod that the manifests lead to, with the name of what makes it. */
export function podsOf(
  manifests: readonly Manifest[],
): readonly { readonly name: string; readonly pod: Pod }[] {
  return manifests.flatMap(({ kind, metadata, spec }) =>
    spec?.template === undefined ? [] : [{ name: `${kind}/${metadata.name}`, pod: spec.template.spec }],
  )
}

export function containersOf(pod: Pod): readonly Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers]
}
