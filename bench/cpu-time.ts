import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

// Jiffies a second; 100 on every Linux that Node.js runs on, but the kernel may say otherwise.
const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuMicros: number;
  readonly rssPages: number;
}

/** null: it has ended. */
function statOf(pid: number): ProcessStat | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // proc_pid_stat(5): fields from the third on, counted after the name, which may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  // User and system time of all its threads, and of those children that have ended.
  const ticks = field(14) + field(15) + field(16) + field(17);
  return { pid, parent: field(4), cpuMicros: (ticks / TICKS) * 1e6, rssPages: field(24) };
}

function allProcesses(): ProcessStat[] {
  return readdirSync('/proc').flatMap((name) => {
    const stat = /^\d+$/.test(name) ? statOf(Number(name)) : null;
    return stat === null ? [] : [stat];
  });
}

function treesOf(roots: readonly number[], processes: readonly ProcessStat[]): ProcessStat[] {
  const byParent = Map.groupBy(processes, ({ parent }) => parent);
  const trees = processes.filter(({ pid }) => roots.includes(pid));
  for (let index = 0; index < trees.length; index += 1) trees.push(...(byParent.get(trees[index]?.pid ?? 0) ?? []));
  return trees;
}

/** Processes by the part of a system that they are; each stands for all that it starts, too. */
export type Parts = Readonly<Record<string, readonly number[]>>;

/** CPU time that each part has used so far, in µs. Linux only. */
export function cpuMicrosOf(parts: Parts): Record<string, number> {
  const processes = allProcesses();
  return Object.fromEntries(
    Object.entries(parts).map(([part, roots]) => {
      return [part, treesOf(roots, processes).reduce((sum, { cpuMicros }) => sum + cpuMicros, 0)];
    }),
  );
}

/** Memory that each part holds, in MiB. */
export function rssOf(parts: Parts): Record<string, number> {
  const processes = allProcesses();
  const mib = (pages: number): number => (pages * 4_096) / 2 ** 20;
  return Object.fromEntries(
    Object.entries(parts).map(([part, roots]) => {
      return [part, treesOf(roots, processes).reduce((sum, { rssPages }) => sum + mib(rssPages), 0)];
    }),
  );
}

/** Processes that this one has started and that still run. */
export function childProcesses(): number[] {
  return allProcesses()
    .filter(({ parent }) => parent === process.pid)
    .map(({ pid }) => pid);
}

/** Starts something, and says which processes of this one's have come of it. Nothing else may be started meanwhile. */
export async function withProcesses<T>(start: () => Promise<T>): Promise<{ started: T; pids: readonly number[] }> {
  const before = new Set(childProcesses());
  const started = await start();
  return { started, pids: childProcesses().filter((pid) => !before.has(pid)) };
}

/** CPU time so far of each process that neither is this one nor comes of it, in µs by its number. */
export function cpuMicrosOfOthers(): ReadonlyMap<number, number> {
  const processes = allProcesses();
  const own = new Set(treesOf([process.pid], processes));
  return new Map(processes.filter((each) => !own.has(each)).map(({ pid, cpuMicros }) => [pid, cpuMicros]));
}

/** CPU time that processes have used since, in µs; what ended meanwhile counts where its parent has taken note of it. */
export function microsSince(before: ReadonlyMap<number, number>, now: ReadonlyMap<number, number>): number {
  return [...now].reduce((sum, [pid, micros]) => sum + Math.max(0, micros - (before.get(pid) ?? 0)), 0);
}

/** CPU time that the hypervisor has given to other machines so far, in µs. */
export function stolenMicros(): number {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  // proc_stat(5): "cpu", user, nice, system, idle, iowait, irq, softirq, steal.
  return (Number(line.trim().split(/\s+/)[8] ?? 0) / TICKS) * 1e6;
}
