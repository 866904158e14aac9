import * as z from 'zod';

interface Condition<T> {
  /** A clause that follows the field's path: "must …". */
  readonly message: string;
  /** Whether a value is good; also true where another part of the schema is what refuses it. */
  readonly holds: (value: T) => boolean;
}

/** A condition on a value, written twice side by side: for zod, and in CEL for the API server. */
export interface Rule<T> extends Condition<T> {
  /** The field to blame, as a path below the value. Absent: the value itself. */
  readonly at?: string;
  readonly cel: string;
}

/** A condition that a Kubernetes schema has a keyword for. */
interface Keyword<T> extends Condition<T> {
  readonly keyword: Readonly<Record<string, unknown>>;
}

/** What a rule becomes in a CustomResourceDefinition. */
export interface CelRule {
  readonly rule: string;
  readonly message: string;
  readonly fieldPath?: string;
}

export const CEL_RULES = 'x-kubernetes-validations';

export function celRule({ at, cel, message }: Pick<Rule<never>, 'at' | 'cel' | 'message'>): CelRule {
  return { rule: cel, message, ...(at === undefined ? {} : { fieldPath: `.${at}` }) };
}

const expressed = new WeakSet<object>();

/** Whether a check of zod's came from a rule or a keyword, and so reaches the API server as well. */
export function isExpressed(check: object): boolean {
  return expressed.has(check);
}

function checkOf<T>({ at, message, holds }: Condition<T> & { readonly at?: string }) {
  const check = z.refine<T>(holds, { error: message, path: at?.split('.') ?? [] });
  expressed.add(check);
  return check;
}

export function withRules<S extends z.ZodType>(schema: S, ...rules: readonly Rule<z.output<S>>[]): S {
  const earlier = (schema.meta()?.[CEL_RULES] ?? []) as readonly CelRule[];
  return schema
    .check(...rules.map(checkOf))
    .meta({ ...schema.meta(), [CEL_RULES]: [...earlier, ...rules.map(celRule)] });
}

export function withKeyword<S extends z.ZodType>(schema: S, condition: Keyword<z.output<S>>): S {
  return schema.check(checkOf(condition)).meta({ ...schema.meta(), ...condition.keyword });
}

/**
 * The rules of a union: `type` says which member may be there.
 * `members` names the member of each type that has one, and whether that type needs it.
 */
export function memberRules<Type extends string>(
  members: Partial<Record<Type, { readonly member: string; readonly required: boolean }>>,
): Rule<{ readonly type: Type }>[] {
  return Object.entries<{ member: string; required: boolean } | undefined>(members).flatMap(([type, entry]) => {
    if (entry === undefined) return [];
    const { member, required } = entry;
    const isThere = (union: object): boolean => (union as Record<string, unknown>)[member] !== undefined;
    const foreign: Rule<{ type: Type }> = {
      at: member,
      cel: `self.type == '${type}' || !has(self.${member})`,
      message: `must be absent unless type is ${type}`,
      holds: (union) => union.type === type || !isThere(union),
    };
    const missing: Rule<{ type: Type }> = {
      at: member,
      cel: `self.type != '${type}' || has(self.${member})`,
      message: `is required with type ${type}`,
      holds: (union) => union.type !== type || isThere(union),
    };
    return required ? [foreign, missing] : [foreign];
  });
}
