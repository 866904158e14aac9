import { expect, test } from 'vitest';

import { desired } from '../desired/desired.ts';
import { facts, votingApp } from '../desired/fixtures/voting-app.ts';
import { CHILD_KINDS, kindOf, OPTIONAL_KINDS, POD } from './kinds.ts';

const hosts = { vote: 'v.example.com', front: 'r.example.com' };
const autoscaling = { mode: 'HPA', maxReplicas: 9 };
const objects = [
  { expose: { type: 'Gateway', hosts, gateway: { parentRefs: [{ name: 'g' }] } }, monitoring: { enabled: true } },
  { expose: { type: 'Ingress', hosts }, vote: { autoscaling }, front: { replicas: 2 } },
].flatMap((sections) => desired(votingApp(sections), facts()));

test('every object that there may be is of a kind that is known, and of its version', () => {
  for (const object of objects) expect(kindOf(object).apiVersion).toBe(object.apiVersion);
});

test('every kind that is followed is one that there may be', () => {
  const made = new Set(objects.map(({ kind }) => kind));
  const followed = [...CHILD_KINDS, ...OPTIONAL_KINDS].map(({ kind }) => kind);
  expect([...made].toSorted()).toEqual(followed.toSorted());
});

test('a kind that the operator does not make is none', () => {
  expect(() => kindOf(POD)).toThrow('The operator makes no Pod');
});
