import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

import type { Condition } from '@voteapp/contracts/resource/conditions';
import { conditionsOf, type Findings, judge } from '@voteapp/operator/reconcile/conditions';
import { components, everyComponent, findings, reading } from '@voteapp/operator/reconcile/fixtures/findings';
import { NOTHING_HEARD } from '@voteapp/operator/reconcile/readings';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const lua = process.env['VOTEAPP_TEST_LUA'];
const settings = parse(await readFile(new URL('../../manifests/argo-cd/health.yaml', import.meta.url), 'utf8')) as {
  readonly data: Readonly<Record<string, string>>;
};
const check = settings.data['resource.customizations.health.voteapp.dev_VotingApp']!;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A value in Lua's own notation; null is what Lua has no word for in a table, so it is left out. */
function luaOf(value: Json): string {
  if (value === null) return 'nil';
  // Escapes in decimal are the ones that every release of Lua reads.
  if (typeof value === 'string')
    return `"${[...Buffer.from(value)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`;
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `{${(value as readonly Json[]).map(luaOf).join(', ')}}`;
  return `{${Object.entries(value)
    .map(([key, field]) => `[${luaOf(key)}] = ${luaOf(field)}`)
    .join(', ')}}`;
}

/** What Argo CD would show of a VotingApp. */
async function healthOf(app: object): Promise<string> {
  const script = `local obj = ${luaOf(JSON.parse(JSON.stringify(app)) as Json)}
local function health()
${check}
end
local shown = health()
io.write(shown.status, ": ", shown.message)`;
  return (await promisify(execFile)(lua!, ['-e', script])).stdout;
}

function conditionsAt(generation: number, changes: Partial<Findings>): Condition[] {
  return conditionsOf(judge(findings(changes)), [], { generation, now: '2026-11-20T21:00:00Z' });
}

const pulling = { ready: 0, isStuck: true, message: 'StatefulSet shop-mysql: 0/1 ready: pod x ImagePullBackOff' };
const secretMissing = { reason: 'SecretMissing', message: 'Secret db is not there.' } as const;
const starting = { ready: 0, isRolling: true, message: 'Deployment shop-x: 0/1 ready' };

/** What the operator found, and what is to be shown of it. */
const SHOWN: Readonly<Record<string, readonly [found: Partial<Findings>, shown: string]>> = {
  'all is well': [{}, 'Healthy: Every part runs; the poll is Open.'],
  'it starts': [
    { components: everyComponent(starting), reading: NOTHING_HEARD, wasReady: false },
    'Progressing: It has not been ready yet.',
  ],
  'pods are being replaced': [
    { components: components({ vote: { isRolling: true } }) },
    'Progressing: Pods are being replaced or added: vote.',
  ],
  'a pod cannot run': [
    { components: components({ mysql: pulling }), reading: reading({ database: false }) },
    'Degraded: StatefulSet shop-mysql: 0/1 ready: pod x ImagePullBackOff',
  ],
  'the queue is away': [
    { reading: reading({ queue: false }) },
    'Degraded: The queue does not answer the vote service.',
  ],
  'it waits for a person': [{ problems: [secretMissing], wasReady: false }, 'Degraded: Secret db is not there.'],
  'it is paused': [
    { isPaused: true },
    'Suspended: The annotation voteapp.dev/reconcile: disabled is set; nothing is changed.',
  ],
  'it sleeps': [
    { hibernation: 'Granted', components: everyComponent({ desired: 0, ready: 0 }), reading: NOTHING_HEARD },
    'Suspended: No pods run, as asked for.',
  ],
};

describe.skipIf(lua === undefined)('the health check of Argo CD', () => {
  test.each(Object.entries(SHOWN))('%s', async (_, [found, shown]) => {
    const status = { observedGeneration: 2, conditions: conditionsAt(2, found) };
    expect(await healthOf({ metadata: { name: 'shop', generation: 2 }, status })).toBe(shown);
  });

  test.each<[string, object]>([
    ['a VotingApp that no operator has seen', {}],
    ['an edit that it has not looked at yet', { status: { observedGeneration: 1, conditions: conditionsAt(1, {}) } }],
    ['a status without conditions', { status: { observedGeneration: 2 } }],
  ])('waits for the operator: %s', async (_, app) => {
    const shown = await healthOf({ metadata: { name: 'shop', generation: 2 }, ...app });
    expect(shown).toBe('Progressing: The operator has not looked at this edit yet');
  });
});
