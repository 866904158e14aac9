import { VERSION } from '@voteapp/operator/release';
import { describe, expect, it, test } from 'vitest';

import { operatorOf } from '../cluster/operators.ts';
import { operatorOfDeployment, plainOperator } from './operator.ts';

function deployment(labels: object, env: object[]) {
  return operatorOf({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'voteapp-operator', namespace: 'ops', labels: labels as Record<string, string> },
    spec: { template: { spec: { containers: [{ name: 'operator', env }] } } },
  });
}

test('an operator by its defaults has its images where it was installed from', () => {
  const { images } = plainOperator(undefined, 'r.example.com/polls').release;
  expect(images).toMatchObject({
    vote: `r.example.com/polls/voteapp-vote:${VERSION}`,
    mysql: 'r.example.com/polls/library/mysql:9.7',
  });
});

describe('an operator by its Deployment', () => {
  it('has the images and the release that it was installed with', () => {
    const env = [
      { name: 'RELATED_IMAGE_VOTE', value: 'r.example.com/vote:9' },
      { name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ];
    const operator = operatorOfDeployment(deployment({ 'app.kubernetes.io/version': '9.0.0' }, env));
    expect(operator).toMatchObject({ namespace: 'ops', release: { version: '9.0.0' } });
    expect(operator.release.images).toEqual({
      ...plainOperator(undefined).release.images,
      vote: 'r.example.com/vote:9',
    });
  });

  it('has the defaults of this release for whatever it does not say', () => {
    expect(operatorOfDeployment(deployment({}, []))).toEqual({ ...plainOperator('ops') });
  });
});
