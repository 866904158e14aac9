import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments } from 'yaml';

/** A place in a text, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One document of a YAML text. */
export interface YamlDocument {
  readonly value: unknown;
  /** Where a field is; where it is missing, the deepest that is there of what should hold it. */
  readonly placeOf: (path: readonly PropertyKey[]) => Place;
}

export interface YamlProblem extends Place {
  /** A clause without its full stop. */
  readonly message: string;
}

const START: Place = { line: 1, column: 1 };

interface Step {
  /** Where a reader would look for it: of a field, its name. */
  readonly at: number | undefined;
  readonly node: unknown;
}

function stepInto(node: unknown, key: PropertyKey): Step | null {
  if (isSeq(node)) {
    const item = node.items[Number(key)] as Node | undefined;
    return item === undefined ? null : { at: item.range?.[0], node: item };
  }
  if (!isMap(node)) return null;
  const pair = node.items.find((each) => isScalar(each.key) && String(each.key.value) === String(key));
  return pair === undefined ? null : { at: (pair.key as Node).range?.[0], node: pair.value };
}

function located(document: Document.Parsed, value: unknown, lines: LineCounter): YamlDocument {
  return {
    value,
    placeOf(path) {
      let step: Step = { at: document.contents?.range[0], node: document.contents };
      for (const key of path) {
        const next = stepInto(step.node, key);
        if (next === null) break;
        step = next;
      }
      if (step.at === undefined) return START;
      const { line, col } = lines.linePos(step.at);
      return { line, column: col };
    },
  };
}

/** The documents of a YAML text, empty ones aside, and what keeps the others from being read. */
export function parseDocuments(text: string): {
  readonly documents: readonly YamlDocument[];
  readonly problems: readonly YamlProblem[];
} {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines });
  const documents: YamlDocument[] = [];
  const problems: YamlProblem[] = [];
  for (const document of Array.isArray(parsed) ? parsed : []) {
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = error.linePos?.[0] ?? { line: 1, col: 1 };
      problems.push({ line, column: col, message: error.message.split(/ at line |\n/, 1)[0] ?? '' });
      continue;
    }
    try {
      const value: unknown = document.toJS();
      if (value !== null) documents.push(located(document, value, lines));
    } catch (error) {
      // As of an alias of nothing, or of too many of them.
      problems.push({ ...located(document, null, lines).placeOf([]), message: (error as Error).message });
    }
  }
  return { documents, problems };
}
