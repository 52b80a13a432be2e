import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { startTimeOf } from './processes.ts';

/** Who a process is: a pid is used again, a pid with its start time and boot is not. */
export interface ProcessIdentity {
  pid: number;
  /** Opaque; empty where the system does not tell. */
  startTime: string;
  /** Differs after each start of the machine; empty where the system does not tell. */
  bootId: string;
  host: string;
  /** Pids mean something only inside one; empty where there are none. */
  pidNamespace: string;
  /** Tells machines of one name apart, where the system knows itself. */
  machine?: string;
}

const attempt = (read: () => string): string => {
  try {
    return read().trim();
  } catch {
    return '';
  }
};

const readBootId = (): string => {
  if (process.platform === 'linux') return attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1'));
  if (process.platform !== 'darwin') return '';
  return attempt(() => spawnSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], { encoding: 'utf8' }).stdout);
};

let own: ProcessIdentity | undefined;

/** This process. */
export const ownIdentity = (): ProcessIdentity => {
  if (own?.pid === process.pid) return own;
  const machine = attempt(() => readFileSync('/etc/machine-id', 'latin1'));
  own = {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: readBootId(),
    host: hostname(),
    pidNamespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
    ...(machine === '' ? {} : { machine }),
  };
  return own;
};

const differ = (a: string | undefined, b: string | undefined): boolean => !!a && !!b && a !== b;

/**
 * False only when the process is provably dead: its machine was started again since, its pid is gone, or another
 * process has it now. What another machine or namespace runs cannot be seen from here, and counts as alive.
 */
export const isAlive = (identity: ProcessIdentity): boolean => {
  const here = ownIdentity();
  if (identity.host !== here.host || differ(identity.machine, here.machine)) return true;
  if (differ(identity.bootId, here.bootId)) return false;
  if (identity.pidNamespace !== here.pidNamespace) return true;
  const startTime = startTimeOf(identity.pid);
  return startTime !== undefined && !differ(identity.startTime, startTime);
};
