import { describe, expect, test } from 'vitest';

import { votingApp } from '../desired/fixtures/voting-app.ts';
import type { KubeObject, Metadata } from '../runtime/object.ts';
import { childOf, OWNER } from './fixtures/children.ts';
import { DEPLOYMENT } from './kinds.ts';
import type { Reason } from './outcome.ts';
import { adoptionProblem, isOwnedBy } from './ownership.ts';

const APP = votingApp();
const NOBODYS = { ownerReferences: [] };
const STRANGE = { 'app.kubernetes.io/managed-by': 'Helm' };
const HELM: Partial<Metadata> = { ...NOBODYS, labels: STRANGE };
const earlier = { ...OWNER, uid: 'uid-of-the-shop-before' };
const other = { ...OWNER, name: 'kiosk', uid: 'uid-of-kiosk' };
const replicaSet = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'shop', uid: 'u', controller: true };

function vote(metadata: Partial<Metadata>): KubeObject {
  return childOf(DEPLOYMENT, 'shop-vote-server', metadata);
}

describe('an object of a name that is needed', () => {
  test.each<[string, Partial<Metadata>, Reason | null, string?]>([
    ['is this resource’s', {}, null],
    ['is this resource’s, whatever labels somebody gave it', { labels: STRANGE }, null],
    ['was left by a resource of the name that is gone', NOBODYS, null],
    [
      'was left by it and has another owner that does not control it',
      { ownerReferences: [{ ...replicaSet, controller: false }] },
      null,
    ],
    ['is nobody’s, and a gift', { ...HELM, annotations: { 'voteapp.dev/adopt': 'true' } }, null],
    [
      'is nobody’s, and no gift',
      HELM,
      'AdoptionRefused',
      'Deployment shop-vote-server is there already and is not the operator’s: annotate it with voteapp.dev/adopt: "true" to give it to VotingApp shop, or rename one of them.',
    ],
    [
      'is nobody’s, and said to be no gift',
      { ...HELM, annotations: { 'voteapp.dev/adopt': 'false' } },
      'AdoptionRefused',
    ],
    [
      'was left by a resource of another name',
      { ...NOBODYS, labels: { 'app.kubernetes.io/instance': 'kiosk' } },
      'AdoptionRefused',
    ],
    [
      'is another resource’s',
      { ownerReferences: [other] },
      'AdoptionRefused',
      'Deployment shop-vote-server belongs to VotingApp kiosk: rename one of them.',
    ],
    [
      'is another resource’s, which cannot give it away',
      { ownerReferences: [other], annotations: { 'voteapp.dev/adopt': 'true' } },
      'AdoptionRefused',
    ],
    ['is another controller’s, of the same name', { ownerReferences: [replicaSet] }, 'AdoptionRefused'],
    [
      'is of the resource before, and will be removed',
      { ownerReferences: [earlier] },
      'BeingDeleted',
      'Deployment shop-vote-server is of an earlier VotingApp shop and is being removed; it is made anew afterwards.',
    ],
    [
      'is this resource’s, and is being deleted',
      { deletionTimestamp: '2026-11-20T21:00:00Z' },
      'BeingDeleted',
      'Deployment shop-vote-server is being deleted; it is made anew afterwards.',
    ],
  ])('%s', (_, metadata, reason, message) => {
    const problem = adoptionProblem(vote(metadata), APP);
    expect(problem?.reason ?? null).toBe(reason);
    if (message !== undefined) expect(problem?.message).toBe(message);
  });
});

test.each<[string, Partial<Metadata>, boolean]>([
  ['what this resource controls is its own', {}, true],
  ['what it has a share in is not', { ownerReferences: [{ ...OWNER, controller: false }] }, false],
  ['what nobody controls is not', NOBODYS, false],
  ['what the resource before controls is not', { ownerReferences: [earlier] }, false],
])('%s', (_, metadata, isOwn) => {
  expect(isOwnedBy(vote(metadata), APP)).toBe(isOwn);
});
