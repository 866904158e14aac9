import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

const { API_SERVER, NAMESPACE, WATCHED = '', TOKEN_FILE = '' } = process.env;
const LIMIT_MS = 100_000;
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/voteapp-operator`;
const POLLS = '/apis/voteapp.dev/v1alpha1';
const deadline = Date.now() + LIMIT_MS;

interface Answer {
  readonly message?: string;
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly renewTime: string;
    readonly leaseDurationSeconds: number;
  };
}

async function get(path: string): Promise<Answer> {
  const authorization = `Bearer ${(await readFile(TOKEN_FILE, 'utf8')).trim()}`;
  const response = await fetch(`${API_SERVER}${path}`, {
    headers: { authorization },
    signal: AbortSignal.timeout(5_000),
  });
  const body = (await response.json()) as Answer;
  if (!response.ok) throw new Error(`${path} answers ${response.status}: ${body.message}`);
  return body;
}

// The operator may be coming up still.
async function until<T>(what: string, look: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await look();
    } catch (cause) {
      if (Date.now() > deadline) throw new Error(`Not within ${LIMIT_MS / 1000} s: ${what}.`, { cause });
    }
    await wait(500);
  }
}

for (const namespace of WATCHED.split(',')) {
  const path = namespace === '' ? POLLS : `${POLLS}/namespaces/${namespace}`;
  await until(`the operator may read the VotingApps ${namespace || 'of the cluster'}`, () =>
    get(`${path}/votingapps?limit=1`),
  );
}

const leader = await until('an operator leads', async () => {
  const { spec } = await get(LEASE);
  if (!spec?.holderIdentity || Date.now() - Date.parse(spec.renewTime) > spec.leaseDurationSeconds * 1000)
    throw new Error('Nobody holds its Lease.');
  return spec.holderIdentity;
});
console.log(`${leader} leads.`);
