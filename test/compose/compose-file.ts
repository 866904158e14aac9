import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { parse } from 'yaml';

export const COMPOSE_FILE = fileURLToPath(new URL('../../compose.yaml', import.meta.url));

interface HealthCheck {
  readonly test: readonly [how: 'CMD' | 'CMD-SHELL', ...words: string[]];
}

/** A service of the file, in the forms that this file uses. */
export interface ComposeService {
  readonly image: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly user?: string;
  readonly init?: boolean;
  readonly hostname?: string;
  readonly profiles?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[];
  readonly networks: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly healthcheck: HealthCheck;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required?: boolean }>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly stop_grace_period?: string;
  readonly logging?: { readonly driver: string; readonly options: Readonly<Record<string, string>> };
  readonly container_name?: string;
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>;
  readonly volumes: Readonly<Record<string, null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
}

/** `${NAME:-otherwise}`, nested ones from within, and `$$` for a dollar. */
function interpolate(text: string, env: Readonly<Record<string, string>>): string {
  const innermost = /(?<!\$)\$\{(\w+):-([^${}]*)\}/;
  const once = text.replace(innermost, (_, name: string, otherwise: string) => env[name] || otherwise);
  return once === text ? text.replaceAll('$$', '$') : interpolate(once, env);
}

function interpolated(value: unknown, env: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return interpolate(value, env);
  if (Array.isArray(value)) return value.map((item) => interpolated(item, env));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, interpolated(item, env)]));
}

/** The file as `docker compose` reads it with these variables. */
export async function readComposeFile(env: Readonly<Record<string, string>> = {}): Promise<ComposeFile> {
  return interpolated(parse(await readFile(COMPOSE_FILE, 'utf8'), { merge: true }), env) as ComposeFile;
}

/** The services that start with these profiles, each after those that it waits for. Throws where one waits for itself. */
export function startOrder({ services }: ComposeFile, profiles: readonly string[] = []): string[] {
  const order: string[] = [];
  const isWanted = (name: string) => services[name]?.profiles?.every((profile) => profiles.includes(profile)) ?? true;
  function add(name: string, waiting: readonly string[]): void {
    if (order.includes(name) || !isWanted(name)) return;
    if (waiting.includes(name)) throw new Error([...waiting, name].join(' waits for '));
    for (const first of Object.keys(services[name]?.depends_on ?? {})) add(first, [...waiting, name]);
    order.push(name);
  }
  for (const name of Object.keys(services)) add(name, []);
  return order;
}

/** What a health check runs inside the container. */
export function healthCommand({ healthcheck }: ComposeService): string[] {
  const [how, ...words] = healthcheck.test;
  return how === 'CMD' ? words : ['/bin/sh', '-c', ...words];
}
