import type { KubeObject } from '@voteapp/operator/runtime/object';

export const REDACTED = '<redacted>';

/** Words of the names of what nobody but its owner should read. */
const WORDS =
  'pass(?:word|wd|phrase)?|secret|token|credentials?|authorization|cookie|api[-_]?key|(?:access|private|session|round|secret)[-_]?key|receipt';
const SECRET_NAME = new RegExp(`(?:${WORDS})$`, 'i');
/** As it is written in texts: `"password": "x"`, `token=x`, `Cookie: x`. */
const ASSIGNED = new RegExp(
  String.raw`((?:${WORDS})\\*["']?\s*[:=]\s*)(\\+"[^"\\]*\\+"|"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:Bearer|Basic)\s+[^\s,;"']+|[^\s,;&"']+)`,
  'gi',
);
/** What is a secret by its looks, and how much of it is told. */
const LOOKS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, REDACTED],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  [/([a-z][a-z\d+.-]{0,20}:\/\/[^\s:/@]*:)[^\s/@]+@/gi, `$1${REDACTED}@`],
  [/\b(userID|voteapp_[0-9a-f]+)=[^\s;,"'&]+/g, `$1=${REDACTED}`],
  [/([?&](?:key|sig|signature|auth|code|x-amz-[a-z-]+)=)[^\s&"'#]+/gi, `$1${REDACTED}`],
];
/** A shorter value is found in too many words that mean something else. */
const SHORTEST_KNOWN = 6;
/** What `kubectl apply` keeps is the whole object again, as it was sent. */
const COPIES = ['kubectl.kubernetes.io/last-applied-configuration'];
const KEYED = new Set(['data', 'stringData', 'binaryData']);

type Plain = Readonly<Record<string, unknown>>;

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether what has this name is nobody else's business; a name or a path of it is. */
function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

function dataOf(secret: KubeObject): [string, string][] {
  const given = Object.entries((secret['data'] ?? {}) as Readonly<Record<string, string>>);
  return given.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]);
}

function envOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(envOf);
  if (!isPlain(value)) return [];
  const { name, value: own } = value;
  const found = typeof name === 'string' && typeof own === 'string' && isSecretName(name) ? [own] : [];
  return [...found, ...Object.values(value).flatMap(envOf)];
}

/** What is known to be secret, in every form it may be written in: values of Secrets and of environment variables. */
export function knownSecrets(objects: readonly KubeObject[]): string[] {
  const values = objects.flatMap((object) =>
    object.kind === 'Secret'
      ? dataOf(object).flatMap(([, value]) => [value, ...value.split('\n')])
      : envOf(object['spec']),
  );
  const forms = values
    .map((value) => value.trim())
    .filter((value) => value.length >= SHORTEST_KNOWN)
    .flatMap((value) => [
      value,
      JSON.stringify(value).slice(1, -1),
      encodeURIComponent(value),
      Buffer.from(value).toString('base64'),
      Buffer.from(value).toString('base64url'),
    ]);
  // The longest first, so that no part of one is left.
  return [...new Set(forms)].toSorted((a, b) => b.length - a.length);
}

/** The text without what is known or looks to be secret. */
export function redactText(text: string, known: readonly string[]): string {
  let redacted = text;
  for (const secret of known) redacted = redacted.replaceAll(secret, REDACTED);
  for (const [look, instead] of LOOKS) redacted = redacted.replace(look, instead);
  return redacted.replace(ASSIGNED, `$1${REDACTED}`);
}

function keysOf(value: unknown): unknown {
  return isPlain(value) ? Object.fromEntries(Object.keys(value).map((key) => [key, REDACTED])) : REDACTED;
}

function redactField(key: string, value: unknown, known: readonly string[]): unknown {
  if (typeof value === 'string' && isSecretName(key)) return REDACTED;
  return redactValue(value, known);
}

function redactValue(value: unknown, known: readonly string[]): unknown {
  if (typeof value === 'string') return redactText(value, known);
  if (Array.isArray(value)) return value.map((each) => redactValue(each, known));
  if (!isPlain(value)) return value;
  const isVariable = typeof value['name'] === 'string' && isSecretName(value['name']) && 'value' in value;
  const entries = Object.entries(value).map(([key, each]) => [
    key,
    isVariable && key === 'value' ? REDACTED : redactField(key, each, known),
  ]);
  return Object.fromEntries(entries) as unknown;
}

/** The object without what is secret; of a Secret, the names of its keys. */
export function redactObject(object: KubeObject, known: readonly string[]): object {
  const { managedFields: _, annotations = {}, ...metadata } = object.metadata;
  const kept = Object.entries(annotations).map(([name, value]) => [name, COPIES.includes(name) ? REDACTED : value]);
  const whole = { ...object, metadata: { ...metadata, annotations: Object.fromEntries(kept) as unknown } };
  if (object.kind !== 'Secret') return redactValue(whole, known) as object;
  const entries = Object.entries(whole).map(([key, value]) => [
    key,
    KEYED.has(key) ? keysOf(value) : redactValue(value, known),
  ]);
  return Object.fromEntries(entries) as object;
}
