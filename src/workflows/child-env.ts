/**
 * What a test command, a set-up command or an agent inherits: the user's environment, without the variables that
 * would point their git at another repository.
 */
export const childEnv = (
  env: Record<string, string | undefined>,
  extra: Record<string, string> = {},
): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && !/^GIT_/i.test(name)) kept[name] = value;
  return { ...kept, ...extra };
};

/** A command line for the platform's shell. */
export const shellCommand = (line: string): { command: string; args: string[] } =>
  process.platform === 'win32'
    ? { command: process.env['ComSpec'] ?? 'cmd.exe', args: ['/d', '/s', '/c', line] }
    : { command: '/bin/sh', args: ['-c', line] };
