import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { startMySql } from '../../servers/mysql.ts';
import { startRabbitMq } from '../../servers/rabbitmq.ts';
import type { ServerProcess } from '../../servers/server-process.ts';
import { CannotRun, deployed, embedded, type FaultCase, type Stage } from '../case.ts';
import { DeployedSystem } from '../deployed.ts';
import { EmbeddedSystem } from '../embedded.ts';
import type { Rewrite } from '../rewrites.ts';
import { CRASHES, type System, until } from '../system.ts';

const run = promisify(execFile);
const UNMOUNT = 'umount';

/** A file system of its own, that can be filled. */
class SmallDisk {
  readonly folder: string;
  // A run that is broken off leaves no mount behind.
  readonly #onExit = (): void => void execFileSync(UNMOUNT, ['--lazy', this.folder]);

  private constructor(folder: string) {
    this.folder = folder;
    process.once('exit', this.#onExit);
  }

  /** Throws where mounting is refused. */
  static async mount(mebibytes: number): Promise<SmallDisk> {
    const folder = await mkdtemp(join(tmpdir(), 'voteapp-disk-'));
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', folder]);
    } catch (error) {
      await rm(folder, { recursive: true });
      throw new CannotRun('a file system of its own cannot be mounted', { cause: error });
    }
    return new SmallDisk(folder);
  }

  async fill(): Promise<void> {
    const { bavail, bsize } = await statfs(this.folder);
    // Others write meanwhile.
    await writeFile(join(this.folder, 'ballast'), Buffer.alloc(bavail * bsize)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOSPC') throw error;
      },
    );
  }

  async clear(): Promise<void> {
    await rm(join(this.folder, 'ballast'), { force: true });
  }

  async unmount(): Promise<void> {
    process.off('exit', this.#onExit);
    await run(UNMOUNT, ['--lazy', this.folder]);
    await rm(this.folder, { recursive: true });
  }
}

const disks = new WeakMap<object, SmallDisk>();

/** fdatasync is what makes data outlive a power cut: the size at the last one is remembered. */
const REMEMBER_SYNCED: Rewrite = {
  file: 'packages/queue/src/embedded/durable-files.ts',
  from: '    calls.fdatasyncSync(fd);',
  to: '    calls.fdatasyncSync(fd);\n    ((globalThis as any).synced ??= new Map()).set(fd, fs.fstatSync(fd).size);',
};

/** Before a sync, the disk loses what was not synced, and the process ends. What was answered by then has 50 ms to leave. */
const POWER_CUT: Rewrite = {
  file: 'packages/queue/src/embedded/journal.ts',
  from: '      journal.sync();',
  to: `      if (process.uptime() > 2.5 && Math.random() < 0.1) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
        for (const [fd, size] of (globalThis as any).synced ?? []) {
          try { fs.ftruncateSync(fd, size); } catch {}
        }
        process.kill(process.pid, 'SIGKILL');
      }
      journal.sync();`,
};

type Times = { readonly full: number; readonly cleared: number };

/** `wasFelt` tells whether anybody has noticed, or the case would prove nothing. */
async function fillAndClear<S extends System>(
  { system, strike, heal, pause, demand, ledger }: Stage<S>,
  restart: () => Promise<void>,
  wasFelt: (times: Times) => boolean | Promise<boolean>,
): Promise<void> {
  const disk = disks.get(system)!;
  await strike(() => disk.fill());
  const full = Date.now();
  await pause(8_000);
  const cleared = Date.now();
  await disk.clear();
  await restart();
  heal();
  await ledger.accepting();
  demand(await wasFelt({ full, cleared }), 'nobody has noticed that the disk was full');
}

/** Starts a server whose data are on a disk of their own. */
async function startOnDisk<Server>(mebibytes: number, start: () => Promise<Server>): Promise<[Server, SmallDisk]> {
  const disk = await SmallDisk.mount(mebibytes);
  const { TMPDIR } = process.env;
  process.env['TMPDIR'] = disk.folder;
  try {
    return [await start(), disk];
  } finally {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  }
}

/** Votes were refused. */
function refused({ ledger }: Stage): (times: Times) => boolean {
  return ({ full, cleared }) => ledger.answers((answer) => answer === 503, full, cleared) > 0;
}

/** No batch was committed in the end, when what the database had in its files was used up. */
function notCommitted({ system }: Stage): (times: Times) => Promise<boolean> {
  return async ({ cleared }) => {
    const [row] = await system.query(
      `SELECT COUNT(*) FROM batches WHERE committed_at BETWEEN ${cleared - 3_000} AND ${cleared}`,
    );
    return row?.[0] === '0';
  };
}

/** One server of its own on a small disk, and everything else as it is. */
function onSmallDisk(server: 'rabbitmq' | 'mysql', fault: string): FaultCase<DeployedSystem> {
  const start = { rabbitmq: startRabbitMq, mysql: () => startMySql('mysql-9.7') }[server];
  const wasFelt = { rabbitmq: refused, mysql: notCommitted }[server];
  return {
    ...deployed({
      id: 'F22',
      fault,
      async inject(stage) {
        // A server that cannot write its log ends itself; whoever runs it starts it again.
        await fillAndClear(stage, () => stage.system.servers[server].restart(), wasFelt(stage));
      },
    }),
    async start({ servers, rewrites }) {
      const shared = await servers();
      const [own, disk] = await startOnDisk<ServerProcess>(400, start);
      const system = await DeployedSystem.start({ ...shared, [server]: own }, { rewrites });
      disks.set(system, disk);
      return endedWith(system, async () => {
        await own.stop();
        await disk.unmount();
      });
    },
  };
}

const JOURNAL_DISK: FaultCase<EmbeddedSystem> = {
  ...embedded({
    id: 'F22',
    fault: 'The disk of journal and store is full for 8 s',
    inject: (stage) => fillAndClear(stage, () => Promise.resolve(), refused(stage)),
  }),
  async start({ rewrites }) {
    const disk = await SmallDisk.mount(64);
    const folder = await mkdtemp(join(disk.folder, 'data-'));
    const system = await EmbeddedSystem.start({ folder, rewrites });
    disks.set(system, disk);
    return endedWith(system, () => disk.unmount());
  },
};

/** Ends the system, then what it stands on. */
function endedWith<S extends { stop(): Promise<void> }>(system: S, end: () => Promise<void>): S {
  const stop = system.stop.bind(system);
  return Object.assign(system, {
    stop: async () => {
      await stop();
      await end();
    },
  });
}

export const DISK_CASES: readonly FaultCase[] = [
  onSmallDisk('mysql', 'The disk of the database is full for 8 s'),
  onSmallDisk('rabbitmq', 'The disk of the broker is full for 8 s'),
  JOURNAL_DISK,
  embedded({
    id: 'F25',
    fault: 'The power fails just before a sync of the journal: what was not synced is gone',
    system: { rewrites: [REMEMBER_SYNCED], crashPoints: [POWER_CUT] },
    async inject({ system }) {
      await until('the power has failed often enough', () => system.crashes() >= CRASHES, 240_000);
    },
  }),
];
