import { afterAll, describe, expect, it } from 'vitest';

import { startMySql } from '../servers/mysql.ts';
import { startRabbitMq } from '../servers/rabbitmq.ts';
import { startSqs } from '../servers/sqs.ts';
import { unlessMissing } from '../servers/software.ts';
import { caseOf } from './catalogue.ts';
import type { Servers } from './deployed.ts';
import { caughtBy, MUTANTS } from './mutants.ts';
import { runCase } from './run-case.ts';

const LIMIT_MS = 300_000;

let starting: Promise<Servers | null> | undefined;

/** Servers of this suite's own, for they are killed; null where this machine cannot have them. */
async function startServers(): Promise<Servers | null> {
  const [rabbitmq, sqs, mysql] = await Promise.all([
    unlessMissing('rabbitmq', startRabbitMq()),
    startSqs(),
    unlessMissing('mysql', startMySql('mysql-9.7')),
  ]);
  if (rabbitmq !== null && mysql !== null) return { rabbitmq, sqs, mysql };
  await Promise.all([rabbitmq?.stop(), sqs.stop(), mysql?.stop()]);
  return null;
}

afterAll(async () => {
  const servers = await starting;
  await Promise.all([servers?.rabbitmq.stop(), servers?.sqs.stop(), servers?.mysql.stop()]);
}, LIMIT_MS);

describe('the fault suite, in short', () => {
  it.for(['F17'])('%s passes', { timeout: LIMIT_MS }, async (id, { skip }) => {
    const servers = await (starting ??= startServers());
    if (servers === null) return skip('RabbitMQ or MySQL is missing');
    const { verdict, reasons } = await runCase(caseOf(id), { servers: () => Promise.resolve(servers) });
    expect({ verdict, reasons }).toEqual({ verdict: 'passed', reasons: [] });
  });

  it.for(['N9'])('%s is caught', { timeout: LIMIT_MS }, async (id, { skip }) => {
    const servers = await (starting ??= startServers());
    if (servers === null) return skip('RabbitMQ or MySQL is missing');
    const mutant = MUTANTS.find((each) => each.id === id)!;
    const { shownBy, rewrites } = mutant;
    const outcome = await runCase(shownBy, { servers: () => Promise.resolve(servers), rewrites });
    expect(caughtBy(mutant, outcome)).toMatch(/^I4 /);
  });
});
