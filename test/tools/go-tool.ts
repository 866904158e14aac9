import { type GoTool, goTool } from '../cluster/go-programs.ts';
import { onPath, pathUnlessMissing, type Program, reasonOf } from './programs.ts';

/** A program that is built of its Go module. */
export async function findGoTool(tool: GoTool): Promise<Program> {
  if (onPath('go') === null) return { missing: 'there is no go on PATH to build it' };
  try {
    return { path: await goTool(tool) };
  } catch (error) {
    return { missing: `building it failed: ${reasonOf(error)}` };
  }
}

/** Where it is; null, once its absence is said, where it cannot be had. Throws where it has to be. */
export async function goToolUnlessMissing(tool: GoTool): Promise<string | null> {
  return pathUnlessMissing(tool, await findGoTool(tool));
}
