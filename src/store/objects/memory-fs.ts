const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

const stat = (bytes: Uint8Array | undefined) => ({
  isDirectory: () => bytes === undefined,
  isFile: () => bytes !== undefined,
  isSymbolicLink: () => false,
  size: bytes?.length ?? 0,
  mode: bytes === undefined ? 0o40000 : 0o100644,
  mtimeMs: 0,
  ctimeMs: 0,
  uid: 0,
  gid: 0,
  dev: 0,
  ino: 0,
});

type Encoding = string | { encoding?: string } | undefined;

/** As much of a file system as isomorphic-git needs to hold loose objects: files in a map, folders everywhere. */
export const memoryFs = () => {
  const files = new Map<string, Uint8Array>();
  const read = (path: string): Uint8Array => {
    const bytes = files.get(path);
    if (bytes === undefined) throw failure('ENOENT', path);
    return bytes;
  };
  const statOf = async (path: string) => {
    if (files.has(path)) return stat(read(path));
    if (path === '/.git') return stat(undefined);
    throw failure('ENOENT', path);
  };
  return {
    promises: {
      readFile: async (path: string, encoding?: Encoding) => {
        const bytes = read(path);
        return (typeof encoding === 'string' ? encoding : encoding?.encoding) === undefined
          ? bytes
          : Buffer.from(bytes).toString();
      },
      writeFile: async (path: string, content: string | Uint8Array) => {
        files.set(path, typeof content === 'string' ? Buffer.from(content) : content);
      },
      unlink: async (path: string) => {
        files.delete(path);
      },
      readdir: async () => [],
      mkdir: async () => {},
      rmdir: async () => {},
      stat: statOf,
      lstat: statOf,
      readlink: async (path: string) => {
        throw failure('EINVAL', path);
      },
      symlink: async (_target: string, path: string) => {
        throw failure('EPERM', path);
      },
    },
  };
};
