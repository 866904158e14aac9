import { factsOf, holds, type Situation } from './browser/conditions.js';
import { html, type Html } from './html.ts';

/** Writes the attributes of an element that is shown only under a condition such as `Open|Suspended voted`. */
export type When = (condition: string) => Html;

/** The browser's scripts toggle the same attributes when the situation changes. */
export function showingWhen(situation: Situation): When {
  const facts = factsOf(situation);
  return (condition) => html`data-when="${condition}"${!holds(condition, facts) && html` hidden`}`;
}
