import { createHmac, randomBytes, randomInt } from 'node:crypto';

import {
  FIELD_MANAGERS,
  LABELS,
  APP_LABEL,
  objectNames,
  SECRET_KEYS,
  type SecretKey,
} from '@voteapp/contracts/cluster-objects';
import { ACCESS_KEY_KEYS, DEFAULT_CA_KEY, LOGIN_KEYS } from '@voteapp/contracts/resource/connection';
import type { VotingApp } from '@voteapp/contracts/resource/voting-app';

import { ownersOf } from '../desired/context.ts';
import type { RabbitmqClusterBinding } from '../desired/facts.ts';
import type { KubeObject, ObjectName } from '../runtime/object.ts';
import type { Objects } from '../runtime/objects.ts';
import { applyObject, type Outcome } from './apply.ts';
import type { ClusterCopy } from './cluster-copy.ts';
import { CLAIM, SECRET, VOTING_APP } from './kinds.ts';
import { isProblem, type Problem } from './outcome.ts';

type Data = Readonly<Record<string, string>>;

const LETTERS_AND_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const PASSWORD_LENGTH = 32;
const KEY_BYTES = 32;

export interface SecretsDeps {
  readonly objects: Pick<Objects, 'get' | 'apply' | 'create'>;
  readonly copy: Pick<ClusterCopy, 'get' | 'serves' | 'listOf'>;
}

/** The Secrets of a VotingApp are all there; `hash` changes with what is in them, and tells nothing of it. */
export interface SecretsFound {
  readonly hash: string;
  /** What became of the operator's own Secret. */
  readonly outcome: Outcome;
}

interface Needed {
  readonly name: string;
  readonly keys: readonly string[];
}

// The images of databases put passwords into SQL as they are.
function password(): string {
  return Array.from({ length: PASSWORD_LENGTH }, () => LETTERS_AND_DIGITS[randomInt(LETTERS_AND_DIGITS.length)]).join(
    '',
  );
}

function valueOf(key: SecretKey): string {
  return key.endsWith('_key') ? randomBytes(KEY_BYTES).toString('base64') : password();
}

/** The Secrets that somebody else makes, with the keys that each must have. */
export function neededSecrets({ spec }: VotingApp, binding: RabbitmqClusterBinding | null): Needed[] {
  const login = [LOGIN_KEYS.username, LOGIN_KEYS.password];
  const database = spec.database?.external;
  const queue = spec.queue?.externalRabbitmq;
  const accessKey = spec.queue?.sqs?.secretRef;
  const authorities = [database?.tls, queue?.tls, spec.queue?.rabbitmqCluster?.tls].flatMap(
    (tls) => tls?.caSecretRef ?? [],
  );
  return [
    ...[database, queue].flatMap((server) =>
      server === undefined ? [] : [{ name: server.secretRef.name, keys: login }],
    ),
    ...(accessKey === undefined ? [] : [{ name: accessKey.name, keys: Object.values(ACCESS_KEY_KEYS) }]),
    ...(binding === null ? [] : [{ name: binding.secret, keys: login }]),
    ...authorities.map(({ name, key = DEFAULT_CA_KEY }) => ({ name, keys: [key] })),
  ];
}

function missingKeys(data: Data, keys: readonly string[]): string[] {
  return keys.filter((key) => (data[key] ?? '') === '');
}

function incomplete(name: string, keys: readonly string[]): Problem {
  return { reason: 'SecretIncomplete', message: `Secret ${name} lacks ${keys.join(', ')}: add what is missing.` };
}

/** Says what the Secrets of a VotingApp lack, or else the hash of them. `read` gives what is in one; null: it is not there. */
export async function judgeSecrets(
  app: VotingApp,
  binding: RabbitmqClusterBinding | null,
  read: (name: string) => Promise<Data | null>,
): Promise<{ readonly hash: string } | Problem> {
  const { secret: name } = objectNames(app.metadata.name);
  const own = (await read(name)) ?? {};
  const lacking = missingKeys(own, SECRET_KEYS);
  if (lacking.length > 0) return incomplete(name, lacking);
  const others: [string, Data][] = [];
  for (const { name: other, keys } of neededSecrets(app, binding)) {
    const data = await read(other);
    if (data === null) {
      const message = `Secret ${other} is not there: create it with ${keys.join(' and ')}.`;
      return { reason: 'SecretMissing', message };
    }
    const absent = missingKeys(data, keys);
    if (absent.length > 0) return incomplete(other, absent);
    others.push([other, data]);
  }
  const hash = createHmac('sha256', own['session_key'] ?? '')
    .update(JSON.stringify([own, others]))
    .digest('hex')
    .slice(0, 16);
  return { hash };
}

/** What is in the Secrets of VotingApps; asked for only when they have changed. */
export class Secrets {
  readonly #deps: SecretsDeps;
  /** Data by namespace and name, with the version that it was of. */
  readonly #known = new Map<string, { readonly version: string; readonly data: Data }>();

  constructor(deps: SecretsDeps) {
    this.#deps = deps;
  }

  async #read(namespace: string, name: string): Promise<Data | null> {
    const { copy, objects } = this.#deps;
    const key = `${namespace}/${name}`;
    const known = this.#known.get(key);
    if (known !== undefined && known.version === copy.get(SECRET, namespace, name)?.metadata.resourceVersion) {
      return known.data;
    }
    this.#known.delete(key);
    const secret = await objects.get(SECRET, { namespace, name });
    if (secret === null) return null;
    const data = (secret['data'] ?? {}) as Data;
    this.#known.set(key, { version: secret.metadata.resourceVersion ?? '', data });
    return data;
  }

  /** Lets go of what is known of the Secrets of a resource that is gone. */
  forget({ namespace = '', name }: ObjectName): void {
    this.#known.delete(`${namespace}/${objectNames(name).secret}`);
  }

  #ownSecret(app: VotingApp): KubeObject {
    const { namespace = '', name } = app.metadata;
    const labels = {
      [LABELS.name]: APP_LABEL,
      [LABELS.instance]: name,
      [LABELS.partOf]: APP_LABEL,
      [LABELS.managedBy]: FIELD_MANAGERS.objects,
    };
    const ownerReferences = app.spec.deletionPolicy === 'Delete' ? ownersOf(app) : [];
    const metadata = { name: objectNames(name).secret, namespace, labels, ownerReferences };
    return { apiVersion: SECRET.apiVersion, kind: SECRET.kind, metadata };
  }

  /** Makes the Secret with the passwords, unless a volume is there that was made with passwords which nobody has now. */
  async #make(app: VotingApp, secret: KubeObject): Promise<Problem | null> {
    const { namespace = '', name } = app.metadata;
    const [volume] = this.#deps.copy.listOf(CLAIM, namespace, name);
    if (volume !== undefined) {
      const claim = `PersistentVolumeClaim ${volume.metadata.name}`;
      const message = `Secret ${secret.metadata.name} is gone and ${claim} is not: restore the Secret, or delete the claim with its data.`;
      return { reason: 'SecretMissing', message };
    }
    const current = await this.#deps.objects.get(VOTING_APP, { namespace, name });
    if (current?.metadata.uid !== app.metadata.uid || current?.metadata.deletionTimestamp !== undefined) {
      // The copy has not heard of it yet; a Secret made now would be nobody's, for ever.
      throw new Error(`VotingApp ${namespace}/${name} has just been deleted`);
    }
    const data = Object.fromEntries(SECRET_KEYS.map((key) => [key, Buffer.from(valueOf(key)).toString('base64')]));
    // Whoever creates an owner holds on to it, and no apply takes it away again.
    const { ownerReferences: _, ...metadata } = secret.metadata;
    const made = { ...secret, metadata, type: 'Opaque', data };
    await this.#deps.objects.create(SECRET, made, { manager: FIELD_MANAGERS.objects });
    return null;
  }

  /** Sees to the operator's own Secret and looks at the others. Throws what the server throws. */
  async ensure(app: VotingApp, binding: RabbitmqClusterBinding | null): Promise<SecretsFound | Problem> {
    const { namespace = '' } = app.metadata;
    const secret = this.#ownSecret(app);
    const { name } = secret.metadata;
    if ((await this.#read(namespace, name)) === null) {
      const problem = await this.#make(app, secret);
      if (problem !== null) return problem;
    }
    const judged = await judgeSecrets(app, binding, (each) => this.#read(namespace, each));
    if (isProblem(judged)) return judged;
    return { ...judged, outcome: await this.#own(app, secret) };
  }

  /** Its labels, and by the deletion policy its owner. */
  async #own(app: VotingApp, secret: KubeObject): Promise<Outcome> {
    const { namespace = '', name } = secret.metadata;
    const { copy } = this.#deps;
    const live = copy.get(SECRET, namespace, name);
    // Not yet in the copy: the next pass sees to it.
    if (live === undefined) return { did: 'nothing', object: secret };
    const { uid } = live.metadata;
    // With its uid: an apply to a Secret that has just been removed would make an empty one.
    const metadata = { ...secret.metadata, ...(uid === undefined ? {} : { uid }) };
    return await applyObject(this.#deps, app, { ...secret, metadata });
  }
}
