/** The Helm chart, as Helm and Kubernetes' own types read it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Container,
  containersOf,
  lint,
  type Manifest,
  type Pod,
  podsOf,
  render,
  template,
  type Values,
} from './deploy/manifests.ts'
import { DRAIN_AND_SLACK_SECONDS, demandNoSecret } from './deploy/rules.ts'
import { needs } from './deploy/tools.ts'

const VALUES: Readonly<Record<string, Values>> = {
  'with its defaults': {},
  'with a database of one’s own': {
    'postgresql.enabled': false,
    'database.url': 'postgres://keeper@db.example.net:6432/house?sslmode=verify-full',
    'networkPolicy.enabled': true,
    'networkPolicy.from': [{ namespaceSelector: {} }],
    lameDuckSeconds: 45,
    replicaCount: 3,
  },
  'with everything set': {
    'image.digest': `sha256:${'0'.repeat(64)}`,
    imagePullSecrets: [{ name: 'registry' }],
    regions: ['eu-west-1'],
    accountId: '111122223333',
    'networkPolicy.enabled': true,
    'postgresql.storageClassName': 'fast',
    'service.type': 'LoadBalancer',
    'service.annotations': { a: 'b' },
    podAnnotations: { a: 'b' },
    nodeSelector: { a: 'b' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
    affinity: { nodeAffinity: {} },
  },
}

function serverOf(manifests: readonly Manifest[]): {
  readonly manifest: Manifest
  readonly pod: Pod
  readonly main: Container
} {
  const manifest = manifests.find(({ kind }) => kind === 'Deployment')
  const pod = manifest?.spec?.template?.spec
  const main = pod?.containers[0]
  assert.ok(manifest && pod && main)
  return { manifest, pod, main }
}

describe('the Helm chart', () => {
  const options = needs('helm', 'deploy-check')

  for (const [name, values] of Object.entries(VALUES)) {
    test(
      `${name}: helm lint --strict finds nothing, and every field is one that Kubernetes knows`,
      options,
      async () => {
        const { code, stdout, stderr } = await lint(values)
        assert.equal(code, 0, stdout + stderr)
        assert.ok((await render(values)).length > 0)
      },
    )

    test(
      `${name}: no container of any pod has a right, a writable root or a neighbour’s namespace`,
      options,
      async () => {
        for (const { name: owner, pod } of podsOf(await render(values))) {
          assert.ok(!pod.hostNetwork && !pod.hostPID && !pod.hostIPC, owner)
          assert.equal(pod.automountServiceAccountToken, false, owner)
          assert.equal(pod.enableServiceLinks, false, owner)
          assert.ok((pod.securityContext.runAsUser ?? 0) > 0, owner)
          for (const { name: container, securityContext: security, resources } of containersOf(pod)) {
            const which = `${owner}/${container}`
            assert.equal(security?.runAsNonRoot, true, which)
            assert.notEqual(security?.runAsUser, 0, which)
            assert.equal(security?.readOnlyRootFilesystem, true, which)
            assert.equal(security?.allowPrivilegeEscalation, false, which)
            assert.ok(!security?.privileged, which)
            assert.deepEqual(security?.capabilities, { drop: ['ALL'] }, which)
            assert.equal(security?.seccompProfile?.type, 'RuntimeDefault', which)
            assert.ok(resources.limits?.memory, `${which} has no limit of memory`)
          }
        }
      },
    )

    test(
      `${name}: no secret is a value of the manifests, and what the node keeps of one is in memory`,
      options,
      async () => {
        const manifests = await render(values)
        assert.ok(!manifests.some(({ kind }) => kind === 'Secret'))
        for (const { pod } of podsOf(manifests)) {
          containersOf(pod).forEach(demandNoSecret)
          for (const { emptyDir } of pod.volumes) assert.ok(!emptyDir || emptyDir.medium === 'Memory')
        }
        const { main, pod } = serverOf(manifests)
        const admin = main.env?.filter(({ name: variable }) => variable.startsWith('LOCKSTEP_ADMIN_')) ?? []
        assert.equal(admin.length, 2)
        for (const { valueFrom } of admin) assert.ok(valueFrom && 'secretKeyRef' in valueFrom)
        assert.ok(
          pod.volumes.some(({ projected }) => projected?.sources[0]?.secret.name === 'lockstep-root-key'),
        )
      },
    )

    test(
      `${name}: every container that serves is asked whether it is ready, and a pod is ready by /healthz over TLS`,
      options,
      async () => {
        const manifests = await render(values)
        for (const { name: owner, pod } of podsOf(manifests)) {
          for (const { startupProbe, readinessProbe, livenessProbe } of pod.containers)
            assert.ok(startupProbe && readinessProbe && livenessProbe, owner)
        }
        const { main } = serverOf(manifests)
        const healthz = { path: '/healthz', port: 'https', scheme: 'HTTPS' }
        assert.deepEqual(main.readinessProbe?.httpGet, healthz)
        // Red health is no reason for a restart: it would take a server away that recovers by itself.
        assert.deepEqual(main.livenessProbe?.tcpSocket, { port: 'https' })
      },
    )

    test(`${name}: the certificate comes from its secret, read-only`, options, async () => {
      const { pod, main } = serverOf(await render(values))
      const volume = pod.volumes.find(({ secret }) => secret?.secretName === 'lockstep-tls')
      const mount = main.volumeMounts?.find(({ name: mounted }) => mounted === volume?.name)
      assert.ok(volume && mount?.readOnly)
      for (const variable of ['LOCKSTEP_TLS_CERT', 'LOCKSTEP_TLS_KEY']) {
        const value = main.env?.find(({ name: known }) => known === variable)?.value
        assert.ok(value?.startsWith(`${mount.mountPath}/`), variable)
      }
    })

    test(
      `${name}: an update takes no server away before another is ready, and gives calls time to end`,
      options,
      async () => {
        const manifests = await render(values)
        const { manifest, pod, main } = serverOf(manifests)
        assert.ok((manifest.spec?.replicas ?? 0) >= 2)
        assert.equal(manifest.spec?.strategy?.rollingUpdate?.maxUnavailable, 0)
        assert.ok(pod.topologySpreadConstraints?.length)
        const lameDuck = Number(
          main.env?.find(({ name: known }) => known === 'LOCKSTEP_LAME_DUCK_SECONDS')?.value,
        )
        assert.ok(pod.terminationGracePeriodSeconds >= lameDuck + DRAIN_AND_SLACK_SECONDS)
        assert.equal(manifests.find(({ kind }) => kind === 'PodDisruptionBudget')?.spec?.maxUnavailable, 1)
      },
    )
  }

  test('postgresql.enabled alone decides whether there is a database in the release', options, async () => {
    const kinds = async (values: Values) => (await render(values)).map(({ kind }) => kind)
    assert.ok((await kinds({})).includes('StatefulSet'))
    assert.ok(!(await kinds(VALUES['with a database of one’s own'] ?? {})).includes('StatefulSet'))
  })

  test(
    'a network policy lets servers reach the database’s own port and the name service, no more',
    options,
    async () => {
      const policies = (await render(VALUES['with a database of one’s own'] ?? {})).filter(
        ({ kind }) => kind === 'NetworkPolicy',
      )
      assert.deepEqual(
        policies.map(({ spec }) => spec?.egress),
        [
          [
            {
              ports: [
                { port: 53, protocol: 'UDP' },
                { port: 53, protocol: 'TCP' },
              ],
            },
            { ports: [{ port: 6432 }] },
          ],
        ],
      )
      const [policy] = policies
      const labels = serverOf(await render({})).manifest.spec?.template?.metadata.labels
      for (const [label, value] of Object.entries(policy?.spec?.podSelector?.matchLabels ?? { none: '' }))
        assert.equal(labels?.[label], value)
    },
  )

  const REFUSED: Readonly<Record<string, readonly [Values, RegExp]>> = {
    'a password in the database’s URL': [{ 'database.url': 'postgres://a:b@c/d' }, /\/database\/url/],
    'a password behind the database’s URL': [
      { 'database.url': 'postgres://a@c/d?password=b' },
      /\/database\/url/,
    ],
    'no database at all': [{ 'postgresql.enabled': false }, /database\.url is needed/],
    'no server': [{ replicaCount: 0 }, /\/replicaCount/],
    'a value that is misspelt': [{ lameduckSeconds: 3 }, /lameduckSeconds/],
    'an image that is whatever is latest': [{ 'image.tag': 'latest' }, /\/image\/tag/],
    'a secret without a name': [{ 'rootKey.existingSecret': '' }, /\/rootKey\/existingSecret/],
  }
  for (const [what, [values, sentence]] of Object.entries(REFUSED)) {
    test(`refuses ${what}`, options, async () => {
      const { code, stderr } = await template(values)
      assert.notEqual(code, 0)
      assert.match(stderr, sentence)
    })
  }
})
