import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { parseBucket } from './bucket-setting.ts'

const s3 = { kind: 's3', bucket: 'audit' }

describe('parseBucket', () => {
  test('reads directories, Amazon’s buckets and those of other S3 services', () => {
    const read = (place: string) => parseBucket(`audit=${place}`, 'us-east-1')[1]
    assert.deepEqual(read('dir:/var/audit'), { kind: 'directory', path: '/var/audit' })
    assert.deepEqual(read('s3:'), { ...s3, region: 'us-east-1', pathStyle: false })
    assert.deepEqual(read('s3:eu-west-1'), { ...s3, region: 'eu-west-1', pathStyle: false })
    assert.deepEqual(read('s3:https://minio.example:9000'), {
      ...s3,
      ...{ region: 'us-east-1', endpoint: 'https://minio.example:9000', pathStyle: true },
    })
    assert.deepEqual(read('s3:https://s3.example/eu-west-3?path-style=no'), {
      ...s3,
      ...{ region: 'eu-west-3', endpoint: 'https://s3.example', pathStyle: false },
    })
  })

  test('says what is wrong with anything else', () => {
    for (const text of [
      '',
      'audit',
      'Audit=dir:/a',
      'a=dir:/a',
      '10.0.0.1=dir:/a',
      'au..dit=dir:/a',
      'audit=dir:relative',
      'audit=/a',
      'audit=s3:ftp://x',
      'audit=s3:https://x/not-a-region',
      'audit=s3:https://x/eu-west-1/more',
      'audit=s3:https://key:secret@x',
      'audit=s3:https://x?path-style=maybe',
      'audit=s3:somewhere',
    ])
      assert.equal(typeof parseBucket(text, 'us-east-1'), 'string', text)
  })
})
