/** Who takes pull requests at a remote. */
export type Forge = 'github' | 'gitlab' | 'other';

/** Where a repository is on the web. */
export interface Place {
  /** Name alone, as the command-line tools want it. */
  host: string;
  /** `https://host[:port]`. */
  web: string;
  /** `owner/name`; at GitLab groups may nest. */
  path: string;
}

/** Names by which ssh reaches hosts whose firewall lets only HTTPS through. */
const ALIASES: Record<string, string> = { 'ssh.github.com': 'github.com', 'altssh.gitlab.com': 'gitlab.com' };

const placeFrom = (host: string, web: string, path: string): Place | null => {
  const clean = path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  const parts = clean.split('/');
  const isPath = parts.length >= 2 && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  return isPath && /^[\w.-]+$/.test(host) ? { host, web, path: clean } : null;
};

/** `git@host:owner/name.git`, `ssh://…`, `https://user@host:8443/owner/name`; null for a path and for nonsense. */
export const placeOfUrl = (url: string): Place | null => {
  const scp = /^(?:[^@/:]+@)?([^/:@]+):(?!\/\/)(.+)$/.exec(url);
  if (scp && !/^[A-Za-z]$/.test(scp[1]!)) {
    const host = ALIASES[scp[1]!.toLowerCase()] ?? scp[1]!.toLowerCase();
    return placeFrom(host, `https://${host}`, scp[2]!);
  }
  if (!/^(https?|ssh|git\+ssh):\/\//.test(url) || !URL.canParse(url)) return null;
  const parsed = new URL(url);
  const host = ALIASES[parsed.hostname] ?? parsed.hostname;
  // Other schemes have their own ports, which say nothing about the web.
  const web = parsed.protocol.startsWith('http') ? `${parsed.protocol}//${parsed.host}` : `https://${host}`;
  return placeFrom(host, web, decodeURIComponent(parsed.pathname));
};

const named = (value: string | undefined): string | undefined =>
  value
    ?.replace(/^https?:\/\//, '')
    .replace(/[/:].*$/, '')
    .toLowerCase() || undefined;

/** What a host's name, and the variables of the command-line tools, say; null: nothing. */
export const forgeOf = ({ host }: Place, env: Record<string, string | undefined>): Forge | null => {
  if (host === 'github.com' || host === named(env['GH_HOST']) || host.endsWith('.ghe.com')) return 'github';
  if (host === 'gitlab.com' || [env['GITLAB_HOST'], env['GL_HOST']].some((it) => named(it) === host)) return 'gitlab';
  if (/^(github|ghe)\./.test(host)) return 'github';
  return /^gitlab\./.test(host) ? 'gitlab' : null;
};

export interface FormWish {
  /** The repository that is asked to take the work. */
  into: Place;
  /** The repository that has the branch; another one for a fork. */
  from: Place;
  branch: string;
  base: string;
  title: string;
  body: string;
}

/** What servers and browsers take without a complaint. */
const URL_MAX = 8_000;

const path = (text: string): string => text.split('/').map(encodeURIComponent).join('/');

const ownerOf = ({ path }: Place): string => path.split('/')[0]!;

/** Cut at a line; a block of code that was open is closed. */
const cutBody = (body: string, most: number): string => {
  const cut = body.slice(0, most).replace(/[^\n]*$/, '');
  const fences = [...cut.matchAll(/^(`{3,})(text)?$/gm)];
  const open = fences.length % 2 === 1 ? `${fences.at(-1)![1]}\n` : '';
  return `${cut}${open}\n(shortened)\n`;
};

const withBody = (make: (body: string) => string, body: string): string => {
  let url = make(body);
  for (let most = body.length; url.length > URL_MAX && most > 0; most = Math.floor(most * 0.8))
    url = make(cutBody(body, most));
  return url;
};

/**
 * The address of the form in which a person opens the pull request, filled in. Sources: GitHub's and GitLab's
 * documentation of query parameters.
 */
export const formUrl = (forge: Forge, wish: FormWish): string => {
  const { into, from, branch, base, title } = wish;
  if (forge === 'other') return `${into.web}/${path(into.path)}`;
  if (forge === 'gitlab') {
    const make = (body: string): string => {
      const fields = { source_branch: branch, target_branch: base, title, description: body };
      const query = Object.entries(fields).map(
        ([key, value]) => `merge_request%5B${key}%5D=${encodeURIComponent(value)}`,
      );
      return `${from.web}/${path(from.path)}/-/merge_requests/new?${query.join('&')}`;
    };
    return withBody(make, wish.body);
  }
  const head = ownerOf(into) === ownerOf(from) ? branch : `${ownerOf(from)}:${branch}`;
  const make = (body: string): string =>
    `${into.web}/${path(into.path)}/compare/${path(base)}...${path(head)}?quick_pull=1&title=${encodeURIComponent(title)}&body=${encodeURIComponent(body)}`;
  return withBody(make, wish.body);
};
