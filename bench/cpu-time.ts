import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

// Jiffies a second; 100 on every Linux that Node.js runs on, but the kernel may say otherwise.
const TICKS = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** User and system time a process has used so far with all its threads, in µs. Linux only. */
export function cpuMicros(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc_pid_stat(5): fields 14 and 15, counted after the name, which may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1e6;
}

/** Share of the machine's CPU time that the hypervisor gave to others since `before`. */
export function stealSince(before: readonly number[]): number {
  const spent = cpuLine().map((ticks, index) => ticks - (before[index] ?? 0));
  const total = spent.reduce((sum, ticks) => sum + ticks, 0);
  return total === 0 ? 0 : (spent[7] ?? 0) / total;
}

export function cpuLine(): number[] {
  const [line = ''] = readFileSync('/proc/stat', 'utf8').split('\n', 1);
  return line.trim().split(/\s+/).slice(1, 9).map(Number);
}
