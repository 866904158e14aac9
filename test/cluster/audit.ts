import { readFile } from 'node:fs/promises';

/** Says of every request who made it, when and with what result. A stage comes twice only where an answer is a stream. */
export const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
`;

/** A request that the API server answered. */
export interface AuditEntry {
  /** As "patch"; a server-side apply is a patch. */
  readonly verb: string;
  /** As "apps"; empty for the core group, and where the path is none of an object. */
  readonly group: string;
  /** As "deployments"; empty where the path is none of an object. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** As "status"; empty where there is none. */
  readonly subresource: string;
  /** The HTTP status of the answer. */
  readonly code: number;
  /** When the request came, in milliseconds since 1970. */
  readonly at: number;
}

interface AuditEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly requestReceivedTimestamp: string;
  readonly user: { readonly username: string };
  readonly impersonatedUser?: { readonly username: string };
  readonly objectRef?: Partial<Record<'apiGroup' | 'resource' | 'namespace' | 'name' | 'subresource', string>>;
  readonly responseStatus?: { readonly code?: number };
}

function entryOf({ verb, requestReceivedTimestamp, objectRef = {}, responseStatus = {} }: AuditEvent): AuditEntry {
  const { apiGroup: group = '', resource = '', namespace = '', name = '', subresource = '' } = objectRef;
  const at = Date.parse(requestReceivedTimestamp);
  return { verb, group, resource, namespace, name, subresource, code: responseStatus.code ?? 0, at };
}

interface Question {
  readonly verbs?: readonly string[];
  /** Only requests that came at this time, in milliseconds since 1970, or later. */
  readonly since?: number;
}

/**
 * What a user asked of the API server, in the order of its log; whoever is impersonated counts, not who impersonates. A
 * watch is in it from its start. The log follows the answers by moments, so a test waits for what it expects.
 */
export async function requestsBy(
  log: string,
  user: string,
  { verbs, since = 0 }: Question = {},
): Promise<AuditEntry[]> {
  const lines = (await readFile(log, 'utf8')).split('\n').slice(0, -1);
  const entries = new Map<string, AuditEntry>();
  for (const line of lines) {
    const event = JSON.parse(line) as AuditEvent;
    if ((event.impersonatedUser ?? event.user).username === user) entries.set(event.auditID, entryOf(event));
  }
  return [...entries.values()].filter(({ verb, at }) => at >= since && (verbs?.includes(verb) ?? true));
}
